"""What a slot does with who is asking, beyond choosing its sources.

Rules filter items and weigh them; what they do with the finished list is in `engine.slot_shares`.
A customer who opted out meets none that their data would decide (A6).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.customers.complaints import is_suppressed
from engine.customers.lock_in import lock_in_factors
from engine.customers.offers import delivered_value, may_see
from engine.customers.state import NOBODY
from engine.customers.supplies import Supplies
from engine.query import Query
from engine.ranking import Pool, filter_for_slot
from engine.slots import Repeat, Slot
from engine.types import NO_ROWS, Mask, Rows

STRANGER: Final = "other"  # the value class of somebody of whom nothing is known


@dataclass(frozen=True, slots=True)
class Filters:
    """What this slot may show this customer now."""

    query: Query
    slot: Slot
    bundle: Bundle
    hidden: Mask  # (n_items,) by what the customer and their home did; found once a request

    def keep(self, rows: Rows) -> Mask:
        """Which of `rows` pass every filter."""
        of = (self.query, self.slot, self.bundle)
        keep: Mask = ~self.hidden.take(rows) & filter_for_slot(rows, *of)
        ruled = filter_by_rules(rows, *of)
        return keep if ruled is None else keep & ruled

    def filtered(self, pool: Pool) -> Pool:
        return pool.take(self.keep(pool.rows))


def filters_of(query: Query, slot: Slot, bundle: Bundle) -> Filters:
    hidden = np.zeros(len(bundle.items), np.bool_)
    for rows in hidden_rows(query, slot, bundle):
        hidden[rows] = True
    return Filters(query, slot, bundle, hidden)


def hidden_rows(query: Query, slot: Slot, bundle: Bundle) -> Iterator[Rows]:
    """Named by the caller, on the page already, in the cart, disliked; and what the slot's repeat
    policy hides of what was bought, by the customer or by another of the household (R6)."""
    history = query.history
    yield from (query.exclude, query.context, query.cart, history.rows[history.unwanted])
    yield not_again(query.supplies, slot)
    if len(query.at_home):
        home = Supplies(query.at_home, bundle.repurchase, query.now)
        yield not_again(home, slot, at_any_time=False)


def not_again(supplies: Supplies, slot: Slot, *, at_any_time: bool = True) -> Rows:
    """Bought items that the slot's repeat policy hides; what is wanted again is due.

    `at_any_time`: where goods have no cycle, they are wanted before they are used up.
    """
    if slot.repeat is Repeat.ALWAYS:
        return NO_ROWS
    bought = supplies.history.bought > 0
    if slot.repeat is Repeat.WHEN_DUE:
        bought &= ~(supplies.wanted if at_any_time else supplies.used_up)
    return supplies.history.rows[bought]


def filter_by_rules(rows: Rows, query: Query, slot: Slot, bundle: Bundle) -> Mask | None:
    """What stock, complaints, life stages and campaigns leave; None where none has a say."""
    parts = []
    if slot.scarce is not None:
        value_class = query.customer.value_class if query.customer.personal else STRANGER
        if value_class not in slot.scarce.classes:
            parts.append(may_see(bundle.catalogue.stock[rows], value_class, slot.scarce))
    if len(query.complained) and slot.complaints:
        parts.append(~is_suppressed(rows, query.complained, bundle.catalogue))
    if query.customer.life_stages and query.customer.personal and slot.life_stages:
        parts.append(bundle.item_stages.suit(rows, query.customer.life_stages))
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
        scores = delivered_value(scores, listed, own.price_band, slot.delivered)
    if scores is pool.scores:
        return pool
    order = np.argsort(-scores, kind="stable")
    return Pool(pool.rows[order], scores[order], pool.sources[order])
