"""The path from a query to a slate: the steps in order, each a function of its arguments."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.bundle import Bundle
from engine.explain import explain
from engine.query import Query
from engine.ranker import rank
from engine.ranking import Pool, arrange, fuse
from engine.retrievers import RETRIEVERS
from engine.slot_rules import Filters, filters_of, weigh_by_rules
from engine.slot_shares import arrange_by_rules, with_more
from engine.slots import Slot, SlotPlan
from engine.types import Candidates, Slate

NOTHING_AHEAD: Final[Mapping[str, Candidates]] = MappingProxyType({})


def recommend(query: Query, plan: SlotPlan, bundle: Bundle) -> Slate:
    """Fill a slot for one customer; shorter than `query.n` only where the catalogue ends."""
    slot = plan.slot_for(query)
    pool = choose(query, slot, bundle)
    return explain(pool, query, slot, bundle)


def choose(
    query: Query, slot: Slot, bundle: Bundle, ahead: Mapping[str, Candidates] = NOTHING_AHEAD
) -> Pool:
    """The items of the slate in their order, without the reasons: what a batch needs."""
    found = retrieve(query, slot, bundle, ahead)
    pool = fuse(found, tuple(slot.sources.values()))
    filters = filters_of(query, slot, bundle)
    pool = filters.filtered(pool)
    pool = rank(pool, found, query, slot, bundle)
    pool = weigh_by_rules(pool, query, slot, bundle)
    pool = fill(pool, filters)
    pool = arrange(pool, slot, bundle, None if slot.ruled else query.n)
    if slot.ruled:
        pool = arrange_by_rules(pool, filters)
    return pool.take(slice(query.n))


def retrieve(
    query: Query, slot: Slot, bundle: Bundle, ahead: Mapping[str, Candidates] = NOTHING_AHEAD
) -> list[Candidates]:
    """One answer a source, in the order of the slot's sources; `ahead` are those found already."""
    depth = slot.depth_for(query.n)
    return [
        ahead[name] if name in ahead else RETRIEVERS[name](query, bundle, depth)
        for name in slot.sources
    ]


def fill(pool: Pool, filters: Filters) -> Pool:
    """Append the fallbacks in order, and at last all that sells, until `query.n` are there."""
    n, slot = filters.query.n, filters.slot
    steps = [(name, slot.depth_for(n)) for name in slot.fallback]
    steps.append((slot.LAST_RESORT, len(filters.bundle.items)))
    for name, depth in steps:
        if len(pool) >= n:
            break
        pool = with_more(pool, name, depth, filters)
    return pool
