"""Scores of all items for some customers, by each kind of model: what a search compares.

Each is exact and cuts nothing, so one pass serves every normalisation of the targets.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.types import Lists, Offsets, Rows, Scores
from training.compiled import compiled
from training.interactions import Interactions
from training.models.als import AlsModel
from training.models.cooccurrence import Scales, gather
from training.pairs import Pairs

Table = NDArray[np.float32]
Scorer = Callable[[Rows], Table]
"""Customers (n,) → scores (n, n_items); above 0 for what they are pointed to."""


def counting(rows: Pairs, columns: Pairs, scales: Scales) -> Scorer:
    """By co-occurrence, from the histories of those who share an item: no list is made first.

    `scales.targets` is not applied.
    """

    def scores(customers: Rows) -> Table:
        found = np.zeros((len(customers), rows.n_members), np.float32)
        _count(
            customers, rows.offsets, rows.members, rows.weights, rows.moments,
            columns.offsets, columns.members, columns.weights, columns.moments,
            scales.customers, scales.sources, scales.by_gap, found,
        )  # fmt: skip
        return found

    return scores


def tabling(rows: Pairs, table: Table, sources: Scores) -> Scorer:
    """As `counting`, from the whole table of a small catalogue, which serves every source scale.

    `table` (n_items, n_items) with even scales at either end.
    """

    def scores(customers: Rows) -> Table:
        found = np.zeros((len(customers), rows.n_members), np.float32)
        _add_lines(customers, rows.offsets, rows.members, rows.weights, table, sources, found)
        return found

    return scores


def work_of(rows: Pairs, columns: Pairs) -> NDArray[np.int64]:
    """(n_rows,) multiplications that `counting` needs for each customer."""
    lengths = np.diff(rows.offsets)
    of_item = _totals(columns.offsets, lengths[columns.members])
    return _totals(rows.offsets, of_item[rows.members])


def _totals(offsets: Offsets, values: NDArray[np.int64]) -> NDArray[np.int64]:
    sums = np.concatenate(([0], np.cumsum(values)))
    return sums[offsets[1:]] - sums[offsets[:-1]]


def listing(data: Interactions, lists: Lists) -> Scorer:
    """score(u, j) = Σ_i x_ui S[i, j]."""
    weights = np.maximum(data.weights, 0)

    def scores(customers: Rows) -> Table:
        found = np.zeros((len(customers), data.n_items), np.float32)
        _add_lists(
            customers, data.offsets, data.items, weights,
            lists.offsets, lists.rows, lists.scores, found,
        )  # fmt: skip
        return found

    return scores


def factoring(model: AlsModel) -> Scorer:
    """`model.rarity` is not applied."""

    def scores(customers: Rows) -> Table:
        found: Table = model.customer_factors[customers] @ model.item_factors.T
        return np.maximum(found, 0, out=found)

    return scores


@compiled
def _count(  # noqa: PLR0917  # compiled code takes arrays, not values
    customers: Rows,
    row_offsets: Offsets, row_items: Rows, row_weights: Scores, row_moments: Rows,
    item_offsets: Offsets, item_rows: Rows, item_weights: Scores, item_moments: Rows,
    customer_scale: Scores, source_scale: Scores, by_gap: Scores, found: Table,
) -> None:  # fmt: skip
    touched = np.empty(found.shape[1], np.int32)
    for line in range(len(customers)):
        customer = customers[line]
        for place in range(row_offsets[customer], row_offsets[customer + 1]):
            item = row_items[place]
            share = row_weights[place] * source_scale[item]
            of_itself = found[line, item]
            for other in range(item_offsets[item], item_offsets[item + 1]):
                row = item_rows[other]
                history = slice(row_offsets[row], row_offsets[row + 1])
                gather(
                    share * item_weights[other] * customer_scale[row], item_moments[other],
                    row_items[history], row_weights[history], row_moments[history], by_gap,
                    found[line], touched, 0,
                )  # fmt: skip
            found[line, item] = of_itself


@compiled
def _add_lines(  # noqa: PLR0917  # compiled code takes arrays, not values
    customers: Rows, offsets: Offsets, items: Rows, weights: Scores,
    table: Table, sources: Scores, found: Table,
) -> None:  # fmt: skip
    for line in range(len(customers)):
        customer = customers[line]
        for place in range(offsets[customer], offsets[customer + 1]):
            item = items[place]
            share = weights[place] * sources[item]
            for target in range(found.shape[1]):
                found[line, target] += share * table[item, target]


@compiled
def _add_lists(  # noqa: PLR0917  # compiled code takes arrays, not values
    customers: Rows, offsets: Offsets, items: Rows, weights: Scores,
    list_offsets: Offsets, rows: Rows, scores: Scores, found: Table,
) -> None:  # fmt: skip
    for line in range(len(customers)):
        customer = customers[line]
        for place in range(offsets[customer], offsets[customer + 1]):
            item = items[place]
            for entry in range(list_offsets[item], list_offsets[item + 1]):
                found[line, rows[entry]] += weights[place] * scores[entry]
