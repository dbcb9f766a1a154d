"""What a slot does with who is asking, beyond choosing its sources.

Rules say which items may stand (`permitted`), change scores (`weighed`), and move items of the
finished list (`staged`). A customer who opted out meets none that their data would decide (A6).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.catalogue import ItemKind
from engine.customers.complaints import is_suppressed
from engine.customers.life_stages import barred_stages
from engine.customers.lock_in import lock_in_factors
from engine.customers.offers import may_see
from engine.query import Query
from engine.ranking import Pool, allowed, append
from engine.retrievers import RETRIEVERS
from engine.slot_settings import Share, ShareOf
from engine.slots import Slot
from engine.types import Candidates, Mask, Rows

STRANGER: Final = "other"  # the value class of somebody of whom nothing is known
KINDS: Final = {
    ShareOf.GOODS: ItemKind.GOODS,
    ShareOf.CONTENT: ItemKind.CONTENT,
    ShareOf.SERVICE: ItemKind.SERVICE,
}
ROUNDING: Final = 1e-9  # 0.3 of 10 places are 3, whatever the float says


def may_stand(rows: Rows, query: Query, slot: Slot, bundle: Bundle) -> Mask:
    """Which of `rows` may stand in this slot for this customer now, by every rule."""
    keep, ruled = allowed(rows, query, slot, bundle), permitted(rows, query, slot, bundle)
    return keep if ruled is None else keep & ruled


def permitted(rows: Rows, query: Query, slot: Slot, bundle: Bundle) -> Mask | None:
    """What stock, complaints and life stages leave; None where none of them has a say."""
    parts = []
    if slot.scarce is not None:
        value_class = query.customer.value_class if query.customer.personal else STRANGER
        if value_class not in slot.scarce.classes:
            parts.append(may_see(bundle.catalogue.stock[rows], value_class, slot.scarce))
    if len(query.complained) and slot.complaints:
        parts.append(~is_suppressed(rows, query.complained, bundle.catalogue))
    if query.customer.life_stages and query.customer.personal and slot.life_stages:
        barred = barred_stages(query.customer.life_stages, bundle.shop.life_stages)
        parts.append(~barred[bundle.item_stages[rows]])
    if not parts:
        return None
    keep: Mask = np.logical_and.reduce(parts)
    return keep


def weighed(pool: Pool, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    """Brands that the customer has settled on rise, their rivals fall (C4)."""
    if slot.lock_in is None or not len(query.history):
        return pool
    factors = lock_in_factors(pool.rows, query.history, bundle.catalogue, slot.lock_in)
    scores = np.where(pool.scores > 0, pool.scores * factors, pool.scores / factors)
    order = np.argsort(-scores, kind="stable")
    return Pool(pool.rows[order], scores[order], pool.sources[order])


def staged(pool: Pool, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    """The finished list with the slot's shares kept and its lead in front."""
    for share in slot.shares:
        pool = _at_most(pool, share, query, slot, bundle)
        pool = _at_least(pool, share, query, slot, bundle)
    return _led(pool, query, slot, bundle) if slot.lead is not None else pool


def is_of(rows: Rows, of: ShareOf, bundle: Bundle) -> Mask:
    if of is ShareOf.ON_SALE:
        return bundle.catalogue.on_sale[rows]
    if of is ShareOf.NEW:
        return np.isin(rows, bundle.new_arrivals.rows)
    kind: Mask = bundle.catalogue.kind[rows] == KINDS[of]
    return kind


def _at_most(pool: Pool, share: Share, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    cap = math.floor(share.at_most * query.n + ROUNDING)
    if cap >= query.n:
        return pool
    inside = is_of(pool.rows, share.of, bundle)
    if inside[: query.n].sum() <= cap:
        return pool
    if len(pool) - inside.sum() < query.n - cap:  # all that sells, for others to take the places
        pool = _more(pool, Slot.LAST_RESORT, len(bundle.items), (query, slot, bundle))
        inside = is_of(pool.rows, share.of, bundle)
    above = inside & (np.cumsum(inside) > cap)
    return pool.take(np.argsort(above, kind="stable"))


def _at_least(pool: Pool, share: Share, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    """What comes up takes the places of the last of the others, in the order of scores."""
    need = math.ceil(share.at_least * query.n - ROUNDING)
    if is_of(pool.rows[: query.n], share.of, bundle).sum() >= need:
        return pool
    inside = is_of(pool.rows, share.of, bundle)
    if inside.sum() < need:
        depth = slot.depth_for(query.n)
        pool = _more(pool, slot.share_source(share), depth, (query, slot, bundle))
        inside = is_of(pool.rows, share.of, bundle)
    chosen = np.flatnonzero(inside)[:need]
    others = np.setdiff1d(np.arange(len(pool)), chosen)[: max(query.n - len(chosen), 0)]
    first = np.sort(np.concatenate([chosen, others]))
    return pool.take(np.concatenate([first, np.setdiff1d(np.arange(len(pool)), first)]))


def _more(pool: Pool, source: str, depth: int, asked: tuple[Query, Slot, Bundle]) -> Pool:
    query, slot, bundle = asked
    found = RETRIEVERS[source](query, bundle, depth)
    keep = may_stand(found.rows, query, slot, bundle)
    extra = Candidates(found.rows[keep], found.scores[keep])
    return append(pool, extra, slot.names.index(source))


def _led(pool: Pool, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    assert slot.lead is not None, "asked of slots with a lead alone"
    found = RETRIEVERS[slot.lead.source](query, bundle, slot.depth_for(query.n)).rows
    where: NDArray[np.intp] = np.full(len(bundle.items), -1, np.intp)
    where[pool.rows] = np.arange(len(pool))
    first = where[found]
    first = first[first >= 0][: slot.lead.places]
    if not len(first):
        return pool
    rest = np.delete(np.arange(len(pool)), first)
    led = pool.take(np.concatenate([first, rest]))
    scores = np.maximum.accumulate(led.scores[::-1])[::-1]  # a list falls from its first place on
    lead = slot.names.index(slot.lead.source)
    sources = np.concatenate([np.full(len(first), lead), led.sources[len(first) :]])
    return Pool(led.rows, scores, sources)
