"""`caini import`: a shop's file becomes a behaviour log, in bounded memory, whole or not at all."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from engine.errors import ConfigError, LogError
from engine.types import DAY_MS
from training.importers.chunk import Format, Settings
from training.importers.encoding import ENCODINGS
from training.importers.formats import format_named
from training.importers.rows import Accepted, accept
from training.importers.source import read_source
from training.log import ITEMS_SCHEMA, LogHeader, LogWriter, items_path
from training.quarantine import Quarantine, require_few
from training.spool import Spool
from training.whole_file import put_in_place

MAX_MINOR_UNITS: Final = 4  # ISO 4217: no currency has more
DEFAULT_REJECT_SHARE: Final = 0.05
DEFAULT_MINOR_UNITS: Final = 2
READING_SHARE: Final = 0.85  # measured, of the time; the rest is sorting and writing

Progress = Callable[[float], None]  # the share of the work that is done, 0 to 1


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """None for a currency or a channel takes that of the format."""

    format_name: str
    mapping: Path | None = None
    max_reject_share: float = DEFAULT_REJECT_SHARE
    currency: str | None = None
    minor_units: int = DEFAULT_MINOR_UNITS
    channel: str | None = None
    quarantine: Path | None = None  # LOG.rejects.jsonl unless said
    encoding: str = "auto"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """A row of the source is events (a row of a list is many), a reject, or set aside."""

    out: Path
    items: Path | None
    quarantine: Path | None  # None when nothing was rejected
    rows: int
    events: int
    by_type: dict[str, int]
    rejected: dict[str, int]  # by reason
    set_aside: dict[str, int]  # by reason: understood, and no event
    first_at: datetime
    last_at: datetime
    shop: dict[str, str]  # what [shop] of shop.toml should say of a data set that is known


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    by_type: Counter[str] = field(default_factory=Counter)
    items: list[pl.DataFrame] = field(default_factory=list)
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, accepted: Accepted) -> None:
        self.rows += accepted.rows
        self.set_aside.update(accepted.set_aside)
        if accepted.items is not None:
            self.items.append(accepted.items)

    def add_written(self, bucket: pl.DataFrame) -> None:
        self.by_type.update(dict(bucket["type"].value_counts().iter_rows()))
        self.first_at = self.first_at or bucket.item(0, "at")
        self.last_at = bucket.item(-1, "at")


def import_log(
    source: Path,
    out: Path,
    options: ImportOptions,
    progress: Progress = lambda _: None,
    *,
    now: int | None = None,
) -> ImportSummary:
    """Writes LOG, perhaps LOG.items.parquet, and the quarantine of what was rejected.

    LogError when the source cannot be used or too many rows are no events; then nothing is written
    but the quarantine. Events more than a day after `now` (epoch milliseconds) are rejected;
    without it, none are.
    """
    format_ = format_named(options.format_name, options.mapping)
    settings = _settings(options, format_, now)
    quarantine_path = options.quarantine or out.with_suffix(".rejects.jsonl")
    tally = _Tally()
    with scratch_beside(out) as folder, Quarantine(quarantine_path) as quarantine:
        spool = Spool(folder)
        for chunk in read_source(source, format_, options.encoding):
            accepted = accept(chunk, format_, settings)
            quarantine.add(accepted.rejects)
            tally.add(accepted)
            spool.add(accepted.events)
            progress(chunk.done * READING_SHARE)
        share = options.max_reject_share
        require_few(quarantine, tally.rows, share, source.name, "events", "log")
        items = _write_items(folder, out, format_, tally)
        _write_log(out, format_, settings, spool, tally, progress)
        if items is not None:
            put_in_place(items, items_path(out))
    suits = {"currency": settings.currency, **format_.shop} if format_.shop else {}
    return _summary(out, items_path(out) if items else None, quarantine, tally, suits)


def _settings(options: ImportOptions, format_: Format, now: int | None) -> Settings:
    require_sense(options.max_reject_share, options.encoding, options.minor_units)
    return Settings(
        currency=options.currency or format_.currency,
        minor_units=options.minor_units,
        channel=options.channel or format_.channel,
        latest=None if now is None else now + DAY_MS,
    )


def require_sense(
    max_reject_share: float, encoding: str, minor_units: int = DEFAULT_MINOR_UNITS
) -> None:
    """ConfigError with every fault."""
    faults = []
    if not 0 <= max_reject_share <= 1:
        faults.append(f"max-reject-share {max_reject_share} is not between 0 and 1")
    if not 0 <= minor_units <= MAX_MINOR_UNITS:
        faults.append(f"minor-units {minor_units} is not between 0 and {MAX_MINOR_UNITS}")
    if encoding not in ENCODINGS:
        faults.append(f"encoding {encoding!r} is none of {', '.join(ENCODINGS)}")
    if faults:
        raise ConfigError("; ".join(faults))


@contextmanager
def scratch_beside(out: Path) -> Iterator[Path]:
    """A folder on the disk of `out`, gone afterwards whatever happens."""
    if not out.parent.is_dir():
        raise LogError(f"the folder {out.parent} does not exist")
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_log(
    out: Path,
    format_: Format,
    settings: Settings,
    spool: Spool,
    tally: _Tally,
    progress: Progress,
) -> None:
    if not spool.rows:
        raise LogError("no row is an event, so there is no log to write")
    header = LogHeader(settings.currency, settings.minor_units, timeless=format_.timeless)
    settled = format_.settle(spool.scan()) if format_.settle is not None else None
    written = 0
    with LogWriter(out, header) as writer:
        for bucket in spool.sorted_buckets():
            writer.write(bucket if settled is None else _with_orders(bucket, settled))
            tally.add_written(bucket)
            written += bucket.height
            progress(READING_SHARE + (1 - READING_SHARE) * written / spool.rows)
    tally.set_aside["repeated_event_id"] = spool.rows - written


def _with_orders(bucket: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    found = settled.rename({"order_id": "#order"})
    joined = bucket.join(found, on="event_id", how="left", maintain_order="left")
    order = pl.coalesce("order_id", "#order").alias("order_id")
    return joined.with_columns(order).drop("#order")


def _write_items(folder: Path, out: Path, format_: Format, tally: _Tally) -> Path | None:
    if format_.catalogue is None or not tally.items:
        return None
    items = format_.catalogue(pl.concat(tally.items))
    path = folder / items_path(out).name
    items.cast(ITEMS_SCHEMA).write_parquet(path)
    return path


def _summary(
    out: Path, items: Path | None, quarantine: Quarantine, tally: _Tally, shop: Mapping[str, str]
) -> ImportSummary:
    assert tally.first_at is not None
    assert tally.last_at is not None
    return ImportSummary(
        out=out,
        items=items,
        quarantine=quarantine.path if quarantine.total() else None,
        rows=tally.rows,
        events=tally.by_type.total(),
        by_type=dict(sorted(tally.by_type.items())),
        rejected=dict(quarantine.by_reason.most_common()),
        set_aside={reason: n for reason, n in tally.set_aside.most_common() if n},
        first_at=tally.first_at,
        last_at=tally.last_at,
        shop=dict(shop),
    )
