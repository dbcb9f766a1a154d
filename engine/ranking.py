"""The steps between candidates and a slate, each a small pure function."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.catalogue import UNKNOWN
from engine.query import Query
from engine.slots import Slot
from engine.types import Candidates, Mask, Rows

NORM_DEPTH: Final = 20  # a source's scores are counted in means of its best 20; decision 0004


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates of all sources: best first, each item once, with the source that gave most."""

    rows: Rows
    scores: NDArray[np.float64]
    sources: NDArray[np.int64]  # (n,) positions in the slot's sources

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: NDArray[np.intp] | Mask | slice) -> "Pool":
        return Pool(self.rows[chosen], self.scores[chosen], self.sources[chosen])


def fuse(found: Sequence[Candidates], weights: Sequence[float]) -> Pool:
    """score(j) = Σ_s weight_s × score_s(j) ÷ (mean of the best of s); nothing from s counts 0."""
    used = [
        (place, candidates, weight)
        for place, (candidates, weight) in enumerate(zip(found, weights, strict=True))
        if weight and len(candidates)
    ]
    if not used:
        return Pool(np.empty(0, np.int32), np.empty(0), np.empty(0, np.int64))
    rows = np.concatenate([candidates.rows for _, candidates, _ in used])
    scores = np.concatenate(
        [c.scores * (weight / scale_of(c)) for _, c, weight in used], dtype=float
    )
    by_row = np.lexsort((-scores, rows))  # within a row the source that gave most comes first
    rows = rows.take(by_row)
    first = np.ones(len(rows), np.bool_)
    np.not_equal(rows[1:], rows[:-1], out=first[1:])
    firsts = first.nonzero()[0]
    total = np.add.reduceat(scores.take(by_row), firsts)
    order = (-total).argsort(kind="stable")
    firsts = firsts.take(order)
    sources = np.repeat([place for place, _, _ in used], [len(found) for _, found, _ in used])
    return Pool(rows.take(firsts), total.take(order), sources.take(by_row.take(firsts)))


def scale_of(candidates: Candidates) -> float:
    """In plain numbers: for so few, a call into numpy costs more than the sum."""
    scores = candidates.scores[:NORM_DEPTH].tolist()
    return sum(map(abs, scores)) / len(scores) or 1.0


def filter_for_slot(rows: Rows, query: Query, slot: Slot, bundle: Bundle) -> Mask:
    """Which of `rows` sell and are what the slot is for."""
    keep: Mask = bundle.sellable.take(rows)
    if query.category is not None and slot.within_category:
        keep &= bundle.catalogue.within(query.category)[rows]
    if slot.kinds is not None:
        keep &= np.isin(bundle.catalogue.kind[rows], slot.kinds)
    if slot.items is not None:
        keep &= bundle.items_of(slot.items).take(rows)
    return keep


def arrange(pool: Pool, slot: Slot, bundle: Bundle, shown: int | None = None) -> Pool:
    """Spread brands and categories: an item above its cap goes behind all that are not.

    Where the first `shown` alone count, and none of them is above a cap, they stand as they are.
    """
    caps = (
        (bundle.catalogue.brand, slot.spread.brand),
        (bundle.catalogue.category, slot.spread.category),
    )
    set_caps = [(codes, cap) for codes, cap in caps if cap is not None]
    if shown is not None:
        first = pool.rows[:shown]
        if not any(_crowded(codes.take(first), cap) for codes, cap in set_caps):
            return pool
    late = np.zeros(len(pool), np.bool_)
    for codes, cap in set_caps:
        late |= _above(codes.take(pool.rows), cap)
    return pool.take(late.argsort(kind="stable")) if np.count_nonzero(late) else pool


def _crowded(codes: Rows, cap: int) -> bool:
    """In plain numbers: for so few, a sort costs more."""
    if len(codes) <= cap:
        return False
    times = Counter(codes.tolist())
    times.pop(UNKNOWN, None)
    return max(times.values(), default=0) > cap


def _above(codes: Rows, cap: int) -> Mask:
    """True from the (cap + 1)-th occurrence of a code on; an unknown code is never above."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    above = np.empty(len(codes), np.bool_)
    above[order] = np.arange(len(codes)) - starts >= cap
    return above & (codes >= 0)


def append(pool: Pool, extra: Candidates, source: int) -> Pool:
    """`extra` behind `pool`, without what is there already; scores fall below all of `pool`."""
    new = ~np.isin(extra.rows, pool.rows)
    if not new.any():
        return pool
    rows, scores = extra.rows[new], extra.scores[new].astype(np.float64)
    floor = pool.scores.min() if len(pool) else 1.0
    highest = scores.max()
    below = floor * scores / highest if floor > 0 and highest > 0 else floor + scores - highest
    return Pool(
        np.concatenate([pool.rows, rows]),
        np.concatenate([pool.scores, below]),
        np.concatenate([pool.sources, np.full(len(rows), source)]),
    )
