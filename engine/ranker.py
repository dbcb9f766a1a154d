"""A learned order for the best of a pool: the fused scores, corrected by trees (decision 18)."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.forest import Floats
from engine.query import Query
from engine.rank_features import case_of, columns_of
from engine.ranking import Pool
from engine.slots import Slot
from engine.types import Candidates

RANKED: Final = 50  # of the pool; on online-retail 40, 60, 100 and 200 gave the same slates' NDCG
OF_SLATE: Final = 2  # and at least so many times what is shown
LEAST: Final = 1e-6  # a fused score from which the logarithm may be taken


def rank(pool: Pool, found: Sequence[Candidates], query: Query, slot: Slot, bundle: Bundle) -> Pool:
    """The best of `pool` in the ranker's order; scores stay with the places, sources go along.

    `found` is what `pool` was fused from. As it was where the bundle has no ranker for the slot.
    """
    forest = bundle.rankers.get(slot.ranker or "")
    if forest is None or len(pool) < 2:
        return pool
    best = pool.take(slice(ranked(query.n)))
    case = case_of(best.rows, by_source(slot, found), query, bundle)
    gains = forest.scores(columns_of(forest.features, case))
    order = np.arange(len(pool))
    order[: len(best)] = (-(base_of(best) + gains)).argsort(kind="stable")
    return Pool(pool.rows.take(order), pool.scores, pool.sources.take(order))


def ranked(n: int) -> int:
    """How many of a pool are put into order for a slate of n."""
    return max(RANKED, OF_SLATE * n)


def base_of(pool: Pool) -> Floats:
    """What the trees correct."""
    return np.log(np.maximum(pool.scores, LEAST))


def by_source(slot: Slot, found: Sequence[Candidates]) -> Mapping[str, Candidates]:
    return dict(zip(slot.sources, found, strict=True))
