"""Who likes what, as a sparse table that models read by row and by item."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import DAY_MS, Offsets, Rows, Scores
from training.interactions import Interactions
from training.ragged import offsets_of, rows_of


@dataclass(frozen=True, slots=True)
class Pairs:
    """Liked items by row, or (`by_item`) who liked them by item."""

    offsets: Offsets  # (n_lines + 1,)
    members: Rows  # (n_pairs,) ascending within a line
    weights: Scores  # above 0
    moments: Rows  # full days before the watermark; places in the line where the log has no times
    n_members: int
    timeless: bool

    @property
    def n_lines(self) -> int:
        return len(self.offsets) - 1

    @property
    def lines(self) -> Rows:
        return rows_of(self.offsets)


def liked(data: Interactions, history_limit: int) -> Pairs:
    """The pairs of positive weight, of each row the `history_limit` that are most recent.

    The limit bounds the work: a row of n items makes n² pairs of items, so one robot that touched
    everything would otherwise cost more than all customers together.
    """
    rows = rows_of(data.offsets)
    kept = np.flatnonzero(data.weights > 0)
    places = _places(data, rows) if data.timeless else np.zeros(len(rows), np.int32)
    if np.diff(data.offsets).max(initial=0) > history_limit:
        order = np.lexsort((data.items, -places, -data.last_at, rows))
        kept = _first_of_each(order[data.weights[order] > 0], rows, data.n_rows, history_limit)
    days = ((data.watermark - data.last_at) // DAY_MS).astype(np.int32)
    return Pairs(
        offsets_of(rows[kept], data.n_rows),
        data.items[kept],
        data.weights[kept],
        (places if data.timeless else days)[kept],
        data.n_items,
        data.timeless,
    )


def by_item(pairs: Pairs) -> Pairs:
    """The same pairs, read the other way."""
    order = np.argsort(pairs.members, kind="stable")
    return Pairs(
        offsets_of(pairs.members[order], pairs.n_members),
        pairs.lines[order],
        pairs.weights[order],
        pairs.moments[order],
        pairs.n_lines,
        pairs.timeless,
    )


def totals(pairs: Pairs) -> NDArray[np.float64]:
    """Σ of the weights of each line."""
    return np.bincount(pairs.lines, pairs.weights, pairs.n_lines).astype(np.float64)


def _places(data: Interactions, rows: Rows) -> Rows:
    """(n_pairs,) where the last sign of interest stands among those of its row.

    A pair without one gets any place.
    """
    events = data.events
    if not len(events.at):
        return np.zeros(len(rows), np.int32)
    keys = events.rows.astype(np.int64) * data.n_items + events.items
    order = np.argsort(keys, kind="stable")
    wanted = rows.astype(np.int64) * data.n_items + data.items
    last = order[np.searchsorted(keys[order], wanted, side="right") - 1]
    return (last - offsets_of(events.rows, data.n_rows)[rows]).astype(np.int32)


def _first_of_each(
    order: NDArray[np.intp], rows: Rows, n_rows: int, limit: int
) -> NDArray[np.intp]:
    """Of places that stand row by row, at most `limit` of each row, in ascending order."""
    starts = offsets_of(rows[order], n_rows)[rows[order]]
    return np.sort(order[np.arange(len(order)) - starts < limit])
