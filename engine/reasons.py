"""Why an item stands where it stands, in words for the person who asks."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

Language = Literal["en", "zh"]

TEXTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "bought_similar": {"en": "Because you bought {items}", "zh": "因为您买过{items}"},
    "viewed_similar": {"en": "Because you looked at {items}", "zh": "因为您看过{items}"},
    "goes_with": {"en": "Goes with {items}, seen lately", "zh": "与您最近看过的{items}相配"},
    "seen": {"en": "You looked at this lately", "zh": "您最近看过"},
    "similar_to": {"en": "Customers of {items} also like it", "zh": "喜欢{items}的顾客也喜欢"},
    "bought_together": {"en": "Often bought together with {items}", "zh": "常与{items}一起购买"},
    "taste": {"en": "Chosen for your taste", "zh": "符合您的喜好"},
    "alike": {"en": "Liked by the same customers", "zh": "喜欢它的顾客也喜欢"},
    "again": {"en": "You bought this several times", "zh": "您多次买过的商品"},
    "bought_before": {"en": "You bought this before", "zh": "您买过的商品"},
    "due": {"en": "Time to buy it again", "zh": "该补货了"},
    "due_first": {"en": "Time to buy it again", "zh": "该补货了"},
    "matches_search": {"en": "Matches your search", "zh": "符合您的搜索"},
    "popular_in_category": {"en": "Popular in this category", "zh": "本类热销"},
    "popular_in_segment": {"en": "Popular with customers like you", "zh": "与您相似的顾客都喜欢"},
    "new_arrival": {"en": "New in the shop", "zh": "新品上架"},
    "on_sale": {"en": "On sale now", "zh": "正在促销"},
    "content": {"en": "Worth reading", "zh": "精选内容"},
    "service": {"en": "A service for you", "zh": "为您推荐的服务"},
    "newcomer": {"en": "A good start in our shop", "zh": "新客精选"},
    "popular": {"en": "Popular right now", "zh": "正在热卖"},
}

DAYS: Final[Mapping[str, Mapping[Language, str]]] = {
    "due": {
        "en": ": you buy it about every {every}, last {ago} ago",
        "zh": "：您约每{every}买一次，上次在{ago}前",
    },
    "due_first": {
        "en": ": it lasts about {every}, you bought it {ago} ago",
        "zh": "：约可用{every}，您在{ago}前买过",
    },
}
"""What follows where the days of the cycle are known."""


class _Names(NamedTuple):
    """How a language writes names in a row."""

    between: str
    opening: str
    closing: str


_NAMES: Final[Mapping[Language, _Names]] = {
    "en": _Names(", ", "", ""),
    "zh": _Names("、", "“", "”"),
}
_AROUND: Final[Mapping[Language, Mapping[str, tuple[str, str]]]] = {
    language: {
        code: (texts[language].partition("{items}")[0], texts[language].partition("{items}")[2])
        for code, texts in TEXTS.items()
    }
    for language in _NAMES
}
"""What stands before and after the names; a format string costs five times as much to fill."""


def say(
    code: str, titles: Sequence[str], language: Language, days: tuple[int, int] | None = None
) -> str:
    """`titles` and `days` are what the reason names: of items, and of the cycle of a due one.

    KeyError for an unknown code.
    """
    before, after = _AROUND[language][code]
    if days is not None:
        every, ago = (_days(count, language) for count in days)
        return before + DAYS[code][language].format(every=every, ago=ago)
    if not titles:
        return before + after
    between, opening, closing = _NAMES[language]
    return before + opening + (closing + between + opening).join(titles) + closing + after


def _days(count: int, language: Language) -> str:
    if language == "zh":
        return f"{count}天"
    return "1 day" if count == 1 else f"{count} days"
