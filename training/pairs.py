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
    days: Rows  # full days before the watermark
    n_members: int

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
    if np.diff(data.offsets).max(initial=0) > history_limit:
        kept = _most_recent(rows, data, kept, history_limit)
    days = (data.watermark - data.last_at[kept]) // DAY_MS
    return Pairs(
        offsets_of(rows[kept], data.n_rows),
        data.items[kept],
        data.weights[kept],
        days.astype(np.int32),
        data.n_items,
    )


def by_item(pairs: Pairs) -> Pairs:
    """The same pairs, read the other way."""
    order = np.argsort(pairs.members, kind="stable")
    return Pairs(
        offsets_of(pairs.members[order], pairs.n_members),
        pairs.lines[order],
        pairs.weights[order],
        pairs.days[order],
        pairs.n_lines,
    )


def totals(pairs: Pairs) -> NDArray[np.float64]:
    """Σ of the weights of each line."""
    return np.bincount(pairs.lines, pairs.weights, pairs.n_lines).astype(np.float64)


def _most_recent(
    rows: Rows, data: Interactions, kept: NDArray[np.intp], limit: int
) -> NDArray[np.intp]:
    order = kept[np.lexsort((data.items[kept], -data.last_at[kept], rows[kept]))]
    starts = offsets_of(rows[order], data.n_rows)[rows[order]]
    return np.sort(order[np.arange(len(order)) - starts < limit])
