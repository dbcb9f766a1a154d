"""Everything that belongs to one shop, in one value. Nothing of it lives in a module."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import orjson
from pydantic import ValidationError

from engine.bundle import Bundle
from engine.catalogue import ItemChange
from engine.customers.identity import customer_node
from engine.errors import StoreError
from engine.events import BROWSING
from engine.happened import Happened
from engine.query import Asked, Query, enrich, with_home
from engine.slots import Slots
from serving.auth import KeyRing
from serving.bundles import Bundles, Changes, Live
from serving.consents import Consents
from serving.drain import Drain
from serving.metrics import Metrics
from serving.person import (
    Erasures,
    Found,
    find,
    find_without_store,
    hidden,
    identity_of,
    is_several,
)
from serving.settings import Settings
from serving.store.items import FOLLOW_S, ItemChanges, changes_after
from serving.store.packing import BEGINNING, not_among, tail_events
from serving.store.store import Store, Tails

NO_TAILS = Tails()


@dataclass(frozen=True, slots=True)
class Shop:
    settings: Settings
    slots: Slots
    store: Store
    bundles: Bundles
    metrics: Metrics
    now: Callable[[], int]  # epoch ms
    catching_up: asyncio.Lock
    erasures: Erasures
    consents: Consents
    drain: Drain
    keys: KeyRing


@dataclass(frozen=True, slots=True)
class Seen:
    """A request with all that is known of who is asking, and the bundle that it is about."""

    query: Query
    live: Live
    events: tuple[Happened, ...] = ()  # since the bundle
    found: Found | None = None  # for who has several ids, a household, or was erased

    @property
    def bundle(self) -> Bundle:
        return self.live.bundle


async def see(shop: Shop, asked: Asked) -> Seen:
    """One trip to the store, then the bundle; when the store does not answer the snapshot alone,
    and who opted out since.

    One trip more for who has several ids or a household.
    """
    missing: tuple[str, ...] = ()
    try:
        tails = await shop.store.read(asked.customer_id, asked.visitor_id)
    except StoreError:
        tails, missing = NO_TAILS, ("store",)
    if not await _meet(shop, tails):
        missing = ("store",)
    if tails.last_erasure > shop.erasures.known.last and not await shop.erasures.learn(shop.store):
        missing, tails = ("store",), NO_TAILS  # they may be of somebody who was erased
        asked = replace(asked, customer_id=None, visitor_id=None)
    live, found = shop.bundles.live, None
    several = tails.linked and is_several(tails, asked, live)
    if several or missing or shop.erasures.since(live):
        found, missing = await _several(shop, asked, tails, live, missing)
    longest = max(len(tails.customer), len(tails.visitor))
    if longest >= shop.store.tail_most or (found is not None and found.cut):
        missing += ("tail",)
    degraded = missing + live.degraded
    for reason in degraded:
        shop.metrics.degraded.labels(reason).inc()
    if found is not None:
        return _seen(shop, asked, found, live, degraded)
    events = events_of(asked, _held_or(tails, shop, asked), live)
    query = enrich(asked, live.bundle, shop.now(), tail=events, degraded=degraded)
    return Seen(_without_erased(query, shop, live), live, events)


def _held_or(tails: Tails, shop: Shop, asked: Asked) -> Tails:
    return shop.consents.tails(asked, shop.erasures.known) if tails is NO_TAILS else tails


async def _several(
    shop: Shop, asked: Asked, tails: Tails, live: Live, missing: tuple[str, ...]
) -> tuple[Found | None, tuple[str, ...]]:
    """Nothing for who has one id, was not erased, or asks for nobody; and what was missing."""
    down, erased = tails is NO_TAILS, shop.erasures.known
    identity = identity_of(asked, tails, live, store_down=down)
    if not identity and not tails.linked and not hidden(asked, erased, live):
        return None, missing
    if not down:
        try:
            return await find(shop.store, asked, tails, identity, erased, live), missing
        except StoreError:
            missing = ("store",)
    return find_without_store(asked, identity, erased, live, shop.consents), missing


def _seen(shop: Shop, asked: Asked, found: Found, live: Live, degraded: tuple[str, ...]) -> Seen:
    query = enrich(
        asked, live.bundle, shop.now(), tail=found.events, degraded=degraded, known=found.known
    )
    query = with_home(query, found.home)
    return Seen(_without_erased(query, shop, live), live, found.events, found)


def _without_erased(query: Query, shop: Shop, live: Live) -> Query:
    """Without a referrer who was erased after the bundle, which still holds what they bought."""
    referrer = query.customer.referrer_id
    if referrer is None or not shop.erasures.since(live):
        return query
    if not shop.erasures.known.since(customer_node(referrer), live.bundle.manifest.erasures):
        return query
    return replace(query, customer=query.customer._replace(referrer_id=None))


def events_of(asked: Asked, tails: Tails, live: Live) -> tuple[Happened, ...]:
    """What the bundle does not hold of who is asking.

    A customer's standing must not depend on which ids a caller sends: of the visitor that they
    are too, only browsing counts, and nothing that they did as a customer as well. What the bundle
    holds of a visitor, it holds as the customer's.
    """
    if asked.customer_id is None:
        return tail_events(tails.visitor)
    own = tail_events(tails.customer, live.through, asked.customer_id)
    if not tails.visitor:
        return own
    known = asked.visitor_id is not None and live.bundle.is_customer(
        asked.visitor_id, asked.customer_id
    )
    after = live.through if known else BEGINNING
    before = tail_events(not_among(tails.visitor, tails.customer), after)
    return own + tuple(event for event in before if event.type in BROWSING)


async def _meet(shop: Shop, tails: Tails) -> bool:
    """Wait `FOLLOW_S` at most for the changes that `tails` tells of; False if they did not come."""
    if tails.change_count <= shop.bundles.changes.count:
        return True
    try:
        async with asyncio.timeout(FOLLOW_S):
            await catch_up(shop, tails.change_count)
    except (StoreError, TimeoutError):
        return False
    return True


async def live_now(shop: Shop) -> Live:
    """The bundle with every change of an item that was acknowledged before; as it is without the
    store.
    """
    try:
        met = await _meet(shop, await shop.store.read(None, None))
    except StoreError:
        met = False
    if not met:
        shop.metrics.degraded.labels("store").inc()
    return shop.bundles.live


async def catch_up(shop: Shop, count: int) -> None:
    """Lay the changes of items over the bundle until it holds those up to number `count`.

    What came page by page stays when the caller stops waiting, so that the next has less to do.
    """
    async with shop.catching_up:
        while (held := shop.bundles.changes.count) < count:
            found = await changes_after(shop.store, held)
            if found.count == held:
                return  # a store that has lost them; `begin_anew` follows
            shop.bundles.add_changes(Changes(found.count, _parsed(found)))


async def begin_anew(shop: Shop) -> None:
    """Lay all changes that the store holds over the bundle, and none that it does not hold."""
    count, complete, by_item = 0, False, dict[str, ItemChange]()
    async with shop.catching_up:
        while not complete:
            found = await changes_after(shop.store, count)
            count, complete = found.count, found.complete
            by_item |= _parsed(found)
        await shop.bundles.replace_changes(Changes(count, by_item))


def _parsed(found: ItemChanges) -> dict[str, ItemChange]:
    parsed = ((item_id, _change(item_id, raw)) for item_id, raw in found.changes)
    return {item_id: change for item_id, change in parsed if change is not None}


def _change(item_id: str, raw: bytes) -> ItemChange | None:
    """None for what a newer version of the server may have written."""
    try:
        return ItemChange.model_validate(orjson.loads(raw) | {"item_id": item_id})
    except ValidationError:
        return None
