import asyncio
import json
import random
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.events import EventType
from engine.happened import Happened
from serving.store.address import Address
from serving.store.items import change_items, changes_after
from serving.store.packing import BEGINNING, StreamId, pack, stream_id, tail_events, unpack
from serving.store.store import Store
from tests.serving.store.small import NOW, accept, purchase, tail_of, told, view


def test_an_event_survives_packing_whole() -> None:
    event = Happened(
        "e",
        EventType.SEARCH,
        NOW,
        "a",
        "b",
        "i",
        3,
        250,
        "o",
        "app",
        "s",
        2,
        "牛奶",
        {"deep": [1, {}]},
    )
    assert unpack(pack(event)) == event
    assert unpack(pack(view(1))) == view(1)
    assert b"null" not in pack(view(1))


def test_what_a_newer_server_wrote_is_passed_over() -> None:
    entries = [b'1-0 {"type":"teleport"}', b"2-0 nonsense", b"3-0 " + pack(view(1)), b"4-0 {}"]
    assert tail_events(entries) == (view(1),)


def test_stream_ids_compare_by_number_not_by_letter() -> None:
    assert stream_id(b"99-10") > stream_id("99-9") > stream_id("9-11") > BEGINNING
    assert str(StreamId(5, 7)) == "5-7"


def test_an_accepted_event_is_in_the_tail_and_in_the_stream(redis: Address) -> None:
    async def story(store: Store) -> None:
        (accepted,) = await accept(store, view(1))
        assert accepted is not None
        assert await tail_of(store, "ann") == (view(1),)
        ((identity, fields),) = (await store.ask(("XRANGE", store.keys.events, "-", "+")))[0]
        assert identity == accepted
        assert unpack(fields[1]) == view(1)

    told(story, redis)


def test_an_event_that_comes_again_counts_once_also_within_a_batch(redis: Address) -> None:
    async def story(store: Store) -> None:
        first = await accept(store, view(1), view(1), view(2))
        assert [one is not None for one in first] == [True, False, True]
        assert await accept(store, view(2), view(1)) == [None, None]
        assert (await store.ask(("XLEN", store.keys.events)))[0] == 2

    told(story, redis)


def test_what_the_bundle_holds_already_is_passed_over(redis: Address) -> None:
    async def story(store: Store) -> None:
        first, second, _ = await accept(store, view(1), view(2), view(3))
        entries = (await store.read("ann", None)).customer
        assert second is not None
        assert tail_events(entries, stream_id(second)) == (view(3),)
        assert first is not None
        assert tail_events(entries, stream_id(first)) == (view(2), view(3))

    told(story, redis)


def test_a_visitors_tail_expires_and_a_customers_does_not(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, view(1), view(2, customer=None, visitor="cookie"))
        tails = await store.read("ann", "cookie")
        assert tail_events(tails.customer) == (view(1),)
        assert tail_events(tails.visitor) == (view(2, customer=None, visitor="cookie"),)
        lives = await store.ask(
            ("TTL", store.keys.customers + "ann"), ("TTL", store.keys.visitors + "cookie")
        )
        assert lives[0] == -1
        assert 29 * 86_400 < lives[1] <= 30 * 86_400

    told(story, redis)


def test_an_event_of_a_signed_in_visitor_lies_with_the_customer(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, view(1, customer="ann", visitor="cookie"))
        tails = await store.read("ann", "cookie")
        assert len(tails.customer) == 1
        assert len(tails.visitor) == 0

    told(story, redis)


def test_a_long_tail_loses_its_oldest_browsing_and_no_order(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, purchase(1), *[view(number) for number in range(40)])
        while len(tail := await tail_of(store, "ann")) > 20:
            await asyncio.sleep(0.01)
        kept = [event.event_id for event in tail]
        assert kept[0] == "p1"
        assert kept[-1] == "v39"
        assert len(kept) == 18
        assert (await store.ask(("XLEN", store.keys.events)))[0] == 41

    told(story, redis, tail_limit=20)


def test_a_store_that_forgot_the_scripts_is_told_them_again(redis: Address) -> None:
    async def story(store: Store) -> None:
        await store.ask(("SCRIPT", "FLUSH"))
        assert await accept(store, view(1)) != [None]
        assert await tail_of(store, "ann") == (view(1),)

    told(story, redis)


def test_changes_of_items_are_numbered_and_what_is_not_said_stays(redis: Address) -> None:
    async def story(store: Store) -> None:
        assert await change_items(store, [("a", {"stock": 3}), ("b", {"available": False})]) == 2
        assert await change_items(store, [("a", {"price_minor": 999})]) == 3
        assert (await store.read("ann", None)).change_count == 3
        found = await changes_after(store, 0)
        assert [item for item, _ in found.changes] == ["b", "a"]
        assert json.loads(found.changes[1][1]) == {"stock": "3", "price_minor": "999"}
        assert (await changes_after(store, 2)).changes == found.changes[1:]
        assert (await changes_after(store, 3)).count == 3
        assert not (await changes_after(store, 0, limit=1)).complete

    told(story, redis)


def test_the_store_says_how_durable_it_is(redis: Address) -> None:
    async def story(store: Store) -> None:
        assert await store.durability() == "always"
        await store.ask(("CONFIG", "SET", "appendfsync", "everysec"))
        assert await store.durability() == "everysec"
        await store.ask(("CONFIG", "SET", "appendfsync", "always"))

    told(story, redis)


def test_two_workers_that_accept_events_of_one_customer_at_once_lose_nothing(
    redis: Address,
) -> None:
    async def story(first: Store) -> None:
        second = Store(redis, first.keys.shop, read_s=5, write_s=5)
        await second.start()
        same = [[view(number) for number in range(start, start + 60)] for start in (0, 40)]
        one, two = await asyncio.gather(
            *(
                asyncio.gather(*(accept(store, event) for event in events))
                for store, events in zip((first, second), same, strict=True)
            )
        )
        assert sum(receipt != [None] for receipt in (*one, *two)) == 100
        assert len(await tail_of(first, "ann")) == 100
        assert (await first.ask(("XLEN", first.keys.events)))[0] == 100
        await second.stop()

    told(story, redis)


def test_no_cancelled_or_late_reader_gets_what_another_asked_for(redis: Address) -> None:
    chance = random.Random(7)

    async def story(store: Store) -> None:
        people = [f"c{number}" for number in range(50)]
        await accept(store, *(view(n, customer=name) for n, name in enumerate(people)))

        async def read(name: str) -> bool:
            (event,) = await tail_of(store, name)
            assert event.customer_id == name
            return True

        done = 0
        for _ in range(60):
            readers = [asyncio.create_task(read(chance.choice(people))) for _ in range(50)]
            await asyncio.sleep(0)
            for reader in chance.sample(readers, 20):
                reader.cancel()
            answers = await asyncio.gather(*readers, return_exceptions=True)
            assert not [a for a in answers if isinstance(a, AssertionError)]
            done += sum(answer is True for answer in answers)
        assert done > 1_000

    told(story, redis)


def test_a_store_that_nobody_runs_fails_at_once_and_says_so(tmp_path: Path) -> None:
    async def story(store: Store) -> None:
        assert not store.up
        with pytest.raises(StoreError, match="down"):
            await store.read("ann", None)
        with pytest.raises(StoreError):
            await accept(store, view(1))

    told(story, Address(socket=str(tmp_path / "nobody.sock")))
