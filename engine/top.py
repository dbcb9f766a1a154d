"""Choosing the best of many, the same way everywhere: best first, ties by row, NaN never."""

import numpy as np
from numpy.typing import NDArray

from engine.types import Candidates, Lists, Rows, Scores

Floats = NDArray[np.float32] | NDArray[np.float64]


def best(rows: Rows, scores: Floats, depth: int) -> Candidates:
    """The `depth` best. `rows` ascending, each once; scores that are not finite are dropped."""
    finite = np.isfinite(scores)
    if not finite.all():
        rows, scores = rows[finite], scores[finite]
    if len(rows) > depth:
        chosen = _above_the_cut(scores, depth)
        rows, scores = rows[chosen], scores[chosen]
    order = np.argsort(-scores, kind="stable")
    return Candidates(rows[order].astype(np.int32), scores[order].astype(np.float32))


def _above_the_cut(scores: Floats, depth: int) -> NDArray[np.intp]:
    """Positions of the `depth` largest; of those that tie at the cut, the first."""
    if depth == 0:
        return np.empty(0, np.intp)
    cut = np.partition(scores, len(scores) - depth)[len(scores) - depth]
    above = np.flatnonzero(scores > cut)
    ties = np.flatnonzero(scores == cut)[: depth - len(above)]
    return np.sort(np.concatenate([above, ties]))


def entries_of(lists: Lists, keys: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the entries of several lists stand: (position in the table, index into `keys`)."""
    starts = lists.offsets[keys]
    lengths = lists.offsets[keys + 1] - starts
    owners = np.repeat(np.arange(len(keys)), lengths)
    shifts = starts - np.concatenate(([0], np.cumsum(lengths)[:-1]))
    return np.arange(lengths.sum()) + shifts[owners], owners


def sum_lists(lists: Lists, keys: Rows, weights: Scores, depth: int) -> Candidates:
    """score(j) = Σ_k weights[k] × lists[keys[k]][j]: the `depth` best with a positive score."""
    if not len(keys):
        return Candidates(np.empty(0, np.int32), np.empty(0, np.float32))
    places, owners = entries_of(lists, keys)
    gains = (weights[owners] * lists.scores[places]).astype(np.float64)
    sums = np.asarray(np.bincount(lists.rows[places], gains), np.float64)
    touched = np.flatnonzero(sums > 0)
    return best(touched.astype(np.int32), sums[touched], depth)
