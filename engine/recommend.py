"""The path from a query to a slate: the steps in order, each a function of its arguments."""

from engine.bundle import Bundle
from engine.explain import explain
from engine.query import Query
from engine.ranker import rank
from engine.ranking import Pool, arrange, fuse
from engine.retrievers import RETRIEVERS
from engine.slot_rules import filter_rows, weigh_by_rules
from engine.slot_shares import arrange_by_rules, with_more
from engine.slots import Slot, SlotPlan
from engine.types import Candidates, Slate


def recommend(query: Query, plan: SlotPlan, bundle: Bundle) -> Slate:
    """Fill a slot for one customer; shorter than `query.n` only where the catalogue ends."""
    slot = plan.slot_for(query)
    pool = choose(query, slot, bundle)
    return explain(pool, query, slot, bundle)


def choose(query: Query, slot: Slot, bundle: Bundle) -> Pool:
    """The items of the slate in their order, without the reasons: what a batch needs."""
    found = retrieve(query, slot, bundle)
    pool = fuse(found, tuple(slot.sources.values()))
    pool = filter_pool(pool, query, slot, bundle)
    pool = rank(pool, found, query, slot, bundle)
    pool = weigh_by_rules(pool, query, slot, bundle)
    pool = fill(pool, query, slot, bundle)
    pool = arrange(pool, slot, bundle)
    if slot.ruled:
        pool = arrange_by_rules(pool, query, slot, bundle)
    return pool.take(slice(query.n))


def retrieve(query: Query, slot: Slot, bundle: Bundle) -> list[Candidates]:
    """One answer a source, in the order of the slot's sources."""
    depth = slot.depth_for(query.n)
    return [RETRIEVERS[name](query, bundle, depth) for name in slot.sources]


def filter_pool(pool: Pool, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    return pool.take(filter_rows(pool.rows, query, slot, bundle))


def fill(pool: Pool, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    """Append the fallbacks in order, and at last all that sells, until `query.n` are there."""
    steps = [(name, slot.depth_for(query.n)) for name in slot.fallback]
    steps.append((slot.LAST_RESORT, len(bundle.items)))
    for name, depth in steps:
        if len(pool) >= query.n:
            break
        pool = with_more(pool, name, depth, query, slot, bundle)
    return pool
