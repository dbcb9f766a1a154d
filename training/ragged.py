"""Tables of rows of different lengths, as offsets into flat arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from engine.types import Candidates, Lists, Offsets, Rows, Scores

Keys = NDArray[np.int64]


def offsets_of(rows: Rows, n_rows: int) -> Offsets:
    """Where each row begins and ends in the sorted `rows`."""
    counts = np.bincount(rows, minlength=n_rows)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def rows_of(offsets: Offsets) -> Rows:
    """The inverse of `offsets_of`: the row of each entry."""
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))


def runs_of(keys: Keys) -> Keys:
    """The places where a run of equal keys begins."""
    if not len(keys):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))


def by_first_appearance(keys: NDArray[np.uint64]) -> Rows:
    """Equal keys get equal numbers, 0, 1, … in the order in which they are first seen."""
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    number = np.empty(len(first), np.int32)
    number[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return number[place]


def as_lists(lines: Sequence[Candidates]) -> Lists:
    offsets = np.concatenate(([0], np.cumsum([len(line) for line in lines]))).astype(np.int64)
    if not lines:
        return Lists(offsets, np.empty(0, np.int32), np.empty(0, np.float32))
    return Lists(
        offsets,
        np.concatenate([line.rows for line in lines]),
        np.concatenate([line.scores for line in lines]),
    )


def by_source(sources: Rows, targets: Rows, scores: Scores, n_sources: int) -> Lists:
    """Scored pairs in any order as lists in the order of targets; pairs that come twice add up."""
    table = coo_array((scores, (sources, targets)), shape=(n_sources, n_sources)).tocsr()
    table.sort_indices()
    return Lists(table.indptr.astype(np.int64), table.indices.astype(np.int32), table.data)
