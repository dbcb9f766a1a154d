"""Facts being gathered: the inside of the fold."""

import json
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue

from engine.customers.facts import (
    Attribute,
    Complaint,
    History,
    Moments,
    Order,
    Orders,
    Reach,
    Referred,
    Referrer,
    Refund,
    columns_of,
    key_of,
)
from engine.customers.referrer import referrer_in
from engine.events import MAX_AMOUNT, EventType
from engine.happened import Happened
from engine.types import DAY_MS

HOUR_MS: Final = DAY_MS // 24
MOST_MINOR: Final = int(MAX_AMOUNT) * 10**4  # of a line, in the finest currency's minor units
IMPRESSION: Final = EventType.IMPRESSION
PROFILE: Final = EventType.PROFILE


@dataclass(frozen=True, slots=True)
class Table:
    """How facts of one kind are told apart, and what two of the same place make."""

    name: str  # the field of History
    place: Callable[[Any], Hashable]
    join: Callable[[Any, Any], Any]


def _sum_orders(known: Order, more: Order) -> Order:
    sums = (ours + theirs for ours, theirs in zip(known[2:], more[2:], strict=True))
    return Order(min(known.at, more.at), known.key, *sums)


def _sum_refunds(known: Refund, more: Refund) -> Refund:
    return Refund(
        known.at,
        known.order_key,
        known.amount_minor + more.amount_minor,
        known.units + more.units,
    )


def _sum_referred(known: Referred, more: Referred) -> Referred:
    return known._replace(amount_minor=known.amount_minor + more.amount_minor)


def _sum_reach(known: Reach, more: Reach) -> Reach:
    return known._replace(times=known.times + more.times)


ORDERS: Final = Table("orders", lambda order: order.key, _sum_orders)
REFUNDS: Final = Table("refunds", lambda refund: (refund.order_key, refund.at), _sum_refunds)
REFERRED: Final = Table(
    "referred",
    lambda fact: (fact.who, fact.order_key, fact.at, fact.amount_minor < 0),
    _sum_referred,
)
REACH: Final = Table("reach", lambda reach: (reach.channel, reach.hour), _sum_reach)
ATTRIBUTES: Final = Table("attributes", lambda attribute: attribute.name, max)
COMPLAINTS: Final = Table("complaints", lambda complaint: complaint, max)


class Draft:
    """A history being added to; a table is taken apart only when something is added to it."""

    __slots__ = (
        "acted_at",
        "added",
        "cart_at",
        "first_at",
        "invitations",
        "last_at",
        "member_at",
        "opened",
        "past",
        "ratings",
        "referrer",
        "search_at",
    )

    def __init__(self, past: History) -> None:
        self.past = past
        self.first_at, self.last_at, self.acted_at, self.cart_at = past.moments[:4]
        self.search_at, self.member_at, self.ratings, self.invitations = past.moments[4:]
        self.referrer = past.referrer
        self.added: set[int] = set()
        self.opened: dict[str, dict[Hashable, Any]] = {}

    def add(self, table: Table, fact: Any) -> None:  # a row of the table
        facts = self.opened.get(table.name)
        if facts is None:
            facts = {table.place(each): each for each in _rows(getattr(self.past, table.name))}
            self.opened[table.name] = facts
        place = table.place(fact)
        known = facts.get(place)
        facts[place] = fact if known is None else table.join(known, fact)

    def is_new(self, key: int) -> bool:
        """True the first time an event is met; what it adds up to counts only then."""
        if key in self.added or key in self.past.seen:
            return False
        self.added.add(key)
        return True

    def finished(self) -> History:
        return History(
            moments=Moments(
                self.first_at,
                self.last_at,
                self.acted_at,
                self.cart_at,
                self.search_at,
                self.member_at,
                self.ratings,
                self.invitations,
            ),
            orders=columns_of([*self.opened["orders"].values()])
            if "orders" in self.opened
            else self.past.orders,
            refunds=self._table("refunds"),
            referred=self._table("referred"),
            referrer=self.referrer,
            reach=self._table("reach"),
            attributes=self._table("attributes"),
            complaints=self._table("complaints"),
            seen=self.past.seen | self.added if self.added else self.past.seen,
        )

    def _table(self, name: str) -> tuple[Any, ...]:
        facts = self.opened.get(name)
        return getattr(self.past, name) if facts is None else tuple(sorted(facts.values()))


def _rows(facts: Orders | tuple[Any, ...]) -> Iterable[Any]:
    return facts.each() if isinstance(facts, Orders) else facts


def touch(draft: Draft, event: Happened) -> None:
    at, kind = event.at, event.type
    if at > draft.last_at:
        draft.last_at = at
    if at < draft.first_at or not draft.first_at:
        draft.first_at = at
    if at > draft.acted_at and kind is not IMPRESSION and kind is not PROFILE:
        draft.acted_at = at  # all other types are something that the customer did


