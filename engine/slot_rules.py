"""What a slot does with who is asking, beyond choosing its sources.

Rules filter items and weigh them; what they do with the finished list is in `engine.slot_shares`.
A customer who opted out meets none that their data would decide (A6).
"""

from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.customers.complaints import is_suppressed
from engine.customers.life_stages import barred_stages
from engine.customers.lock_in import lock_in_factors
from engine.customers.loyalty import tier_prices
from engine.customers.offers import delivered_value, may_see
from engine.customers.renewal import used_up
from engine.customers.state import NOBODY
from engine.query import Query
from engine.ranking import Pool, filter_for_slot, not_again
from engine.slots import Repeat, Slot
from engine.types import Mask, Rows

STRANGER: Final = "other"  # the value class of somebody of whom nothing is known


def filter_rows(rows: Rows, query: Query, slot: Slot, bundle: Bundle) -> Mask:
    """Which of `rows` pass every filter of this slot for this customer now."""
    keep = filter_for_slot(rows, query, slot, bundle)
    ruled = filter_by_rules(rows, query, slot, bundle)
    return keep if ruled is None else keep & ruled


def filter_by_rules(rows: Rows, query: Query, slot: Slot, bundle: Bundle) -> Mask | None:
    """What stock, home, complaints, life stages and campaigns leave; None where none has a say."""
    parts = []
    if slot.scarce is not None:
        value_class = query.customer.value_class if query.customer.personal else STRANGER
        if value_class not in slot.scarce.classes:
            parts.append(may_see(bundle.catalogue.stock[rows], value_class, slot.scarce))
    if len(query.at_home) and slot.repeat is not Repeat.ALWAYS:  # what another there bought (R6)
        left = not_again(query.at_home, query.now, slot, bundle, used_up)
        parts.append(~np.isin(rows, left))
    if len(query.complained) and slot.complaints:
        parts.append(~is_suppressed(rows, query.complained, bundle.catalogue))
    if query.customer.life_stages and query.customer.personal and slot.life_stages:
        barred = barred_stages(query.customer.life_stages, bundle.shop.life_stages)
        parts.append(~barred[bundle.item_stages[rows]])
    if bundle.programme is not None:
        own = query.customer if query.customer.personal else NOBODY
        parts.append(~bundle.programme.kept_back(rows, own.tier_rank, own.points, query.now))
    if not parts:
        return None
    keep: Mask = np.logical_and.reduce(parts)
    return keep


def weigh_by_rules(pool: Pool, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    """Brands that the customer has settled on rise, their rivals fall (C4); prices count (S4)."""
    scores = pool.scores
    if slot.lock_in is not None and len(query.history):
        factors = lock_in_factors(pool.rows, query.history, bundle.catalogue, slot.lock_in)
        scores = np.where(scores > 0, scores * factors, scores / factors)
    if slot.delivered is not None and len(pool):
        own = query.customer if query.customer.personal else NOBODY
        listed = bundle.catalogue.price_minor.take(pool.rows)
        paid = tier_prices(listed, bundle.schemes.tier(own.tier))
        scores = delivered_value(scores, paid, own.price_band, slot.delivered)
    if scores is pool.scores:
        return pool
    order = np.argsort(-scores, kind="stable")
    return Pool(pool.rows[order], scores[order], pool.sources[order])
