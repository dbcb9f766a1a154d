"""A request, enriched with all that the bundle and the newest events say of who is asking."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.customers.complaints import complained_rows
from engine.customers.households import bought_at_home
from engine.customers.state import CustomerState, assess
from engine.customers.supplies import Supplies
from engine.customers.tastes import tastes_of
from engine.events import EventType
from engine.happened import Happened
from engine.interactions import InteractionConfig
from engine.item_history import newest, saturated
from engine.person import (
    Known,
    Updated,
    home_at_training,
    known_at_training,
    known_customer,
    known_row,
    updated,
)
from engine.types import DAY_MS, NO_ITEM_HISTORY, NO_ROWS, ItemHistory, Rows

SESSION_DAYS: Final = 30  # decision: "lately" is true of no older sign of interest
INTEREST: Final = frozenset(
    {
        EventType.VIEW,
        EventType.CLICK,
        EventType.FAVOURITE,
        EventType.CART,
        EventType.PURCHASE,
        EventType.ENQUIRY,
    }
)
"""Events that say "I look at this now"."""
SESSION: Final = 10  # items of a session that count; 5–10 measured on diginetica


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asks, in outside ids. Unknown items are passed over, unknown customers cold."""

    n: int
    customer_id: str | None = None
    visitor_id: str | None = None
    context_items: Sequence[str] = ()
    cart: Sequence[str] = ()
    exclude: Sequence[str] = ()
    category: str | None = None
    search: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What the path works on, in rows of one bundle."""

    n: int
    customer: CustomerState
    supplies: Supplies
    customer_row: int = -1  # -1: not in the bundle
    segment: int = -1  # place of the customer's segment in shop.toml; of who is known alone
    at_home: ItemHistory = NO_ITEM_HISTORY  # what others of the household bought: it only hides
    fresh: bool = False  # the history holds more than the bundle's factors know
    recent: Rows = field(default_factory=lambda: NO_ROWS)  # newest first, each once
    context: Rows = field(default_factory=lambda: NO_ROWS)
    cart: Rows = field(default_factory=lambda: NO_ROWS)
    exclude: Rows = field(default_factory=lambda: NO_ROWS)
    complained: Rows = field(default_factory=lambda: NO_ROWS)  # what the customer complained about
    category: int | None = None  # a code; -1 is a category that nothing belongs to
    search: str | None = None
    searching: bool = False  # the words came with this request; else they are the last ones
    channel: str | None = None
    degraded: tuple[str, ...] = ()

    @property
    def now(self) -> int:
        return self.supplies.now

    @property
    def history(self) -> ItemHistory:
        return self.supplies.history

    @property
    def basket(self) -> Rows:
        """The cart, or the page's items where the cart is empty."""
        return self.cart if len(self.cart) else self.context


def enrich(
    asked: Asked,
    bundle: Bundle,
    now: int,
    *,
    tail: Sequence[Happened] = (),
    degraded: tuple[str, ...] = (),
    known: Known | None = None,
) -> Query:
    """Fold the events since the bundle (`tail`, any order) over what the bundle knows.

    `known` says what that is where it is not the row of `asked.customer_id` alone.
    For a customer who opted out, nothing but their standing (which prices depend on) is kept.
    """
    known = known_customer(bundle, asked.customer_id) if known is None else known
    person = _recognised(known, bundle, now, tail)
    if not person.customer.personal:
        person = Person(person.customer)
    alike = person.customer.known and person.customer.personal  # nobody is like a stranger
    return Query(
        n=asked.n,
        customer=person.customer,
        supplies=Supplies(person.history, bundle.repurchase, now, person.ordered_at),
        segment=bundle.segment_row(person.customer.segment) if alike else -1,
        customer_row=person.row,
        fresh=person.fresh,
        recent=person.recent,
        context=_known(bundle, asked.context_items),
        cart=_known(bundle, asked.cart),
        exclude=_known(bundle, asked.exclude),
        complained=person.complained,
        category=_category(bundle, asked.category),
        search=asked.search or person.search,
        searching=bool(asked.search),
        channel=asked.channel,
        degraded=degraded,
    )


def enrich_at_training(asked: Asked, bundle: Bundle, now: int) -> Query:
    """For who is asked about without a store: their ids and household are those of the training."""
    known = known_at_training(bundle, asked.customer_id)
    query = enrich(asked, bundle, now, known=known)
    return with_home(query, home_at_training(bundle, asked.customer_id))


def enrich_row(asked: Asked, bundle: Bundle, row: int, now: int) -> Query:
    """The same of the customer of this row, whom `asked` need not name: none is looked up."""
    if len(bundle.linked.nodes):
        named = replace(asked, customer_id=bundle.customers.id(row))
        return enrich_at_training(named, bundle, now)
    return enrich(asked, bundle, now, known=known_row(bundle, row))


def with_home(query: Query, home: Sequence[ItemHistory]) -> Query:
    """`home`: of the others of the household who share; whoever opted out takes nothing (A6)."""
    if not home or not query.customer.personal:
        return query
    return replace(query, at_home=bought_at_home(home))


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking, and what of their past may decide what they see."""

    customer: CustomerState
    row: int = -1
    history: ItemHistory = NO_ITEM_HISTORY
    ordered_at: tuple[int, ...] = ()
    fresh: bool = False
    recent: Rows = field(default_factory=lambda: NO_ROWS)
    search: str | None = None  # the latest query
    complained: Rows = field(default_factory=lambda: NO_ROWS)


def _recognised(known: Known, bundle: Bundle, now: int, tail: Sequence[Happened]) -> Person:
    found = updated(known, tail, bundle)
    past = found.known.past
    history = saturated(found.known.items, bundle.shop.interactions)
    tastes = tastes_of(history, bundle.catalogue)
    return Person(
        customer=assess(past, bundle.thresholds, bundle.schemes, now, tastes, known.row),
        row=known.row,
        history=history,
        ordered_at=past.orders.at,
        fresh=found.fresh,
        recent=_session(found, history, bundle.shop.interactions, now),
        search=_latest_query(found.events),
        complained=complained_rows(past, history, bundle.items),
    )


def _known(bundle: Bundle, items: Sequence[str]) -> Rows:
    if not items:
        return NO_ROWS
    rows = bundle.items.rows(items)
    return rows[rows >= 0]


def _category(bundle: Bundle, path: str | None) -> int | None:
    return None if path is None else bundle.catalogue.categories.row(path)


def _session(found: Updated, history: ItemHistory, config: InteractionConfig, now: int) -> Rows:
    """What was looked at lately, newest first: of the newest events also looks that weigh nothing
    in this shop, of which the history does not tell when they were.
    """
    since = now - SESSION_DAYS * DAY_MS
    weightless = [
        (row, event.at)
        for row, event in zip(found.rows.tolist(), found.events, strict=True)
        if row >= 0 and event.type in INTEREST and config.weights[event.type] <= 0
    ]
    if weightless:
        seen, at = zip(*weightless, strict=True)
        last_at = history.last_at.copy()
        np.maximum.at(last_at, history.rows.searchsorted(seen), at)
        history = replace(history, last_at=last_at)
    return newest(history, SESSION, since)


def _latest_query(tail: Sequence[Happened]) -> str | None:
    if not tail:
        return None
    searches = [event for event in tail if event.type is EventType.SEARCH and event.query]
    latest = max(searches, key=lambda event: (event.at, event.event_id), default=None)
    return None if latest is None else latest.query
