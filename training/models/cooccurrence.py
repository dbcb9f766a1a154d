"""Items that the same customers like: co-occurrence with tuned normalisation and decay in time.

    S[i, j] = d_i^-l · G[i, j] · d_j^-r        G = Σ_u d_u^-b · x_ui · x_uj · ½^(gap / half-life)

with d the totals of a line and gap the days between the two interests: in a log without times,
where the order of a line says something, the places between them. The score of item j for
customer u is Σ_i x_ui S[i, j]. With b = 0, l = r = ½ and no decay it is the plain cosine.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.config import Config
from engine.types import Lists, Rows, Scores
from training.compiled import Block, blocks, compiled, in_threads
from training.interactions import Interactions
from training.models.top import push, sort_best_first
from training.pairs import Pairs, by_item, liked, totals

BLOCKS = 64  # decision: enough that two threads end together


class CooccurrenceConfig(Config):
    """One setting between those that are best on gowalla and on amazon-cds."""

    customer_exponent: float = Field(default=0.75, ge=0, le=2)  # b
    source_exponent: float = Field(default=0.6, ge=0, le=2)  # l
    target_exponent: float = Field(default=0.2, ge=0, le=2)  # r
    pair_half_life_days: float = Field(default=30, gt=0)
    pair_half_life_places: float | None = Field(default=None, gt=0)  # of a line without times
    history_limit: int = Field(default=300, ge=2)
    neighbours: int = Field(default=300, ge=1)


@dataclass(frozen=True, slots=True)
class Scales:
    """What each line multiplies: customers, source items, target items."""

    customers: Scores
    sources: Scores
    targets: Scores
    by_gap: Scores  # (longest gap in days, or in places, + 1,)


def fit(
    data: Interactions, config: CooccurrenceConfig, *, trend: Scores | None = None, threads: int = 2
) -> Lists:
    """For each item its `neighbours` best targets, best first; an item alone has none.

    `trend` (n_items,) multiplies the scores of each target.
    """
    rows = liked(data, config.history_limit)
    columns = by_item(rows)
    scale = scales(rows, columns, config)
    if trend is not None:
        scale = replace(scale, targets=scale.targets * trend)
    return nearest(rows, columns, scale, config.neighbours, threads)


def scales(rows: Pairs, columns: Pairs, config: CooccurrenceConfig) -> Scales:
    items = totals(columns)
    return Scales(
        _power(totals(rows), config.customer_exponent),
        _power(items, config.source_exponent),
        _power(items, config.target_exponent),
        _by_gap(rows, config),
    )


def _by_gap(rows: Pairs, config: CooccurrenceConfig) -> Scores:
    """How much a pair counts by its distance; the same at any where places say nothing."""
    gaps = np.arange(int(rows.moments.max(initial=0)) + 1)
    half = config.pair_half_life_places if rows.timeless else config.pair_half_life_days
    return np.exp2(-gaps / (half or np.inf)).astype(np.float32)


def nearest(rows: Pairs, columns: Pairs, scales: Scales, depth: int, threads: int) -> Lists:
    """The `depth` largest of each line of S, block by block: memory is for the result alone."""
    n_items = columns.n_lines
    found = np.empty((n_items, depth), np.int32)
    scores = np.empty((n_items, depth), np.float32)
    sizes = np.zeros(n_items, np.int32)

    def task(block: Block) -> None:
        _nearest_of_block(
            *block, columns.offsets, columns.members, columns.weights, columns.moments,
            rows.offsets, rows.members, rows.weights, rows.moments,
            scales.customers, scales.sources, scales.targets, scales.by_gap,
            found, scores, sizes,
        )  # fmt: skip

    in_threads(task, blocks(_work(rows, columns), BLOCKS), threads)
    kept = np.arange(depth) < sizes[:, np.newaxis]
    offsets = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    return Lists(offsets, found[kept], scores[kept])


def table(rows: Pairs, columns: Pairs, scales: Scales, threads: int) -> NDArray[np.float32]:
    """All of S (n_items, n_items), with the diagonal at 0: for few items."""
    found = np.zeros((columns.n_lines, columns.n_lines), np.float32)

    def task(block: Block) -> None:
        _table_of_block(
            *block, columns.offsets, columns.members, columns.weights, columns.moments,
            rows.offsets, rows.members, rows.weights, rows.moments,
            scales.customers, scales.sources, scales.targets, scales.by_gap, found,
        )  # fmt: skip

    in_threads(task, blocks(_work(rows, columns), BLOCKS), threads)
    return found


def _power(totals: NDArray[np.float64], exponent: float) -> Scores:
    with np.errstate(divide="ignore"):
        scale = np.where(totals > 0, totals**-exponent, 0)
    return scale.astype(np.float32)


def _work(rows: Pairs, columns: Pairs) -> NDArray[np.int64]:
    """Multiplications for each item: the lengths of the histories that hold it."""
    lengths = np.concatenate(([0], np.cumsum(np.diff(rows.offsets)[columns.members])))
    return lengths[columns.offsets[1:]] - lengths[columns.offsets[:-1]]


@compiled
def _nearest_of_block(  # noqa: PLR0917  # compiled code takes arrays, not values
    start: int, stop: int,
    item_offsets: NDArray[np.int64], item_rows: Rows, item_weights: Scores, item_moments: Rows,
    row_offsets: NDArray[np.int64], row_items: Rows, row_weights: Scores, row_moments: Rows,
    customer_scale: Scores, source_scale: Scores, target_scale: Scores, by_gap: Scores,
    found: Rows, scores: Scores, sizes: Rows,
) -> None:  # fmt: skip
    n_items = len(item_offsets) - 1
    sums = np.zeros(n_items, np.float32)
    touched = np.empty(n_items, np.int32)
    for source in range(start, stop):
        n_touched = 0
        for place in range(item_offsets[source], item_offsets[source + 1]):
            row, moment = item_rows[place], item_moments[place]
            line = slice(row_offsets[row], row_offsets[row + 1])
            n_touched = gather(
                item_weights[place] * customer_scale[row], moment,
                row_items[line], row_weights[line], row_moments[line], by_gap,
                sums, touched, n_touched,
            )  # fmt: skip
        sums[source] = 0
        size = 0
        for target in touched[:n_touched]:
            score = sums[target] * source_scale[source] * target_scale[target]
            sums[target] = 0
            if score > 0:
                size = push(found[source], scores[source], size, target, score)
        sort_best_first(found[source], scores[source], size)
        sizes[source] = size


@compiled
def gather(  # noqa: PLR0917  # compiled code takes arrays, not values
    share: float, moment: int, items: Rows, weights: Scores, moments: Rows, by_gap: Scores,
    sums: Scores, touched: Rows, n_touched: int,
) -> int:  # fmt: skip
    """Adds one history to the sums of its items."""
    for place in range(len(items)):
        target = items[place]
        more = share * weights[place] * by_gap[abs(moments[place] - moment)]
        if sums[target] == 0 and more > 0:
            touched[n_touched] = target
            n_touched += 1
        sums[target] += more
    return n_touched


@compiled
def _table_of_block(  # noqa: PLR0917  # compiled code takes arrays, not values
    start: int, stop: int,
    item_offsets: NDArray[np.int64], item_rows: Rows, item_weights: Scores, item_moments: Rows,
    row_offsets: NDArray[np.int64], row_items: Rows, row_weights: Scores, row_moments: Rows,
    customer_scale: Scores, source_scale: Scores, target_scale: Scores, by_gap: Scores,
    found: NDArray[np.float32],
) -> None:  # fmt: skip
    for source in range(start, stop):
        sums = found[source]
        for place in range(item_offsets[source], item_offsets[source + 1]):
            row, moment = item_rows[place], item_moments[place]
            share = item_weights[place] * customer_scale[row]
            for other in range(row_offsets[row], row_offsets[row + 1]):
                gap = by_gap[abs(row_moments[other] - moment)]
                sums[row_items[other]] += share * row_weights[other] * gap
        for target in range(len(sums)):
            sums[target] *= source_scale[source] * target_scale[target]
        sums[source] = 0