def count_order(draft: Draft, event: Happened) -> None:
    key = key_of(event.event_id)
    if not draft.is_new(key):
        return
    said = event.properties
    line = Order(
        at=event.at,
        key=order_key(event, key),
        gross_minor=event.amount_minor,
        units=event.quantity,
        cost_minor=cost_of(event.quantity, said.get("unit_cost_minor")),
        promoted=event.quantity if said.get("promotion") else 0,
        points=whole(said.get("points")),
    )
    draft.add(ORDERS, line)


def count_refund(draft: Draft, event: Happened) -> None:
    key = key_of(event.event_id)
    if draft.is_new(key):
        refund = Refund(event.at, order_key(event, key), event.amount_minor, event.quantity)
        draft.add(REFUNDS, refund)


def count_referred(draft: Draft, event: Happened) -> None:
    key = key_of(event.event_id)
    if draft.is_new(key):
        sign = -1 if event.properties.get("of") == EventType.REFUND else 1
        who = key_of(str(event.properties["referred_id"]))
        order = who if sign < 0 and not event.order_id else order_key(event, key)
        draft.add(REFERRED, Referred(event.at, order, who, sign * event.amount_minor))


def name_referrer(draft: Draft, event: Happened) -> None:
    referrer_id = referrer_in(event.properties, event.customer_id)
    if referrer_id is not None:
        draft.referrer = earliest_referrer(draft.referrer, Referrer(event.at, referrer_id))


def note_cart(draft: Draft, event: Happened) -> None:
    draft.cart_at = max(draft.cart_at, event.at)


def note_search(draft: Draft, event: Happened) -> None:
    draft.search_at = max(draft.search_at, event.at)


def note_signup(draft: Draft, event: Happened) -> None:
    draft.member_at = earliest(draft.member_at, event.at)
    note_profile(draft, event)


def note_profile(draft: Draft, event: Happened) -> None:
    _note(draft, event, prefix="")


def note_consent(draft: Draft, event: Happened) -> None:
    _note(draft, event, prefix="consent.")


def _note(draft: Draft, event: Happened, prefix: str) -> None:
    if event.properties:
        key = key_of(event.event_id)
        for name, value in event.properties.items():
            draft.add(ATTRIBUTES, Attribute(prefix + name, event.at, key, as_json(value)))


def count_rating(draft: Draft, event: Happened) -> None:
    draft.ratings += draft.is_new(key_of(event.event_id))


def count_invitation(draft: Draft, event: Happened) -> None:
    draft.invitations += draft.is_new(key_of(event.event_id))


def count_reach(draft: Draft, event: Happened) -> None:
    if draft.is_new(key_of(event.event_id)):
        draft.add(REACH, Reach(event.channel or "", event.at // HOUR_MS % 24, 1))


def note_complaint(draft: Draft, event: Happened) -> None:
    draft.add(COMPLAINTS, Complaint(event.at, event.item_id or ""))


def absorb(draft: Draft, other: History) -> None:
    """Every fact of `other`, none of whose events was counted before."""
    theirs = other.moments
    draft.first_at = earliest(draft.first_at, theirs.first_at)
    draft.last_at = max(draft.last_at, theirs.last_at)
    draft.acted_at = max(draft.acted_at, theirs.acted_at)
    draft.cart_at = max(draft.cart_at, theirs.cart_at)
    draft.search_at = max(draft.search_at, theirs.search_at)
    draft.member_at = earliest(draft.member_at, theirs.member_at)
    draft.ratings += theirs.ratings
    draft.invitations += theirs.invitations
    draft.referrer = earliest_referrer(draft.referrer, other.referrer)
    draft.added |= other.seen.keys()
    for table in (ORDERS, REFUNDS, REFERRED, REACH, ATTRIBUTES, COMPLAINTS):
        for fact in _rows(getattr(other, table.name)):
            draft.add(table, fact)


def order_key(event: Happened, event_key: int) -> int:
    """A line without an order id is an order of its own, told apart from any order id."""
    return key_of(event.order_id) if event.order_id else ~event_key


def earliest(ours: int, theirs: int) -> int:
    """0 is never."""
    return min(ours, theirs) if ours and theirs else ours or theirs


def earliest_referrer(ours: Referrer, theirs: Referrer) -> Referrer:
    if ours.referrer_id and theirs.referrer_id:
        return min(ours, theirs)
    return ours if ours.referrer_id else theirs


def whole(value: JsonValue) -> int:
    """A whole number from 1 to `MOST_MINOR`; anything else says nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_MINOR:
        return value
    return 0


def cost_of(quantity: int, unit_cost_minor: JsonValue) -> int:
    """What a line cost the shop; a cost that no line can have says nothing."""
    return whole(quantity * whole(unit_cost_minor))


def as_json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
