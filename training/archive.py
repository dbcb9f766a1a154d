"""Accepted events join the log: a new file takes the old one's place, whole or not at all.

The file says up to which stream id it holds the server's events. What is read of the stream begins
after that, so a run that was killed at any moment is simply run again.
"""

import fcntl
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from engine.errors import LogError
from engine.happened import Happened
from training.erasure import read_tombstones, without_erased
from training.log import SCHEMA, SORT_KEYS, LogHeader, LogWriter, read_header

BATCH_ROWS: Final = 500_000  # measured for imports: about 300 MiB
Take = Callable[[Sequence[Happened], Sequence[bytes], str], None]
"""Events in the order of acceptance, what is unreadable, and the stream id of the last."""
Read = Callable[[str, Take], None]


@dataclass(frozen=True, slots=True)
class Archived:
    events: int  # that the log did not hold before
    repeated: int  # accepted again under an id that the log holds
    unknown: int  # of a newer server; kept beside the log
    stream_through: str


def archive(log: Path, read: Read, *, fresh: LogHeader | None = None) -> Archived:
    """Append what `read(after, take)` hands to `take`; `fresh` is the header of a log to begin.

    Raises LogError when there is no log and none is to begin.
    """
    with alone_with(log):
        known = log.is_file()
        header = read_header(log) if known or fresh is None else fresh
        accepted = _Accepted([], [], header.stream_through)
        read(header.stream_through, accepted.take)
        if accepted.through == header.stream_through:
            return Archived(0, 0, 0, header.stream_through)
        erased = read_tombstones(log)
        once = _once(accepted.frames)
        news = without_erased(once.lazy(), erased).collect()
        old = _held(log, news) if known else set()
        fresh_rows = news.filter(~pl.col("event_id").is_in(list(old)))
        _keep_unknown(log, accepted.unknown)
        _rewrite(log, fresh_rows, replace(header, stream_through=accepted.through), known=known)
    total = sum(frame.height for frame in accepted.frames) - once.height + news.height
    return Archived(
        fresh_rows.height, total - fresh_rows.height, len(accepted.unknown), accepted.through
    )


@dataclass(slots=True)
class _Accepted:
    frames: list[pl.DataFrame]
    unknown: list[bytes]
    through: str

    def take(self, events: Sequence[Happened], unknown: Sequence[bytes], through: str) -> None:
        self.frames.append(rows_of(events))
        self.unknown += unknown
        self.through = through


def rows_of(events: Sequence[Happened]) -> pl.DataFrame:
    """Lines of the log, in the order given."""
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA}
    for event in events:
        for name, values in columns.items():
            values.append(getattr(event, name))
    columns["type"] = [str(event.type) for event in events]
    columns["properties"] = [_json(event) for event in events]
    at = pl.Series("at", columns.pop("at"), pl.Int64).cast(SCHEMA["at"])
    schema = {name: kind for name, kind in SCHEMA.items() if name != "at"}
    return pl.DataFrame(columns, schema=schema).with_columns(at).select(list(SCHEMA))


def _json(event: Happened) -> str | None:
    return json.dumps(dict(event.properties), ensure_ascii=False) if event.properties else None


def _once(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The first of each id, in the order of the log."""
    joined = pl.concat(frames) if frames else SCHEMA.to_frame()
    return joined.unique("event_id", keep="first", maintain_order=True).sort(SORT_KEYS)


def _held(log: Path, news: pl.DataFrame) -> set[str]:
    ids = pl.scan_parquet(log).select("event_id")
    held = ids.join(news.lazy().select("event_id"), on="event_id", how="semi").collect()
    return set(held["event_id"])


def _rewrite(log: Path, news: pl.DataFrame, header: LogHeader, *, known: bool) -> None:
    """Merged batch by batch, so that memory does not grow with the log."""
    with LogWriter(log, header) as writer:
        for batch in _batches(log) if known else ():
            last = batch.item(-1, "at"), batch.item(-1, "event_id")
            earlier = (pl.col("at") < last[0]) | (
                (pl.col("at") == last[0]) & (pl.col("event_id") < last[1])
            )
            writer.write(pl.concat([batch, news.filter(earlier)]).sort(SORT_KEYS))
            news = news.filter(~earlier)
        writer.write(news)


def _batches(log: Path) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(log) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame.cast(dict(SCHEMA))  # type: ignore[arg-type]


def _keep_unknown(log: Path, unknown: Sequence[bytes]) -> None:
    """A later version can import them; told twice, if this run is killed, and that is all."""
    if unknown:
        with log.with_suffix(".unknown.jsonl").open("ab") as file:
            file.writelines(line.replace(b"\n", b" ") + b"\n" for line in unknown)


@contextmanager
def alone_with(log: Path) -> Iterator[None]:
    """Two archives of one log wait for each other; a killed one holds nothing."""
    if not log.parent.is_dir():
        raise LogError(f"the folder {log.parent} does not exist")
    with log.with_name(f".{log.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep(log)
        yield


def _sweep(log: Path) -> None:
    """What runs left that were killed while they wrote."""
    for left in log.parent.glob(f".{log.name}.*.part"):
        pid = left.name.split(".")[-2]
        if not (pid.isdigit() and Path("/proc", pid).exists()):
            left.unlink(missing_ok=True)
