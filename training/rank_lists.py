"""What teaches a ranker: pools as a request's, with what the customers went on to want."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.query import Asked, enrich
from engine.rank_features import FEATURES, case_of, columns_of
from engine.ranker import base_of, by_source
from engine.ranking import fuse
from engine.recommend import retrieve
from engine.slot_rules import filters_of
from engine.slots import SlotPlan
from engine.types import Mask
from training.crew import in_order, spans
from training.split import Truth

NAMES: Final = tuple(FEATURES)


@dataclass(frozen=True, slots=True)
class RankLists:
    """Candidates of many customers, one customer after another."""

    columns: NDArray[np.float32]  # (n_candidates, n_features) in the order of NAMES
    base: NDArray[np.float64]  # (n_candidates,) what the trees correct
    hits: Mask  # (n_candidates,) wanted
    sizes: NDArray[np.int32]  # (n_customers,) candidates of each


NONE: Final = RankLists(
    np.empty((0, len(NAMES)), np.float32), np.empty(0), np.empty(0, np.bool_), np.empty(0, np.int32)
)


def rank_lists(
    bundle: Bundle, truth: Truth, plan: SlotPlan, depth: int, processes: int
) -> RankLists:
    """The best `depth` of each customer's pool, as the slot fuses and filters it.

    Customers of whom nothing was found that they wanted are left out: they teach no order.
    """
    n = len(truth)

    def fill(lines: slice) -> RankLists:
        places = range(*lines.indices(n))
        return joined([_line(place, truth, plan, depth, bundle) for place in places])

    return joined(list(in_order(fill, spans(n, processes), processes)))


def _line(place: int, truth: Truth, plan: SlotPlan, depth: int, bundle: Bundle) -> RankLists:
    customer_id = bundle.customers.id(int(truth.customers[place]))
    query = enrich(Asked(n=plan.base.size, customer_id=customer_id), bundle, _now(bundle))
    slot = plan.slot_for(query)
    found = retrieve(query, slot, bundle)
    pool = fuse(found, tuple(slot.sources.values()))
    pool = filters_of(query, slot, bundle).filtered(pool).take(slice(depth))
    hits = np.isin(pool.rows, truth.items[truth.offsets[place] : truth.offsets[place + 1]])
    if not hits.any():
        return NONE
    case = case_of(pool.rows, by_source(slot, found), query, bundle)
    return RankLists(
        np.ascontiguousarray(columns_of(NAMES, case).T, np.float32),
        np.asarray(base_of(pool), np.float64),
        hits,
        np.array([len(pool)], np.int32),
    )


def _now(bundle: Bundle) -> int:
    return bundle.manifest.watermark


def joined(parts: Sequence[RankLists]) -> RankLists:
    parts = [NONE, *parts]
    return RankLists(
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.base for part in parts]),
        np.concatenate([part.hits for part in parts]),
        np.concatenate([part.sizes for part in parts]),
    )
