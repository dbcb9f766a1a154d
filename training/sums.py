"""`engine.top.sum_lists` for many customers at once, compiled: the same to the last digit.

Of lists whose entries are rows of lists themselves, as items alike are.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.top import reach
from engine.types import Candidates, Lists, Offsets, Rows, Scores
from training.compiled import compiled
from training.models.top import push, sort_best_first


class Keys(NamedTuple):
    """Whose lists are summed for one customer, and what each weighs."""

    rows: Rows
    weights: Scores


NO_KEYS = Keys(np.empty(0, np.int32), np.empty(0, np.float32))


def sum_lists_of_each(lists: Lists, keys: Sequence[Keys], depth: int) -> list[Candidates]:
    sizes = [len(each.rows) for each in keys]
    offsets = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    most = np.array([reach(size) if size else 0 for size in sizes], np.int64)
    every = [NO_KEYS, *keys]  # one at least, for numpy
    rows = np.concatenate([each.rows for each in every])
    weights = np.concatenate([each.weights for each in every])
    found = np.empty((len(keys), depth), np.int32)
    scores = np.zeros((len(keys), depth))
    filled = np.zeros(len(keys), np.int64)
    _sum(
        offsets, rows, weights, most, lists.offsets, lists.rows, lists.scores, found, scores, filled
    )
    told = scores.astype(np.float32)
    return [
        Candidates(found[line, :size], told[line, :size])
        for line, size in enumerate(filled.tolist())
    ]


@compiled
def _sum(  # noqa: PLR0917  # compiled code takes arrays, not values
    offsets: Offsets, keys: Rows, weights: Scores, most: Offsets,
    list_offsets: Offsets, rows: Rows, values: Scores,
    found: Rows, scores: NDArray[np.float64], filled: Offsets,
) -> None:  # fmt: skip
    sums = np.zeros(len(list_offsets) - 1)  # a list for each row
    for line in range(len(filled)):
        for place in range(offsets[line], offsets[line + 1]):
            start = list_offsets[keys[place]]
            stop = min(list_offsets[keys[place] + 1], start + most[line])
            for entry in range(start, stop):
                sums[rows[entry]] += values[entry] * weights[place]
        size = 0
        for place in range(offsets[line], offsets[line + 1]):
            start = list_offsets[keys[place]]
            stop = min(list_offsets[keys[place] + 1], start + most[line])
            for entry in range(start, stop):
                row = rows[entry]
                if sums[row] > 0:
                    size = push(found[line], scores[line], size, row, sums[row])
                sums[row] = 0
        sort_best_first(found[line], scores[line], size)
        filled[line] = size
