"""Making, joining and choosing event columns."""

from dataclasses import fields
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from caini.demo.world import TYPE_CODES, Year
from engine.events import EventType

DTYPES: Final = {
    "kind": np.uint8,
    "at": np.int64,
    "customer": np.int32,
    "visitor": np.int32,
    "item": np.int32,
    "quantity": np.int16,
    "price": np.int64,
    "order": np.int32,
    "channel": np.int8,
    "position": np.int16,
    "query": np.int32,
    "properties": np.int32,
}
MISSING: Final = {"quantity": 1}  # everything else is missing as -1


def lines(kind: EventType, at: NDArray[np.int64], **columns: ArrayLike) -> Year:
    """Events of one type; a column that is not given is missing."""
    given = {"kind": TYPE_CODES[kind], "at": at, **columns}
    return Year(
        **{
            name: np.broadcast_to(
                np.asarray(given.get(name, MISSING.get(name, -1)), dtype), at.shape
            )
            for name, dtype in DTYPES.items()
        }
    )


def take(year: Year, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Year:
    """The events of a mask or of row numbers."""
    return Year(**{name: getattr(year, name)[chosen] for name in DTYPES})


def join(parts: list[Year]) -> Year:
    return Year(
        **{
            column.name: np.concatenate([getattr(part, column.name) for part in parts])
            for column in fields(Year)
        }
    )


def in_order(year: Year) -> Year:
    """Sorted by time; events of one instant keep the order they were made in."""
    return take(year, np.argsort(year.at, kind="stable"))


def between(year: Year, start: int, stop: int) -> Year:
    """The events of start <= at < stop of a sorted year."""
    begin, end = np.searchsorted(year.at, [start, stop])
    return Year(**{name: getattr(year, name)[begin:end] for name in DTYPES})
