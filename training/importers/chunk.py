"""What readers give and formats take: some rows of a source, and the events that they say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import polars as pl

from training.quarantine import Reject

LINE: Final = "#line"  # Int64: the line of the source, from 1; for Parquet the row
DOUBT: Final = "#doubt"  # Boolean: the row must be looked at one by one

NO_COUNTS: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a source in its own columns, and LINE."""

    frame: pl.DataFrame
    raw: Callable[[int], str]  # line -> the text of the row, for the quarantine
    done: float  # share of the source that has been read
    rejects: tuple[Reject, ...] = ()  # lines that are no rows
    set_aside: Mapping[str, int] = field(default_factory=lambda: NO_COUNTS)
    values: Sequence[Mapping[str, Any]] | None = None  # JSON Lines: the rows as they were written


@dataclass(frozen=True, slots=True)
class Draft:
    """Events as a format reads them: columns named as the fields of an event, and LINE.

    Values are the source's, unchecked: text or typed. Prices are `unit_price` in the currency or
    `unit_price_minor`. Several events may share a line.
    """

    frame: pl.DataFrame
    set_aside: Mapping[str, int] = field(default_factory=lambda: NO_COUNTS)  # by reason
    rejects: tuple[Reject, ...] = ()
    items: pl.DataFrame | None = None  # what the rows say about items, for `Format.catalogue`
    values: Sequence[Mapping[str, Any]] | None = None  # row by row what the schema is to judge


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person who imports knows and the file does not say."""

    currency: str = "CNY"
    minor_units: int = 2
    channel: str | None = None  # of rows that name none
    latest: int | None = None  # epoch milliseconds; an event later than that lies in the future


@dataclass(frozen=True, slots=True)
class Format:
    """How a kind of source becomes events. `columns` must be there for `convert` to work."""

    name: str
    convert: Callable[[Chunk, Settings], Draft]
    columns: tuple[str, ...] = ()
    known: tuple[str, ...] | None = None  # all columns that may be there; None allows any
    renamed: Mapping[str, str] = field(default_factory=dict)  # other names of `columns` -> theirs
    shape: Literal["table", "lines"] = "table"
    header: tuple[str, ...] | None = None  # the columns of a table without a header line
    currency: str = "CNY"
    channel: str | None = None
    shop: Mapping[str, str] = field(default_factory=dict)  # what [shop] of shop.toml should say
    timeless: bool = False
    settle: Callable[[pl.LazyFrame], pl.DataFrame] | None = None  # event_id -> its order_id
    catalogue: Callable[[pl.DataFrame], pl.DataFrame] | None = None  # Draft.items -> ITEMS_SCHEMA
