"""Choosing the best of many, the same way everywhere: best first, ties by row, NaN never."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.types import NO_CANDIDATES, Candidates, Lists, Rows, Scores

Number = TypeVar("Number", np.int32, np.float32)
Floats = NDArray[np.float32] | NDArray[np.float64]


MOST_ENTRIES: Final = 6_000  # measured on validation data: more finds no better items, only later
FEWEST_EACH: Final = 20
SPARSE: Final = 64  # measured: with fewer than so many items an entry, a table of all is cheaper


def best(rows: Rows, scores: Floats, depth: int) -> Candidates:
    """The `depth` best. `rows` ascending, each once; scores that are not finite are dropped."""
    if not np.isfinite(scores.sum()):
        finite = np.isfinite(scores)
        rows, scores = rows[finite], scores[finite]
    if len(rows) > depth:
        chosen = _above_the_cut(scores, depth)
        rows, scores = rows[chosen], scores[chosen]
    order = (-scores).argsort(kind="stable")
    return Candidates(rows[order].astype(np.int32), scores[order].astype(np.float32))


def _above_the_cut(scores: Floats, depth: int) -> NDArray[np.intp]:
    """Positions of the `depth` largest; of those that tie at the cut, the first."""
    if depth == 0:
        return np.empty(0, np.intp)
    cut = np.partition(scores, len(scores) - depth)[len(scores) - depth]
    reached: NDArray[np.intp] = (scores >= cut).nonzero()[0]
    if len(reached) == depth:
        return reached
    above = (scores > cut).nonzero()[0]
    ties = (scores == cut).nonzero()[0][: depth - len(above)]
    return np.sort(np.concatenate([above, ties]))


def entries_of(lists: Lists, keys: Rows, most: int) -> tuple[Rows, Scores]:
    """The first `most` of the lists of `keys`, a line each: (k, width) rows and scores.

    A window slides over all entries, so that one copy fetches every list; what it catches of
    others has score 0. Measured at less than half the time of a slice for each list.
    """
    starts = lists.offsets.take(keys)
    ragged = lists.ragged.take(keys).nonzero()[0]
    width = min(lists.width, most)
    windows = np.minimum(starts, len(lists.rows) - width) if len(ragged) else starts
    rows = _windows(lists.rows, width)[windows]
    scores = _windows(lists.scores, width)[windows]
    if len(ragged):
        ends = (lists.offsets.take(keys.take(ragged) + 1) - windows.take(ragged))[:, np.newaxis]
        begins = (starts - windows).take(ragged)[:, np.newaxis]
        steps = np.arange(width)
        scores[ragged] *= (steps >= begins) & (steps < ends)
    return rows, scores


def standing_in(
    lists: Lists, keys: Rows, most: int, chosen: Rows
) -> tuple[Rows, NDArray[np.intp], Scores]:
    """Where `chosen` stand among the first `most` of the lists of `keys`, list after list: the row,
    the place of the key, the score.
    """
    starts, ends = lists.offsets.take(keys), lists.offsets.take(keys + 1)
    width = min(lists.width, most)
    windows = np.minimum(starts, len(lists.rows) - width)
    wanted = np.zeros(len(lists), np.bool_)
    wanted[chosen] = True
    hits = wanted.take(_windows(lists.rows, width)[windows].ravel()).nonzero()[0]
    places = hits // width
    entries = hits + (windows - np.arange(len(keys)) * width).take(places)
    own = ((entries >= starts.take(places)) & (entries < ends.take(places))).nonzero()[0]
    entries = entries.take(own)
    return lists.rows.take(entries), places.take(own), lists.scores.take(entries)


def _windows(entries: NDArray[Number], width: int) -> NDArray[Number]:
    """(n - width + 1, width) a view: line i is entries[i:i + width]."""
    lines = len(entries) - width + 1
    return np.ndarray((lines, width), entries.dtype, entries, 0, entries.strides * 2)


def reach(keys: int) -> int:
    """How many entries of each list are summed where there are so many lists."""
    return max(MOST_ENTRIES // keys, FEWEST_EACH)


def sum_lists(lists: Lists, keys: Rows, weights: Scores, depth: int) -> Candidates:
    """score(j) = Σ_k weights[k] × lists[keys[k]][j]: the `depth` best with a positive score.

    The more keys, the fewer of each list: what stands far down in one of many decides nothing.
    """
    if not len(keys):
        return NO_CANDIDATES
    return best(*summed(lists, keys, weights, reach(len(keys))), depth)


def summed(
    lists: Lists, keys: Rows, weights: Scores, most: int
) -> tuple[Rows, NDArray[np.float64]]:
    """The positive sums over the first `most` of each list, by row."""
    rows, scores = entries_of(lists, keys, most)
    scores *= weights[:, np.newaxis]
    if len(lists) > SPARSE * rows.size:
        return _summed_by_sorting(rows.ravel(), scores.ravel())
    sums = np.asarray(np.bincount(rows.ravel(), scores.ravel()), np.float64)
    touched = (sums > 0).nonzero()[0]
    return touched.astype(np.int32), sums.take(touched)


def _summed_by_sorting(rows: Rows, scores: Scores) -> tuple[Rows, NDArray[np.float64]]:
    """A table of a large catalogue is dear where few of it are touched."""
    order = rows.argsort(kind="stable")
    rows = rows.take(order)
    first = np.ones(len(rows), np.bool_)
    np.not_equal(rows[1:], rows[:-1], out=first[1:])
    firsts = first.nonzero()[0]
    sums = np.add.reduceat(scores.take(order), firsts, dtype=np.float64)
    positive = sums > 0
    return rows.take(firsts)[positive], sums[positive]
