"""Numbers, money, dates and names as a merchandiser reads them, in one of the two languages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.customers.labels import LABELS
from engine.reasons import Language
from training.report.texts import TEXTS, text

NO_BREAK: Final = "\u00a0"
MINUS: Final = "\u2212"  # as wide as a plus, so that columns of numbers line up

KINDS: Final[Mapping[str, str]] = {
    "asked": "count",
    "baskets": "count",
    "before": "count",
    "best": "share",
    "bought_again": "share",
    "buyers": "expected",
    "categories_each": "number",
    "change": "mixed_change",
    "coming": "count",
    "coverage": "share",
    "customer_share": "share",
    "customers": "count",
    "customers_part": "share",
    "cycle_days": "number",
    "days": "count",
    "difference": "signed_count",
    "difference_minor": "signed_money",
    "exposure_gini": "score",
    "difference_share": "points",
    "durables": "count",
    "fifth_part": "share",
    "filled": "share",
    "frequency_score": "count",
    "growth": "signed_share",
    "head_share": "share",
    "high": "share",
    "invitations": "count",
    "item_share": "share",
    "items": "count",
    "items_part": "share",
    "last_minor": "money",
    "last_week": "mixed",
    "lean": "number",
    "lift": "number",
    "low": "share",
    "near": "count",
    "ndcg": "score",
    "ndcg_change": "signed_score",
    "ndcg_from": "signed_score",
    "ndcg_to": "signed_score",
    "ndcg_with": "fine_score",
    "ndcg_without": "fine_score",
    "p_value": "score",
    "popular_ndcg": "score",
    "new_customers": "count",
    "newcomers": "count",
    "of_first": "share",
    "of_second": "share",
    "on_sale_share": "share",
    "orders": "count",
    "orders_each": "number",
    "points_each": "count",
    "popular": "share",
    "highest_minor": "price",
    "lowest_minor": "price",
    "price_band": "count",
    "price_minor": "price",
    "recall": "share",
    "recall_before": "share",
    "recency_score": "count",
    "refund_share": "share",
    "reminded": "count",
    "k": "fine_number",
    "known_share": "share",
    "sales_share": "share",
    "shown": "count",
    "shown_share": "share",
    "size": "count",
    "smallest_group": "count",
    "strength": "number",
    "this_minor": "money",
    "this_week": "mixed",
    "times": "number",
    "top_part": "share",
    "units": "count",
    "usual_week": "mixed",
    "week_end": "date",
    "year_ago": "mixed",
    "year_growth": "signed_share",
}
"""What a column's numbers are; those that end in `_minor` are money, the others are words."""

NAMED: Final[Mapping[str, str]] = {
    "from_stage": "stage",
    "to_stage": "stage",
    "from_development": "development",
    "to_development": "development",
}
"""Columns whose words are those of another."""


def kind_of(column: str) -> str:
    if column in KINDS:
        return KINDS[column]
    return "money" if column.endswith("_minor") else "word"


def cell_kind(column: str, row: str | None) -> str:
    """The kind of a cell: the column's, or where that is mixed what the row's kind makes of it."""
    kind = kind_of(column)
    if kind == "mixed":
        return row or "number"
    if kind == "mixed_change":
        return "points" if row == "share" else "signed_share"
    return kind


@dataclass(frozen=True, slots=True)
class Speech:
    language: Language
    currency: str
    minor_units: int
    zone: ZoneInfo
    names: Mapping[tuple[str, str], str]  # (tier or slot, its name) → what the shop calls it

    def say(self, key: str, **values: object) -> str:
        """Raises KeyError for a text that does not exist, or that wants another value."""
        return text(key, self.language).format(**values)

    def show(self, column: str, value: object, *, kind: str | None = None) -> str:
        """A cell; words that the report knows are said in its language. `kind` is the row's."""
        if kind_of(column) == "word":
            return self.word(column, value)
        if value is None:
            return self.say("missing")
        number = float(value)  # type: ignore[arg-type]  # columns of a kind hold numbers
        return FORMATS[cell_kind(column, kind)](self, number)

    def word(self, column: str, value: object) -> str:
        name, word = NAMED.get(column, column), "" if value is None else str(value)
        if name == "diagnosis" and not word:
            return self.say("nothing_lags")
        if name == "tier" and not word:
            return self.say("none_tier")
        if (name, word) in self.names:
            return _capital(self.names[name, word])
        if word in LABELS.get(name, {}):
            return _capital(LABELS[name][word].of(self.language))
        for key in (f"{name}.{word}", word):
            if key in TEXTS and name in SPOKEN:
                return self.say(key)
        return word or self.say("unnamed")

    def money(self, minor: float) -> str:
        """Whole units: what is summed up is never read to the penny."""
        return _plain(minor / 10**self.minor_units, 0)

    def price(self, minor: float) -> str:
        return _plain(minor / 10**self.minor_units, self.minor_units)

    def date(self, at: float) -> str:
        day = datetime.fromtimestamp(at / 1000, self.zone)
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {day:%b %Y}"


SPOKEN: Final = frozenset(
    {"measure", "path", "aim", "by", "part", "dead", "stage", "development", "decision"}
)
"""Columns whose words are texts of the report."""


def _plain(value: float, digits: int) -> str:
    shown = f"{abs(value):,.{digits}f}"
    zero = not any(sign in shown for sign in "123456789")
    return f"{MINUS}{shown}" if value < 0 and not zero else shown


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _signed(said: str) -> str:
    """Nothing has no sign."""
    if said.startswith(MINUS) or not any(sign in said for sign in "123456789"):
        return said
    return f"+{said}"


def _share(speech: Speech, value: float) -> str:
    """With the space that the language writes, never at the end of a line."""
    digits = 0 if abs(value) >= 0.9995 else 1
    return f"{_plain(value * 100, digits)}{'' if speech.language == 'zh' else NO_BREAK}%"


FORMATS: Final[Mapping[str, Callable[[Speech, float], str]]] = {
    "count": lambda _, value: _plain(value, 0),
    "expected": lambda _, value: _plain(value, 0 if value >= 9.95 else 1),
    "signed_count": lambda _, value: _signed(_plain(value, 0)),
    "money": lambda speech, value: speech.money(value),
    "signed_money": lambda speech, value: _signed(speech.money(value)),
    "share": _share,
    "price": lambda speech, value: speech.price(value),
    "signed_share": lambda speech, value: _signed(_share(speech, value)),
    "points": lambda speech, value: speech.say("points", value=_signed(_plain(value * 100, 1))),
    "number": lambda _, value: _plain(value, 1),
    "fine_number": lambda _, value: _plain(value, 2),
    "score": lambda _, value: _plain(value, 3),
    "fine_score": lambda _, value: _plain(value, 4),
    "signed_score": lambda _, value: _signed(_plain(value, 4)),
    "date": lambda speech, value: speech.date(value),
}
