"""What verbs print: tables for people, one JSON document for jobs."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_json(document: object) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))  # noqa: T201


def print_table(title: str, columns: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    """Numbers stand to the right."""
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        numeric = all(isinstance(line[place], int | float) for line in lines)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for line in lines:
        table.add_row(*(Text(_shown(cell)) for cell in line))  # an id may hold square brackets
    Console().print(table)


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return "" if cell is None else str(cell)


def moment(at: int) -> str:
    """Epoch milliseconds as a date and time, UTC."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
