"""Sorts a log that does not fit in memory: chunks go to disk, come back as sorted buckets.

Kept in memory: 16 bytes an event for the search of repeated ids, a sample of the sort keys, and one
bucket at a time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from training.log import SORT_KEYS

BUCKET_ROWS: Final = 500_000  # measured: about 300 MiB while it is sorted
SAMPLE_EVERY: Final = 101  # prime, so that no rhythm of the source fools the sample
HASH_SEEDS: Final = (1, 2)  # 128 bits: two ids meet by chance once in 1e24 pairs


class Spool:
    """Events of one import, in the order of the source, in a folder that the caller removes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chunks: list[Path] = []
        self._hashes: list[NDArray[np.uint64]] = []  # (2, rows of the chunk)
        self._sample: list[pl.DataFrame] = []
        self.rows = 0

    def add(self, events: pl.DataFrame) -> None:
        if not events.height:
            return
        path = self._folder / f"chunk-{len(self._chunks):06d}.arrow"
        events.write_ipc(path)
        self._chunks.append(path)
        ids = events["event_id"]
        self._hashes.append(np.stack([ids.hash(seed).to_numpy() for seed in HASH_SEEDS]))
        self._sample.append(events.select(SORT_KEYS).gather_every(SAMPLE_EVERY))
        self.rows += events.height

    def scan(self) -> pl.LazyFrame:
        """All events, repeated ids too."""
        return pl.scan_ipc(self._chunks)

    def sorted_buckets(self) -> Iterator[pl.DataFrame]:
        """Each event once, the first of those with its id; sorted within and across buckets."""
        for bucket in self._partition(self._boundaries()):
            yield bucket.sort(SORT_KEYS)

    def _boundaries(self) -> pl.DataFrame:
        """The sort keys at which a new bucket begins."""
        keys = pl.concat(self._sample).sort(SORT_KEYS)
        buckets = -(-self.rows // BUCKET_ROWS)
        cuts = np.linspace(0, keys.height, buckets, endpoint=False)[1:].astype(np.int64)
        chosen: pl.DataFrame = keys[cuts.tolist()]
        return chosen.unique(maintain_order=True)

    def _partition(self, boundaries: pl.DataFrame) -> Iterator[pl.DataFrame]:
        number = _bucket_number(boundaries)
        paths = [self._folder / f"bucket-{n:06d}.arrows" for n in range(boundaries.height + 1)]
        writers: dict[int, pa.RecordBatchStreamWriter] = {}
        for path, keep in zip(self._chunks, self._firsts(), strict=True):
            events = pl.read_ipc(path).filter(pl.Series(keep))
            path.unlink()
            parts = events.with_columns(number.alias("#bucket")).partition_by(
                "#bucket", as_dict=True, include_key=False
            )
            for (bucket,), part in parts.items():
                table = part.to_arrow()
                if bucket not in writers:
                    writers[bucket] = pa.ipc.new_stream(paths[bucket], table.schema)
                writers[bucket].write_table(table)
        for writer in writers.values():
            writer.close()
        for bucket, path in enumerate(paths):
            if bucket in writers:
                yield _read_stream(path)
                path.unlink()

    def _firsts(self) -> Iterator[NDArray[np.bool_]]:
        """For each chunk, which of its events are the first of their id."""
        keep = first_of_each(np.concatenate(self._hashes, axis=1))
        sizes = [hashes.shape[1] for hashes in self._hashes]
        yield from np.split(keep, np.cumsum(sizes)[:-1])


def first_of_each(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """(2, n) hashes -> (n,) whether it is the first of its kind."""
    alike = np.flatnonzero(pl.Series(hashes[0]).is_duplicated().to_numpy())
    first, second = hashes[:, alike]
    order = np.lexsort((second, first))  # stable: equals stay in the order of the source
    again = (first[order[1:]] == first[order[:-1]]) & (second[order[1:]] == second[order[:-1]])
    keep = np.ones(hashes.shape[1], np.bool_)
    keep[alike[order[1:][again]]] = False
    return keep


def _bucket_number(boundaries: pl.DataFrame) -> pl.Expr:
    at, event_id = (pl.col(key) for key in SORT_KEYS)
    number = pl.lit(0, pl.Int32)
    for begin_at, begin_id in boundaries.iter_rows():
        begins = pl.lit(begin_at, pl.Datetime("ms", "UTC"))
        number += ((at > begins) | ((at == begins) & (event_id >= begin_id))).cast(pl.Int32)
    return number


def _read_stream(path: Path) -> pl.DataFrame:
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        frame = pl.from_arrow(stream.read_all())
    assert isinstance(frame, pl.DataFrame)
    return frame
