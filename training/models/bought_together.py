"""What is bought with what: pairs that share baskets more often than chance makes them.

Significance is Dunning's log-likelihood ratio G² (Accurate Methods for the Statistics of Surprise
and Coincidence, 1993), at a level shared by all the pairs that were met (Bonferroni).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.stats import chi2

from engine.config import Config
from engine.types import Lists, Offsets, Rows, Scores
from training.compiled import Block, blocks, compiled, in_threads
from training.interactions import Interactions
from training.models.top import push, sort_best_first
from training.ragged import offsets_of, rows_of, runs_of

BLOCKS = 64  # decision: enough that two threads end together

Floats = NDArray[np.float64]


class BoughtTogetherConfig(Config):
    chance: float = Field(default=0.05, gt=0, lt=1)  # that any pair of the whole table is noise
    min_customers: int = Field(default=3, ge=1)  # decision: one household's habit is no rule
    largest_basket: int = Field(default=200, ge=2)  # guess: a larger one is a wholesaler's list
    neighbours: int = Field(default=50, ge=1)


@dataclass(frozen=True, slots=True)
class Baskets:
    """The items of each order, each once, in the order of who bought; and the same by item."""

    offsets: Offsets  # (n_baskets + 1,)
    items: Rows
    buyers: Rows  # (n_baskets,) ascending
    item_offsets: Offsets  # (n_items + 1,)
    item_baskets: Rows  # ascending within an item

    @property
    def n_items(self) -> int:
        return len(self.item_offsets) - 1


@dataclass(frozen=True, slots=True)
class _Found:
    """Room for what the blocks find."""

    rows: Rows  # (n_items, neighbours)
    scores: Scores
    sizes: Rows
    pairs: NDArray[np.int64]  # (n_items,) partners met, significant or not


def fit(data: Interactions, config: BoughtTogetherConfig, *, threads: int = 2) -> Lists:
    """For each item its partners with G² as score, best first; a pair by chance is left out."""
    baskets = baskets_of(data, config.largest_basket)
    met = _search(baskets, config, np.inf, threads).pairs.sum() // 2
    found = _search(baskets, config, threshold(int(met), config.chance), threads)
    kept = np.arange(config.neighbours) < found.sizes[:, np.newaxis]
    offsets = np.concatenate(([0], np.cumsum(found.sizes, dtype=np.int64)))
    return Lists(offsets, found.rows[kept], found.scores[kept])


def threshold(pairs: int, chance: float) -> float:
    """The G² that none of so many chance pairs reaches, but for one table in 1 / `chance`."""
    return float(chi2.isf(chance / max(pairs, 1), 1))


def baskets_of(data: Interactions, largest: int) -> Baskets:
    events = data.events
    bought = np.flatnonzero(events.baskets >= 0)
    order = bought[np.lexsort((events.items[bought], events.baskets[bought], events.rows[bought]))]
    keys = events.baskets[order].astype(np.int64) * data.n_items + events.items[order]
    order = order[runs_of(keys)]
    begins = runs_of(events.baskets[order].astype(np.int64))
    sizes = np.diff(np.append(begins, len(order)))
    order = order[np.repeat(sizes <= largest, sizes)]
    begins = runs_of(events.baskets[order].astype(np.int64))
    offsets = np.append(begins, len(order)).astype(np.int64)
    items = events.items[order]
    by_item = np.argsort(items, kind="stable")
    return Baskets(
        offsets,
        items,
        events.rows[order[begins]],
        offsets_of(items, data.n_items),
        rows_of(offsets)[by_item],
    )


def _search(baskets: Baskets, config: BoughtTogetherConfig, least: float, threads: int) -> _Found:
    n_items = baskets.n_items
    shape = (n_items, config.neighbours)
    found = _Found(
        np.empty(shape, np.int32),
        np.empty(shape, np.float32),
        np.zeros(n_items, np.int32),
        np.zeros(n_items, np.int64),
    )

    def task(block: Block) -> None:
        _search_block(
            *block, baskets.offsets, baskets.items, baskets.buyers,
            baskets.item_offsets, baskets.item_baskets, config.min_customers, least,
            found.rows, found.scores, found.sizes, found.pairs,
        )  # fmt: skip

    lengths = np.concatenate(([0], np.cumsum(np.diff(baskets.offsets)[baskets.item_baskets])))
    work = lengths[baskets.item_offsets[1:]] - lengths[baskets.item_offsets[:-1]]
    in_threads(task, blocks(work, BLOCKS), threads)
    return found


@compiled
def _search_block(  # noqa: PLR0917  # compiled code takes arrays, not values
    start: int, stop: int,
    offsets: Offsets, items: Rows, buyers: Rows,
    item_offsets: Offsets, item_baskets: Rows, min_customers: int, least: float,
    found: Rows, scores: Scores, sizes: Rows, pairs: NDArray[np.int64],
) -> None:  # fmt: skip
    n_items = len(item_offsets) - 1
    together = np.zeros(n_items, np.int32)
    customers = np.zeros(n_items, np.int32)
    last_buyer = np.empty(n_items, np.int32)
    touched = np.empty(n_items, np.int32)
    for source in range(start, stop):
        baskets = item_baskets[item_offsets[source] : item_offsets[source + 1]]
        n_touched = _count(
            source, baskets, offsets, items, buyers, together, customers, last_buyer, touched
        )
        pairs[source] = n_touched
        size = 0
        for target in touched[:n_touched]:
            both, enough = together[target], customers[target] >= min_customers
            of_target = item_offsets[target + 1] - item_offsets[target]
            together[target] = customers[target] = 0
            if enough and both * (len(offsets) - 1) > len(baskets) * of_target:
                surprise = log_likelihood_ratio(both, len(baskets), of_target, len(offsets) - 1)
                if surprise >= least:
                    size = push(found[source], scores[source], size, target, surprise)
        sort_best_first(found[source], scores[source], size)
        sizes[source] = size


@compiled
def _count(  # noqa: PLR0917  # compiled code takes arrays, not values
    source: int, baskets: Rows, offsets: Offsets, items: Rows, buyers: Rows,
    together: Rows, customers: Rows, last_buyer: Rows, touched: Rows,
) -> int:  # fmt: skip
    """Baskets and distinct customers that each other item shares with `source`."""
    n_touched = 0
    for basket in baskets:
        for target in items[offsets[basket] : offsets[basket + 1]]:
            if target == source:
                continue
            if together[target] == 0:
                touched[n_touched] = target
                n_touched += 1
                last_buyer[target] = -1
            together[target] += 1
            if last_buyer[target] != buyers[basket]:
                customers[target] += 1
                last_buyer[target] = buyers[basket]
    return n_touched


@compiled
def log_likelihood_ratio(both: int, of_a: int, of_b: int, n: int) -> float:
    """Dunning's G² of the 2 × 2 table of two events that n trials showed of_a and of_b times."""
    only_a, only_b, neither = of_a - both, of_b - both, n - of_a - of_b + both
    cells = xlogx(both) + xlogx(only_a) + xlogx(only_b) + xlogx(neither)
    margins = xlogx(of_a) + xlogx(n - of_a) + xlogx(of_b) + xlogx(n - of_b)
    return 2 * max(0.0, cells - margins + xlogx(n))


@compiled
def xlogx(count: float) -> float:
    return count * np.log(count) if count > 0 else 0.0
