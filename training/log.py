"""The behaviour log on the training side: one Parquet file, sorted by (at, event_id), ids unique.

Money is in integer minor units of the log's one currency; instants are milliseconds UTC.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import LogError
from training.whole_file import put_in_place

SCHEMA_VERSION: Final = "1"
NO_STREAM: Final = "0-0"  # Redis's own name for "before the first entry"
SORT_KEYS: Final = ("at", "event_id")

SCHEMA: Final = pl.Schema(
    {
        "event_id": pl.String(),
        "type": pl.String(),
        "at": pl.Datetime("ms", "UTC"),
        "customer_id": pl.String(),
        "visitor_id": pl.String(),
        "item_id": pl.String(),
        "quantity": pl.Int64(),
        "unit_price_minor": pl.Int64(),
        "order_id": pl.String(),
        "channel": pl.String(),
        "slate_id": pl.String(),
        "position": pl.Int32(),
        "query": pl.String(),
        "properties": pl.String(),  # text of a JSON object; null when there is none
    }
)
ITEMS_SCHEMA: Final = pl.Schema(
    {
        "item_id": pl.String(),
        "title": pl.String(),
        "category": pl.String(),
        "brand": pl.String(),
        "kind": pl.String(),  # goods, content or service; null means goods
        "price_minor": pl.Int64(),
        "list_price_minor": pl.Int64(),  # before a sale; null when there is none
        "stock": pl.Int64(),  # null when not counted
        "available": pl.Boolean(),
    }
)
_ARROW: Final = pa.schema(
    [
        pa.field("event_id", pa.large_string(), nullable=False),
        pa.field("type", pa.large_string(), nullable=False),
        pa.field("at", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("customer_id", pa.large_string()),
        pa.field("visitor_id", pa.large_string()),
        pa.field("item_id", pa.large_string()),
        pa.field("quantity", pa.int64(), nullable=False),
        pa.field("unit_price_minor", pa.int64()),
        pa.field("order_id", pa.large_string()),
        pa.field("channel", pa.large_string()),
        pa.field("slate_id", pa.large_string()),
        pa.field("position", pa.int32()),
        pa.field("query", pa.large_string()),
        pa.field("properties", pa.large_string()),
    ]
)


@dataclass(frozen=True, slots=True)
class LogHeader:
    """What is true of the whole log; kept as the Parquet file's key-value metadata."""

    currency: str = "CNY"
    minor_units: int = 2  # decimals of the currency
    stream_through: str = NO_STREAM  # the log holds the server's events up to this stream id
    timeless: bool = False  # all `at` are equal and mean nothing
    erasures: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Tombstones.known of those that were left out when it was opened; not in the file."""


@dataclass(frozen=True, slots=True)
class Log:
    """Rows are sorted by (at, event_id); `event_id` is unique; the columns are `SCHEMA`."""

    frame: pl.DataFrame
    header: LogHeader

    def __len__(self) -> int:
        return self.frame.height


class LogWriter:
    """Writes a log piece by piece, in order; the file appears whole on a clean exit, or not at all.

    Pieces must continue each other in the order of (at, event_id), else LogError.
    """

    def __init__(self, path: Path, header: LogHeader) -> None:
        self._path = path
        self._unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._last: tuple[object, ...] | None = None
        schema = _ARROW.with_metadata(_to_metadata(header))
        self._parquet = pq.ParquetWriter(self._unfinished, schema, compression="zstd")
        self._schema = schema

    def __enter__(self) -> Self:
        return self

    def write(self, piece: pl.DataFrame) -> None:
        piece = conform(piece)
        if not piece.height:
            return
        keys = piece.select(SORT_KEYS)
        if self._last is not None and not self._last < keys.row(0):
            raise LogError(f"{self._path}: {keys.row(0)} comes after {self._last}, out of order")
        self._last = keys.row(-1)
        self._parquet.write_table(piece.to_arrow().cast(self._schema))

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            self._parquet.close()
            if kind is None:
                put_in_place(self._unfinished, self._path)
        finally:
            self._unfinished.unlink(missing_ok=True)


def write_log(frame: pl.DataFrame, header: LogHeader, path: Path) -> Log:
    """Sorts, refuses repeated ids, writes whole or not at all; the answer is what was written."""
    log = Log(conform(frame).sort(SORT_KEYS), header)
    if log.frame["event_id"].n_unique() != len(log):
        raise LogError(f"{path}: the log would hold repeated event ids")
    with LogWriter(path, header) as writer:
        writer.write(log.frame)
    return log


def read_log(path: Path) -> Log:
    """LogError when the file is no log of this version, or is not sorted."""
    header = read_header(path)
    frame = conform(pl.read_parquet(path))
    if not frame["at"].is_sorted():
        raise LogError(f"{path} is not sorted by time; import it again")
    return Log(frame, header)


def read_header(path: Path) -> LogHeader:
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except FileNotFoundError as error:
        raise LogError(f"{path} does not exist") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise LogError(f"{path} is not a readable Parquet file: {error}") from error
    named = {
        key.decode().removeprefix("caini."): value.decode()
        for key, value in metadata.items()
        if key.startswith(b"caini.")
    }
    if named.get("schema") != SCHEMA_VERSION:
        found = named.get("schema", "none")
        raise LogError(
            f"{path} is no behaviour log of version {SCHEMA_VERSION} (found: {found}); "
            "make one with caini import"
        )
    return LogHeader(
        currency=named["currency"],
        minor_units=int(named["minor_units"]),
        stream_through=named.get("stream_through", NO_STREAM),
        timeless=named.get("timeless") == "1",
    )


def conform(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of `SCHEMA` in its order and types; absent optional ones become null."""
    absent = [name for name in ("event_id", "type", "at") if name not in frame.columns]
    if absent:
        raise LogError(f"a log needs the columns {', '.join(absent)}")
    if frame.schema == SCHEMA:
        return frame
    present = frame.columns
    return frame.select(
        (pl.col(name) if name in present else _absent(name)).cast(dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )


def _absent(name: str) -> pl.Expr:
    return pl.lit(1 if name == "quantity" else None)


def items_path(log: Path) -> Path:
    """Where an importer leaves the catalogue that it met: LOG.items.parquet."""
    return log.with_suffix(".items.parquet")


def _to_metadata(header: LogHeader) -> dict[str, str]:
    return {
        "caini.schema": SCHEMA_VERSION,
        "caini.currency": header.currency,
        "caini.minor_units": str(header.minor_units),
        "caini.stream_through": header.stream_through,
        "caini.timeless": "1" if header.timeless else "0",
    }
