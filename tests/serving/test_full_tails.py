"""One customer who does very much costs a bounded read, and loses no money."""

import asyncio
from dataclasses import replace

from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked
from engine.types import DAY_MS
from serving.customer_schemas import AliasWire, LinkRequest
from serving.identity import relate
from serving.shop import Shop, see
from serving.store.packing import tail_events
from serving.store.store import Accepting, Store
from serving.store.trim import MOST_LIMITS
from tests.serving.stories import live_through
from tests.worlds import NOW

LIMIT = 20
MOST = LIMIT * MOST_LIMITS
ANN = Asked(n=3, customer_id="ann")


def bought(number: int, customer: str = "ann") -> Happened:
    return Happened(
        f"p{number}",
        EventType.PURCHASE,
        NOW - DAY_MS,
        customer,
        item_id="milk",
        unit_price_minor=100,
        order_id=f"o{number}",
    )


def viewed(number: int) -> Happened:
    return Happened(f"v{number}", EventType.VIEW, NOW - DAY_MS, "ann", item_id="pot")


async def accept(store: Store, *events: Happened) -> list[bytes | None]:
    return await store.accept([Accepting(event) for event in events])


async def ids_of(store: Store, customer: str = "ann") -> list[str]:
    tail = (await store.read(customer, None)).customer
    return [event.event_id for event in tail_events(tail, customer_id=customer)]


async def trimmed(store: Store) -> None:
    """When nobody trims any more."""
    while store.trimming:
        await asyncio.sleep(0.001)


async def settled(store: Store, customer: str = "ann") -> list[str]:
    await trimmed(store)
    return await ids_of(store, customer)


def test_a_full_tail_takes_no_more_orders_and_the_stream_takes_all(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        store = shop.store
        for start in range(0, MOST * 3, MOST):
            told = await accept(store, *[bought(number) for number in range(start, start + MOST)])
            assert None not in told
        assert await settled(store) == [f"p{number}" for number in range(MOST)]
        assert (await store.ask(("XLEN", store.keys.events)))[0] == MOST * 3

    live_through(story, tea_shop, tail_limit=LIMIT)


def test_what_was_looked_at_last_still_counts(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        await accept(shop.store, *[bought(number) for number in range(MOST)])
        for number in range(LIMIT * 5):
            await accept(shop.store, viewed(number))
            await trimmed(shop.store)  # on a busy machine more may come while one trim is at work
        kept = await settled(shop.store)
        assert kept[:MOST] == [f"p{number}" for number in range(MOST)]
        assert LIMIT // 10 <= len(kept) - MOST <= LIMIT // 5
        assert kept[-1] == f"v{LIMIT * 5 - 1}"

    live_through(story, tea_shop, tail_limit=LIMIT)


def test_whoever_referred_a_busy_customer_has_a_bounded_tail_too(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        said = {"referrer_id": "ann"}
        told = Happened("r", EventType.REFERRAL, NOW - 2 * DAY_MS, "ben", properties=said)
        early = [bought(number, "ben") for number in range(MOST - 5)]
        await accept(shop.store, *early, told)
        await accept(shop.store, *[bought(number, "cat") for number in range(2)])
        assert len(await ids_of(shop.store)) == MOST - 5
        dan = replace(told, event_id="r2", customer_id="dan")
        await accept(shop.store, dan, *[bought(number + MOST, "dan") for number in range(30)])
        assert len(await ids_of(shop.store)) == MOST
        late = replace(told, event_id="r3", customer_id="eve")
        await accept(shop.store, *[bought(number + 2 * MOST, "eve") for number in range(9)], late)
        assert len(await ids_of(shop.store)) == MOST
        assert len(await ids_of(shop.store, "eve")) == 10, "their own tail has room"

    live_through(story, tea_shop, tail_limit=LIMIT)


def test_an_answer_from_a_full_tail_says_so(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        await accept(shop.store, *[bought(number) for number in range(MOST - 1)])
        before = (await see(shop, ANN)).query
        assert (before.degraded, before.customer.orders) == ((), MOST - 1)
        await accept(shop.store, bought(MOST))
        full = (await see(shop, ANN)).query
        assert (full.degraded, full.customer.orders) == (("tail",), MOST)
        assert (await see(shop, replace(ANN, customer_id="lin"))).query.degraded == ()

    live_through(story, tea_shop, tail_limit=LIMIT)


def test_a_tail_made_again_from_the_stream_is_bounded_as_well(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        store, views = shop.store, [viewed(number) for number in range(LIMIT * 4)]
        accepted = await accept(store, *views)
        await settled(store)
        await store.ask(("DEL", store.keys.customers + "ann"))
        await store.fold(
            [(one, Accepting(event)) for one, event in zip(accepted, views, strict=True) if one]
        )
        assert len(await settled(store)) <= LIMIT

    live_through(story, tea_shop, tail_limit=LIMIT)


async def link(shop: Shop, customer: str, *aliases: tuple[str, str]) -> None:
    told = [AliasWire(kind=kind, value=value) for kind, value in aliases]
    await relate(shop, LinkRequest(customer_id=customer, aliases=told), link=True)


def test_a_person_of_many_ids_costs_no_more_than_one_full_tail(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        cards = [f"card{number}" for number in range(5)]
        await link(shop, "ann", *[("pos_card", card) for card in cards])
        for place, card in enumerate(cards[:4]):
            start = place * LIMIT
            orders = [bought(number, card) for number in range(start, start + LIMIT)]
            await accept(shop.store, *orders)
        whole = await see(shop, ANN)
        assert (whole.query.degraded, whole.query.customer.orders) == ((), MOST)
        await asyncio.sleep(0.002)  # the newest are told by the millisecond
        await accept(shop.store, *[bought(number, "card4") for number in range(MOST, MOST + 5)])
        full = await see(shop, ANN)
        assert (full.query.degraded, full.query.customer.orders) == (("tail",), MOST)
        kept = {event.event_id for event in full.events}
        assert kept >= {f"p{number}" for number in range(MOST, MOST + 5)}

    live_through(story, tea_shop, tail_limit=LIMIT)


def test_a_household_takes_less_than_ones_own(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        for customer in ("ann", "son"):
            await link(shop, customer, ("household", "elm"))
        await accept(shop.store, *[bought(number, "son") for number in range(LIMIT)])
        assert (await see(shop, ANN)).query.degraded == ()
        await accept(shop.store, bought(LIMIT, "son"))
        found = await see(shop, ANN)
        assert found.query.degraded == ("tail",)
        assert found.query.at_home.bought.tolist() == [LIMIT]
        son = await see(shop, replace(ANN, customer_id="son"))
        assert (son.query.degraded, son.query.customer.orders) == ((), LIMIT + 1)

    live_through(story, tea_shop, tail_limit=LIMIT)
