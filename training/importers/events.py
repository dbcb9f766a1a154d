"""Caini's own events: the columns or keys are the fields of `engine.events.Event`.

A log made by `caini import` reads back too (`unit_price_minor` in place of `unit_price`).
"""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from engine.errors import LogError
from engine.events import Event
from training.importers.chunk import DOUBT, Chunk, Draft, Format, Settings

FIELDS: Final = (*Event.model_fields, "unit_price_minor")
NUMBERS: Final = frozenset({"at", "quantity", "unit_price", "unit_price_minor", "position"})
TEXTS: Final = frozenset(FIELDS) - {"properties"}  # which may be text
NEVER_NULL: Final = frozenset({"quantity", "properties"})  # to leave them out is right


def convert(chunk: Chunk, _: Settings) -> Draft:
    if chunk.values is None:
        _require_time_zone(chunk.frame)
        return Draft(chunk.frame)
    doubt = pl.Series(DOUBT, [not _plain(value) for value in chunk.values], pl.Boolean)
    return Draft(chunk.frame.with_columns(doubt), values=chunk.values)


def _require_time_zone(frame: pl.DataFrame) -> None:
    dtype = frame.schema["at"]
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
        raise LogError(
            "the column at has no time zone; store it in UTC, or say the zone by --format mapping"
        )


def _plain(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object, written as text, means to the schema what it meant before."""
    for name, cell in value.items():
        if type(cell) is str:
            if name not in TEXTS:
                return False
        elif not _plain_cell(name, cell):
            return False
    return True


def _plain_cell(name: str, cell: object) -> bool:
    if cell is None:
        return name in FIELDS and name not in NEVER_NULL
    if name in NUMBERS:
        return type(cell) is not bool
    return name == "properties" and type(cell) is dict


EVENTS: Final = Format(
    name="events",
    convert=convert,
    columns=("type", "at"),
    known=FIELDS,
)
