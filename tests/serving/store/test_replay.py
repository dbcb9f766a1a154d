"""The tails are made from the stream: whatever of them is lost comes back."""

import asyncio
import os

from hypothesis import given, settings
from hypothesis import strategies as some

from engine.events import EventType
from engine.happened import Happened
from serving.store.address import Address
from serving.store.packing import tail_events
from serving.store.replay import needs_replay, replay
from serving.store.store import Accepting, Store

NOW = 1_790_000_000_000
PEOPLE = ("ann", "ben", "cat")


def happened(number: int, kind: EventType, who: str) -> Happened:
    properties = {"referrer_id": PEOPLE[number % 3]} if kind is EventType.REFERRAL else {}
    return Happened(
        f"e{number}", kind, NOW + number % 7, who, item_id="i", quantity=1, unit_price_minor=number,
        properties=properties,
    )  # fmt: skip


async def all_tails(store: Store) -> dict[str, tuple[Happened, ...]]:
    tails = {}
    for who in PEOPLE:
        events = tail_events((await store.read(who, None)).customer, customer_id=who)
        tails[who] = tuple(sorted(events, key=lambda event: event.event_id))
    return tails


async def lose_tails(store: Store) -> None:
    await store.ask(
        *[("DEL", store.keys.customers + who) for who in PEOPLE],
        ("DEL", store.keys.referrers, store.keys.folded),
    )


def test_a_store_that_is_new_has_nothing_to_replay_and_says_so_once(redis: Address) -> None:
    async def story() -> None:
        store = Store(redis, f"new-{os.getpid()}", read_s=5, write_s=5)
        await store.start()
        await store.ask(("DEL", store.keys.folded))
        assert await needs_replay(store)
        assert await replay(store, Accepting) == 0
        assert not await needs_replay(store)
        await store.stop()

    asyncio.run(story())


@settings(max_examples=15, deadline=None)
@given(
    log=some.lists(
        some.tuples(
            some.integers(0, 30),
            some.sampled_from([EventType.VIEW, EventType.PURCHASE, EventType.REFERRAL]),
            some.sampled_from(PEOPLE),
        ),
        max_size=25,
    ),
    crash=some.integers(0, 25),
)
def test_replay_gives_back_the_same_tails_wherever_they_were_lost(
    redis: Address, log: list[tuple[int, EventType, str]], crash: int
) -> None:
    async def story() -> None:
        store = Store(redis, f"replay-{os.getpid()}", read_s=5, write_s=5)
        await store.start()
        await lose_tails(store)
        await store.ask(("DEL", store.keys.events))
        for place, (number, kind, who) in enumerate(log):
            if place == crash:
                await lose_tails(store)
                await asyncio.gather(replay(store, Accepting), replay(store, Accepting))
            await store.accept([Accepting(happened(number, kind, who))])
        before = await all_tails(store)
        await lose_tails(store)
        await replay(store, Accepting)
        assert await all_tails(store) == before
        await replay(store, Accepting)
        assert await all_tails(store) == before
        await store.stop()

    asyncio.run(story())


def test_a_long_stream_is_replayed_page_by_page(redis: Address) -> None:
    async def story() -> None:
        store = Store(redis, f"long-{os.getpid()}", read_s=5, write_s=10)
        await store.start()
        await store.ask(("DEL", store.keys.events, store.keys.customers + "ann"))
        events = [Accepting(happened(n, EventType.PURCHASE, "ann")) for n in range(1_203)]
        await store.accept(events)
        await lose_tails(store)
        assert await replay(store, Accepting) == 1_203
        assert len((await store.read("ann", None)).customer) == 1_203
        await store.stop()

    asyncio.run(story())
