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
TEXTS: Final = tuple(
    name
    for name in FIELDS
    if name not in {"at", "quantity", "unit_price", "unit_price_minor", "position", "properties"}
)
NEVER_NULL: Final = ("quantity", "properties")  # to leave them out is right, null is not


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
    if not _FIELD_SET.issuperset(value):
        return False
    for name in TEXTS:
        cell = value.get(name)
        if cell is not None and type(cell) is not str:
            return False
    return not any(type(cell) is bool for cell in value.values()) and not any(
        value.get(name, 0) is None for name in NEVER_NULL
    )


_FIELD_SET: Final = frozenset(FIELDS)

EVENTS: Final = Format(
    name="events",
    convert=convert,
    columns=("type", "at"),
    known=FIELDS,
)
