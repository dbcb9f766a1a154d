"""What the demo prints: slates side by side with who they are for."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from caini.words import STANDING
from caini.words import WORDS as COMMON
from engine.reasons import Language

SHOWN: Final = 5  # items of a slate
NARROWEST: Final = 200  # columns of a pipe or a file, where no screen says how wide it is
WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    **COMMON,
    "now": {"en": "Now it happens", "zh": "现在发生"},
    "next": {"en": "the very next request", "zh": "下一次请求"},
    "new": {"en": "new", "zh": "新"},
    "price": {"en": "price", "zh": "价格"},
    "tier_price": {"en": "member pays", "zh": "会员价"},
    "home": {"en": "Who gets what", "zh": "千人千面"},
    "up": {
        "en": "The shop stays open at {address} (try {address}/docs). Ctrl-C closes it.",
        "zh": "服务地址 {address}（接口文档 {address}/docs），按 Ctrl-C 结束。",
    },
}


def console_of_demo() -> Console:
    """As wide as the screen; in a pipe wide enough for a reason in one line."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, NARROWEST))


class Show:
    """Prints in one language."""

    def __init__(self, console: Console, language: Language) -> None:
        self._console = console
        self._language = language

    def say(self, word: str, **values: object) -> str:
        return WORDS[word][self._language].format(**values)

    def line(self, text: str) -> None:
        self._console.print(text, highlight=False)

    def title(self, text: str) -> None:
        self._console.print(f"\n[bold]{text}[/bold]", highlight=False)

    def slate(self, answer: Mapping[str, Any], before: Sequence[str] = ()) -> None:
        """`before` are the item ids of an earlier slate; what was not there is marked."""
        table = Table(box=None, padding=(0, 2, 0, 2), show_edge=False)
        for column in ("", "item", "price", "tier_price", "why"):
            right = column.endswith("price")
            header = self.say(column) if column else ""
            table.add_column(header, justify="right" if right else "left", style="", no_wrap=right)
        for item in answer["items"]:
            mark = "→" if before and item["item_id"] not in before else ""
            table.add_row(
                mark,
                item["title"] or item["item_id"],
                _money(item["price"]),
                _money(item["tier_price"]),
                item["reason"]["text"],
            )
        self._console.print(table)

    def who(self, customer_id: str, line: str, answer: Mapping[str, Any]) -> None:
        told = answer["customer"]
        names = [name for name in STANDING if told[name]]
        self.title(f"{customer_id}: {line}")
        self.line(
            "  [dim]" + " · ".join(f"{self.say(name)} {told[name]}" for name in names) + "[/dim]"
        )


def ids_of(answer: Mapping[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


def _money(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"
