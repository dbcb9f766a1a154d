"""Tables as CSV for spreadsheets: numbers are numbers, and no text is ever a formula."""

import csv
import io
from typing import Final

from training.report.section import Section
from training.report.speech import Speech, kind_of

DANGEROUS: Final = frozenset("=+-@\t\r\n\0＝＋－＠")
"""OWASP ASVS 1.2.10: a spreadsheet takes a cell that begins so for a formula."""


def safe(value: str) -> str:
    return f"'{value}" if value[:1] in DANGEROUS and value else value


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
    kind = kind_of(column)
    kind = mixed if kind == "mixed" else kind
    if kind == "word":
        return safe(speech.word(column, value))
    if value is None:
        return ""
    if kind in ("money", "signed_money"):
        return f"{float(value) / 10**speech.minor_units:.{speech.minor_units}f}"  # type: ignore[arg-type]
    if kind == "date":
        return speech.date(float(value))  # type: ignore[arg-type]
    return value
