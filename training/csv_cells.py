"""No cell of a CSV is a formula: the one rule of lists and of the report's tables."""

import re
from typing import Final

import polars as pl

BLANK: Final = r"[\s\x00-\x20\x7f]"  # passed over by one spreadsheet or another
FORMULA: Final = rf"^{BLANK}*[=+\-@＝＋－＠]|^[\x00\t\n\x0b\x0c\r]"
"""What a spreadsheet takes for a formula (OWASP ASVS 1.2.10); Python and polars read it alike."""

_FORMULA: Final = re.compile(FORMULA)


def safe(text: str) -> str:
    """With an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if _FORMULA.search(text) else text


def harmless(table: pl.DataFrame) -> pl.DataFrame:
    """Every text of it is `safe`."""
    texts = [pl.col(name) for name, kind in table.schema.items() if kind == pl.String]
    return table.with_columns(
        pl.when(text.str.contains(FORMULA)).then("'" + text).otherwise(text).name.keep()
        for text in texts
    )
