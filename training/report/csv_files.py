"""Tables as CSV for spreadsheets: numbers are numbers, and no text is ever a formula."""

import csv
import io
from datetime import datetime
from typing import Final

from training.csv_cells import safe
from training.report.section import Section
from training.report.speech import Speech, cell_kind

MONEY: Final = frozenset({"money", "signed_money", "price"})
WHOLE: Final = frozenset({"count", "signed_count"})


def csv_of(section: Section, speech: Speech) -> str:
    """UTF-8 with a mark for Excel at the start; money in whole units, shares from 0 to 1."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    table = section.table
    writer.writerow(safe(speech.say(f"column.{name}")) for name in table.columns)
    for place, row in enumerate(table.iter_rows()):
        mixed = section.kinds[place] if section.kinds else ""
        cells = zip(table.columns, row, strict=True)
        writer.writerow(_cell(name, value, mixed, speech) for name, value in cells)
    return "\ufeff" + out.getvalue()


def _cell(column: str, value: object, mixed: str, speech: Speech) -> object:
    kind = cell_kind(column, mixed)
    if kind == "word":
        return safe(speech.word(column, value))
    if value is None:
        return ""
    number = float(value)  # type: ignore[arg-type]  # columns of a kind hold numbers
    if kind in MONEY:
        return f"{number / 10**speech.minor_units:.{speech.minor_units}f}"
    if kind == "date":
        return datetime.fromtimestamp(number / 1000, speech.zone).date().isoformat()
    return int(number) if kind in WHOLE and number.is_integer() else number
