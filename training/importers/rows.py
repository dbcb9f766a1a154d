"""A chunk of a source into rows of a log: drafted by the format, checked whole, doubts judged."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from engine.happened import Happened
from training.importers.check import SURE, check
from training.importers.chunk import DOUBT, LINE, Chunk, Draft, Format, Settings
from training.importers.judge import judge, to_row
from training.log import SCHEMA
from training.quarantine import Reject

HASH_BYTES: Final = 16  # 128 bits: no two events of a shop meet by chance
IN_THE_FUTURE: Final = "in_the_future"
CONTENT: Final = tuple(name for name in SCHEMA if name != "event_id")


@dataclass(frozen=True, slots=True)
class Accepted:
    events: pl.DataFrame  # the columns of a log, in the order of the source
    rejects: tuple[Reject, ...]
    set_aside: Mapping[str, int]
    items: pl.DataFrame | None
    rows: int  # of the source, whatever became of them


def accept(chunk: Chunk, format_: Format, settings: Settings) -> Accepted:
    draft = format_.convert(chunk, settings)
    checked = check(draft.frame, settings.minor_units)
    if settings.latest is not None:
        early = pl.col("at").dt.epoch("ms") <= settings.latest
        checked = checked.with_columns(pl.col(SURE) & early.fill_null(value=False))
    judged, rejects = _judge_doubts(chunk, draft, checked, settings)
    events = pl.concat([checked.filter(SURE).drop(SURE), judged]).sort(LINE, maintain_order=True)
    return Accepted(
        events=_complete(events.drop(LINE), settings),
        rejects=chunk.rejects + draft.rejects + rejects,
        set_aside={
            reason: chunk.set_aside.get(reason, 0) + draft.set_aside.get(reason, 0)
            for reason in {**chunk.set_aside, **draft.set_aside}
        },
        items=draft.items,
        rows=chunk.frame.height + len(chunk.rejects) + sum(chunk.set_aside.values()),
    )


def _judge_doubts(
    chunk: Chunk, draft: Draft, checked: pl.DataFrame, settings: Settings
) -> tuple[pl.DataFrame, tuple[Reject, ...]]:
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    for row in np.flatnonzero(~checked[SURE].to_numpy()).tolist():
        line = checked.item(row, LINE)
        verdict = _in_time(judge(_values(draft, row), settings.minor_units), settings.latest)
        if isinstance(verdict, Happened):
            rows.append(to_row(verdict) | {LINE: line})
        else:
            reason, detail = verdict
            rejects.append(Reject(line, reason, detail, chunk.raw(line)))
    schema = pl.Schema({**dict(SCHEMA), "at": pl.Int64(), LINE: pl.Int64()})
    frame = pl.DataFrame({name: [row[name] for row in rows] for name in schema}, schema=schema)
    return frame.cast({"at": SCHEMA["at"]}), tuple(rejects)


def _in_time(verdict: Happened | tuple[str, str], latest: int | None) -> Happened | tuple[str, str]:
    """One event of the year 2099 would make all others too old to count."""
    if latest is None or not isinstance(verdict, Happened) or verdict.at <= latest:
        return verdict
    moment = np.datetime_as_string(np.datetime64(verdict.at, "ms"), "s")
    return IN_THE_FUTURE, f"at {moment}Z is more than a day after the import"


def _values(draft: Draft, row: int) -> Mapping[str, Any]:
    """What the schema is to judge; numbers that name something are text, as in `check`."""
    if draft.values is not None:
        return draft.values[row]
    cells = draft.frame.row(row, named=True)
    return {
        name: str(cell) if _is_name(name, cell) else cell
        for name, cell in cells.items()
        if cell is not None and name not in {LINE, DOUBT}
    }


def _is_name(name: str, cell: object) -> bool:
    return isinstance(cell, int) and not isinstance(cell, bool) and SCHEMA.get(name) == pl.String


def _complete(events: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Events without an id get the hash of their content: the same content, the same event."""
    nameless = events["event_id"].is_null()
    if nameless.any():
        made = _content_hashes(events.filter(nameless))
        names = events["event_id"].to_numpy().copy()
        names[nameless.to_numpy()] = made
        events = events.with_columns(pl.Series("event_id", names, pl.String))
    if settings.channel is not None:
        events = events.with_columns(pl.col("channel").fill_null(settings.channel))
    return events


def _content_hashes(events: pl.DataFrame) -> list[str]:
    cells = [pl.col(name).to_physical().cast(pl.String).fill_null("\0") for name in CONTENT]
    texts = events.select(pl.concat_str(cells, separator="\x1f").alias("text"))["text"]
    return [hashlib.blake2b(text.encode(), digest_size=HASH_BYTES).hexdigest() for text in texts]
