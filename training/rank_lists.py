"""What teaches a ranker: pools as a request's, with what the customers went on to want."""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray
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
from training.slates import in_processes
from training.split import Truth

NAMES: Final = tuple(FEATURES)


@dataclass(frozen=True, slots=True)
class RankLists:
    """Candidates of many customers, one customer after another."""

    columns: NDArray[np.float32]  # (n_candidates, n_features) in the order of NAMES
    base: NDArray[np.float64]  # (n_candidates,) what the trees correct
    hits: Mask  # (n_candidates,) wanted
    sizes: NDArray[np.int32]  # (n_customers,) candidates of each


def rank_lists(
    bundle: Bundle, truth: Truth, plan: SlotPlan, depth: int, processes: int
) -> RankLists:
    """The best `depth` of each customer's pool, as the slot fuses and filters it.

    Customers of whom nothing was found that they wanted are left out: they teach no order.
    """
    n = len(truth)
    columns = np.frombuffer(RawArray("f", n * depth * len(NAMES)), np.float32)
    columns = columns.reshape(n, depth, len(NAMES))
    base = np.frombuffer(RawArray("d", n * depth), np.float64).reshape(n, depth)
    hits = np.frombuffer(RawArray("b", n * depth), np.int8).reshape(n, depth)
    sizes = np.frombuffer(RawArray("i", max(n, 1)), np.int32)[:n]

    def fill(line: int) -> None:
        customer_id = bundle.customers.id(int(truth.customers[line]))
        query = enrich(Asked(n=plan.base.size, customer_id=customer_id), bundle, _now(bundle))
        slot = plan.slot_for(query)
        found = retrieve(query, slot, bundle)
        pool = fuse(found, tuple(slot.sources.values()))
        pool = filters_of(query, slot, bundle).filtered(pool).take(slice(depth))
        case = case_of(pool.rows, by_source(slot, found), query, bundle)
        size = len(pool)
        columns[line, :size] = columns_of(NAMES, case).T
        base[line, :size] = base_of(pool)
        wanted = truth.items[truth.offsets[line] : truth.offsets[line + 1]]
        hits[line, :size] = np.isin(pool.rows, wanted)
        sizes[line] = size

    in_processes(n, fill, processes)
    teaching = hits.any(axis=1)
    there = np.arange(depth) < np.where(teaching, sizes, 0)[:, np.newaxis]
    return RankLists(columns[there], base[there], hits[there] > 0, sizes[teaching])


def _now(bundle: Bundle) -> int:
    return bundle.manifest.watermark


def joined(parts: Sequence[RankLists]) -> RankLists:
    return RankLists(
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.base for part in parts]),
        np.concatenate([part.hits for part in parts]),
        np.concatenate([part.sizes for part in parts]),
    )
