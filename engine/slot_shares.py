"""What a slot does with the finished list: its shares are kept, and its lead stands in front."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.catalogue import ItemKind
from engine.query import Query
from engine.ranking import Pool, append
from engine.retrievers import RETRIEVERS
from engine.shares import demand_of, settle
from engine.slot_rules import Filters
from engine.slot_settings import Share, ShareOf
from engine.slots import Slot
from engine.types import NO_ROWS, Candidates, Mask, Rows

KINDS: Final = {
    ShareOf.GOODS: ItemKind.GOODS,
    ShareOf.CONTENT: ItemKind.CONTENT,
    ShareOf.SERVICE: ItemKind.SERVICE,
}


def arrange_by_rules(pool: Pool, filters: Filters) -> Pool:
    """The `query.n` items of the slate: first what the least shares need, then the lead, then the
    others in their order; what is above a most share comes last, where nothing else is left.

    Where so few places are asked that the shares, each rounded up to whole places, do not fit,
    as many of them are kept as can be found. What the sources found too little of is fetched.
    """
    asked = filters.query, filters.slot, filters.bundle
    lead = _lead_rows(*asked)
    chosen = _choose(pool, lead, *asked)
    wanted = list(_wanted(chosen, *asked))
    for source, depth in wanted:
        pool = with_more(pool, source, depth, filters)
    if wanted:
        chosen = _choose(pool, lead, *asked)
    return _placed(pool, chosen, filters.slot)


def is_of(rows: Rows, of: ShareOf, bundle: Bundle) -> Mask:
    if of is ShareOf.ON_SALE:
        return bundle.catalogue.on_sale[rows]
    if of is ShareOf.NEW:
        return np.isin(rows, bundle.new_arrivals.rows)
    kind: Mask = bundle.catalogue.kind[rows] == KINDS[of]
    return kind


@dataclass(frozen=True, slots=True)
class Chosen:
    """Places of a pool."""

    lead: list[int]  # in the order of the lead's source
    rest: list[int]  # ascending
    above: list[int]  # what is above a most share, ascending
    unmet: tuple[Share, ...]


def _choose(pool: Pool, lead: Rows, query: Query, slot: Slot, bundle: Bundle) -> Chosen:
    demands = [
        demand_of(share, query.n, is_of(pool.rows, share.of, bundle).tolist())
        for share in slot.shares
    ]
    where: NDArray[np.intp] = np.full(len(bundle.items), -1, np.intp)
    where[pool.rows] = np.arange(len(pool))
    first = where[lead][where[lead] >= 0][: slot.lead.places if slot.lead else 0].tolist()
    wish = list(dict.fromkeys([*first, *range(len(pool))]))
    found, unmet = settle(wish, demands, query.n)
    taken = set(found)
    above = [place for place in range(len(pool)) if place not in taken][: query.n - len(found)]
    return Chosen(
        [place for place in first if place in taken],
        sorted(taken.difference(first)),
        above,
        unmet,
    )


def _lead_rows(query: Query, slot: Slot, bundle: Bundle) -> Rows:
    if slot.lead is None:
        return NO_ROWS
    return RETRIEVERS[slot.lead.source](query, bundle, slot.depth_for(query.n)).rows


def _wanted(chosen: Chosen, query: Query, slot: Slot, bundle: Bundle) -> Iterator[tuple[str, int]]:
    """Sources and depths that may give what is lacking."""
    for share in chosen.unmet:
        yield slot.share_source(share), slot.depth_for(query.n)
    if slot.shares and len(chosen.lead) + len(chosen.rest) < query.n:
        yield Slot.LAST_RESORT, len(bundle.items)  # for others to take the places


def with_more(pool: Pool, source: str, depth: int, filters: Filters) -> Pool:
    """Behind `pool`, what else one of the slot's sources finds and its filters leave."""
    found = RETRIEVERS[source](filters.query, filters.bundle, depth)
    keep = filters.keep(found.rows)
    extra = Candidates(found.rows[keep], found.scores[keep])
    return append(pool, extra, filters.slot.names.index(source))


def _placed(pool: Pool, chosen: Chosen, slot: Slot) -> Pool:
    placed = pool.take(np.array([*chosen.lead, *chosen.rest, *chosen.above], np.intp))
    if slot.lead is None and not chosen.above:
        return placed
    # a list falls from its first place on
    scores = np.maximum.accumulate(placed.scores[::-1])[::-1]
    sources = placed.sources.copy()
    if slot.lead is not None:
        sources[: len(chosen.lead)] = slot.names.index(slot.lead.source)
    return Pool(placed.rows, scores, sources)
