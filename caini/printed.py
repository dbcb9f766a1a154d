"""What verbs print: tables for people, one JSON document for jobs."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

LONGEST_NAME: Final = 32  # characters; decision: what is longer is a sentence, or a list
WIDEST: Final = 10_000


def print_json(document: object) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))  # noqa: T201


def print_table(title: str, columns: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    """Numbers and percentages stand to the right.

    However narrow the screen is, only sentences are broken: names, numbers and instants stay whole.
    In a pipe or a file nothing is broken.
    """
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=(0, 0, 0, 1)
    )
    for place, column in enumerate(columns):
        cells = [line[place] for line in lines]
        numeric = all(isinstance(cell, int | float | None) or _is_share(cell) for cell in cells)
        longest = max(cell_len(_shown(cell)) for cell in (column, *cells))
        side: Literal["left", "right"] = "right" if numeric else "left"
        least = min(longest, LONGEST_NAME)
        table.add_column(column, justify=side, overflow="fold", min_width=least)
    for line in lines:
        table.add_row(*(Text(_shown(cell)) for cell in line))  # an id may hold square brackets
    console = Console()
    needed = Measurement.get(console, console.options.update(width=WIDEST), table)
    wide = needed.minimum if console.is_terminal else needed.maximum
    Console(width=max(console.width, wide)).print(table)


def _is_share(cell: object) -> bool:
    return isinstance(cell, str) and cell.endswith("%")


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return "" if cell is None else str(cell)


def moment(at: int) -> str:
    """Epoch milliseconds as a date and time, UTC."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
