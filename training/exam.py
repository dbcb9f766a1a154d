"""Customers whose future is known, and how well a way of scoring foretells it.

Each has a pool of items in play: all that some source thinks much of. Scores are compared within
the pools, so that a trial costs milliseconds and not a fit.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import Mask, Rows, Scores
from training.compiled import Block, compiled, in_threads
from training.interactions import Interactions
from training.models.blend import BEST
from training.models.top import push, sort_best_first
from training.scorers import Scorer, Table
from training.split import Truth

Floats = NDArray[np.float64]
BLOCK: Final = 64  # customers scored at once: 10 MB of scores for 40,000 items


@dataclass(frozen=True, slots=True)
class Exam:
    data: Interactions
    truth: Truth
    pools: Rows  # (n, width) items ascending, -1 after the last
    hits: Mask  # (n, width) which of them were wanted
    k: int
    threads: int

    def at_pools(self, scorer: Scorer) -> Table:
        """(n, width) scores of the items in play; 0 in empty places."""
        found = np.zeros(self.pools.shape, np.float32)

        def task(block: Block) -> None:
            part = slice(*block)
            scores = scorer(self.truth.customers[part])
            pools = self.pools[part]
            taken = np.take_along_axis(scores, np.maximum(pools, 0), 1)
            found[part] = np.where(pools >= 0, taken, 0)

        in_threads(task, blocks_of(len(self.truth)), self.threads)
        return found

    def of_items(self, values: Scores) -> Table:
        """(n, width) a value of each item, at its places."""
        return np.where(self.pools >= 0, values[np.maximum(self.pools, 0)], 0).astype(np.float32)

    def marks(self, scores: Table) -> Floats:
        """NDCG@k of each customer; what has no score above 0 is not proposed."""
        marks = np.zeros(len(self.truth))
        discounts = 1 / np.log2(np.arange(2, self.k + 2))
        ideal = np.cumsum(discounts)[np.minimum(self.truth.sizes, self.k) - 1]
        _mark(scores, self.hits, discounts, ideal, marks)
        return marks


def make_exam(
    data: Interactions, truth: Truth, proposals: list[Rows], *, k: int, threads: int
) -> Exam:
    """`proposals`: tables (n, any) of items, -1 for none, that are in play for each customer."""
    pools = _each_once(np.concatenate(proposals, axis=1))
    keys = np.repeat(np.arange(len(truth), dtype=np.int64), truth.sizes) * truth.n_items
    wanted = (keys + truth.items)[truth.items >= 0]
    places = np.arange(len(truth), dtype=np.int64)[:, np.newaxis] * truth.n_items + pools
    hits = np.isin(places, wanted) & (pools >= 0)
    return Exam(data, truth, pools, hits, k, threads)


def proposed(
    data: Interactions, truth: Truth, scorer: Scorer, views: Table, *, depth: int, threads: int
) -> Rows:
    """(n, views × depth) the best items that each customer has not bought, by scores × each view.

    `views` (n_views, n_items).
    """
    bought = data.last_bought_at > 0
    found = np.full((len(truth), len(views) * depth), -1, np.int32)

    def task(block: Block) -> None:
        part = slice(*block)
        customers = truth.customers[part]
        scores = scorer(customers)
        _forget(customers, data.offsets, data.items, bought, scores)
        _propose(scores, views, depth, found[part])

    in_threads(task, blocks_of(len(truth)), threads)
    return found


def best_means(scores: Table) -> Floats:
    """(n,) the mean of each customer's best scores: the unit in which sources are mixed."""
    means = np.zeros(len(scores))
    _best_means(scores, BEST, means)
    return means


def blocks_of(n: int) -> list[Block]:
    return [(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]


def _each_once(rows: Rows) -> Rows:
    ordered = np.sort(rows, axis=1)
    ordered[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = -1
    last = np.iinfo(np.int32).max
    packed = np.sort(np.where(ordered < 0, last, ordered), axis=1)
    width = max(1, int((packed < last).sum(1).max(initial=0)))
    return np.where(packed == last, -1, packed)[:, :width].astype(np.int32)


@compiled
def _forget(
    customers: Rows, offsets: NDArray[np.int64], items: Rows, bought: Mask, scores: Table
) -> None:
    for line in range(len(customers)):
        for place in range(offsets[customers[line]], offsets[customers[line] + 1]):
            if bought[place]:
                scores[line, items[place]] = 0


@compiled
def _propose(scores: Table, views: Table, depth: int, found: Rows) -> None:
    rows, values = np.empty(depth, np.int32), np.empty(depth, np.float32)
    for line in range(len(scores)):
        for view in range(len(views)):
            size = 0
            for item in range(scores.shape[1]):
                if scores[line, item] > 0:
                    size = push(rows, values, size, item, scores[line, item] * views[view, item])
            found[line, view * depth : view * depth + size] = rows[:size]


@compiled
def _mark(scores: Table, hits: Mask, discounts: Floats, ideal: Floats, marks: Floats) -> None:
    k = len(discounts)
    rows, values = np.empty(k, np.int32), np.empty(k, np.float32)
    for line in range(len(scores)):
        size = 0
        for place in range(scores.shape[1]):
            if scores[line, place] > 0:
                size = push(rows, values, size, place, scores[line, place])
        sort_best_first(rows, values, size)
        gain = 0.0
        for place in range(size):
            if hits[line, rows[place]]:
                gain += discounts[place]
        marks[line] = gain / ideal[line]


@compiled
def _best_means(scores: Table, count: int, means: Floats) -> None:
    rows, values = np.empty(count, np.int32), np.empty(count, np.float32)
    for line in range(len(scores)):
        size = 0
        for place in range(scores.shape[1]):
            if scores[line, place] > 0:
                size = push(rows, values, size, place, scores[line, place])
        if size:
            means[line] = values[:size].mean()
