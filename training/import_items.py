"""`caini import --items`: a shop's list of its items becomes the catalogue beside its log."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from engine.errors import LogError
from training.import_job import DEFAULT_REJECT_SHARE, Progress, require_sense, scratch_beside
from training.importers.chunk import LINE, Chunk, Draft, Format, Settings
from training.importers.items import ItemsMapping, items_format
from training.importers.source import read_source
from training.log import ITEMS_SCHEMA, items_path, read_header
from training.quarantine import Quarantine, Reject, require_few
from training.whole_file import put_in_place

REPEATED: Final = "item_id_repeated"


@dataclass(frozen=True, slots=True)
class ItemsSummary:
    """A row of the source is an item, a reject, or set aside."""

    out: Path
    quarantine: Path | None  # None when nothing was rejected
    rows: int
    items: int
    filled: dict[str, int]  # of each column but the id: the items that have a value
    rejected: dict[str, int]  # by reason
    set_aside: dict[str, int]


@dataclass(slots=True)
class _Read:
    rows: int = 0
    columns: set[str] = field(default_factory=set)
    set_aside: Counter[str] = field(default_factory=Counter)
    items: list[pl.DataFrame] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


def import_items(
    source: Path,
    log: Path,
    mapping: ItemsMapping,
    *,
    max_reject_share: float = DEFAULT_REJECT_SHARE,
    quarantine: Path | None = None,
    encoding: str = "auto",
    progress: Progress = lambda _: None,
) -> ItemsSummary:
    """Writes LOG.items.parquet, and the quarantine of what was rejected.

    Prices are of the currency of the log, which must be there. LogError when the source cannot be
    used or too many rows are no items; then the catalogue stays as it was.
    """
    require_sense(max_reject_share, encoding)
    if not log.is_file():
        raise LogError(f"{log} does not exist; import it first: prices are in its currency")
    settings = Settings(minor_units=read_header(log).minor_units)
    out = items_path(log)
    rejects = Quarantine(quarantine or out.with_suffix(".rejects.jsonl"))
    with scratch_beside(out) as folder, rejects:
        read = _read(source, items_format(mapping), settings, encoding, rejects, progress)
        require_few(rejects, read.rows, max_reject_share, source.name, "items", "catalogue")
        _require_met(source, mapping, read.columns)
        items = pl.concat(read.items)
        if items.is_empty():
            raise LogError(f"no row of {source.name} is an item, so there is no catalogue to write")
        items.write_parquet(folder / out.name)
        put_in_place(folder / out.name, out)
    return ItemsSummary(
        out=out,
        quarantine=rejects.path if rejects.total() else None,
        rows=read.rows,
        items=items.height,
        filled={name: items[name].count() for name in ITEMS_SCHEMA if name != "item_id"},
        rejected=dict(rejects.by_reason.most_common()),
        set_aside={reason: n for reason, n in read.set_aside.most_common() if n},
    )


def _read(
    source: Path,
    format_: Format,
    settings: Settings,
    encoding: str,
    quarantine: Quarantine,
    progress: Progress,
) -> _Read:
    read = _Read()
    for chunk in read_source(source, format_, encoding):
        draft = _converted(source, chunk, format_, settings)
        assert draft.items is not None
        twice = tuple(_repeated(draft.items, chunk, read.ids))
        quarantine.add((*chunk.rejects, *draft.rejects, *twice))
        lines = [reject.line for reject in twice]
        read.items.append(draft.items.filter(~pl.col(LINE).is_in(lines)).drop(LINE))
        read.columns.update(chunk.frame.columns)
        read.set_aside.update(chunk.set_aside)
        read.rows += chunk.frame.height + len(chunk.rejects) + sum(chunk.set_aside.values())
        progress(chunk.done)
    return read


def _converted(source: Path, chunk: Chunk, format_: Format, settings: Settings) -> Draft:
    try:
        return format_.convert(chunk, settings)
    except LogError as error:
        lines = str(error).splitlines()
        raise LogError("\n".join(f"{source.name}: {line}" for line in lines)) from error


def _repeated(items: pl.DataFrame, chunk: Chunk, ids: set[str]) -> Iterator[Reject]:
    """The first line of an item counts; `ids` are those met, and grow."""
    for item, line in items.select("item_id", LINE).rows():
        if item in ids:
            said = f"item_id '{item}' is there more than once; the first counts"
            yield Reject(line, REPEATED, said, chunk.raw(line))
        ids.add(item)


def _require_met(source: Path, mapping: ItemsMapping, met: set[str]) -> None:
    """A key of JSON Lines may be missing from a line, but not from the file."""
    missing = [column for column in mapping.columns.values() if column not in met]
    if missing:
        there = ", ".join(sorted(met - {LINE}))
        raise LogError(
            f"{source.name} lacks {', '.join(missing)} of [items.columns]; there: {there}"
        )
