"""Erased: a stranger from the next request on, under every id, and whoever comes back is new."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from engine.customers.tombstones import Tombstones, tombstone
from engine.errors import StoreError
from engine.events import EventType
from engine.happened import Happened
from engine.instants import instant
from engine.query import Asked
from engine.retrievers import RETRIEVERS
from serving.clock import wall
from serving.customer_schemas import AliasWire, LinkRequest
from serving.identity import erase_person, relate
from serving.person import Erasures
from serving.profile import profile_of
from serving.shop import Shop, see
from serving.store.packing import BEGINNING
from serving.store.purge import purge
from serving.store.replay import stream_after
from serving.store.store import Accepting, Store
from tests.serving.caller import Caller
from tests.serving.stories import live_through
from tests.worlds import NOW
from training.publish import publish

LATER = datetime.fromtimestamp(NOW / 1000 + 60, UTC).isoformat()


def erase(caller: Caller, customer: str) -> dict[str, Any]:
    answer = caller.client.delete(f"/customers/{customer}")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def known(caller: Caller, customer: str) -> dict[str, Any]:
    told = caller.client.get(f"/customers/{customer}").json()
    return {name: told[name] for name in ("known", "orders", "points", "attributes")}


STRANGER = {"known": False, "orders": 0, "points": 0, "attributes": {}}


def test_all_ids_of_a_person_are_a_strangers_at_once_and_the_receipt_names_nobody(
    caller: Caller, tea_shop: Shop
) -> None:
    caller.buy("cup", customer_id="card-7")
    caller.event("view", visitor_id="v-7", item_id="pot")
    caller.event("profile", customer_id="mei", properties={"birthday": "1990-02-02"})
    caller.link("mei", ("pos_card", "card-7"), ("visitor", "v-7"))
    stranger = caller.items(customer_id="never seen")
    assert caller.items(customer_id="mei") != stranger
    receipt = erase(caller, "card-7")
    for customer in ("mei", "card-7"):
        assert known(caller, customer) == STRANGER
        assert caller.items(customer_id=customer) == stranger
    assert caller.items(visitor_id="v-7") == stranger
    assert receipt["removed"] == {"ids": 3, "newest_events": 3}
    assert [one["what"] for one in receipt["remaining"]] == ["stream", "log", "bundles"]
    assert not any(name in str(receipt) for name in ("mei", "card-7", "v-7"))
    assert known(caller, "lin")["orders"] == 1, "nobody else is touched"


def test_the_receipt_of_an_old_logs_server_is_dated_by_the_calendar(
    caller: Caller, tea_shop: Shop
) -> None:
    """The server's clock is that of a log that ended long ago; a deadline is not."""
    began = wall()
    receipt = erase(caller, "who asks to be forgotten")
    until, done = (
        round(datetime.fromisoformat(told).timestamp() * 1000)
        for told in (receipt["remaining"][0]["until"], receipt["done_at"])
    )
    assert began <= done <= wall()
    assert until == done + tea_shop.settings.erasure_days * 86_400_000
    assert receipt["erased_at"] == instant(NOW), "events of the log are forgotten up to its end"


def test_what_happened_before_is_refused_and_what_comes_later_is_a_new_history(
    caller: Caller,
) -> None:
    caller.buy("cup", customer_id="lin")
    erase(caller, "lin")
    line = {"event_id": "late", "type": "view", "item_id": "pot", "customer_id": "lin"}
    old = datetime.fromtimestamp(NOW / 1000 - 1, UTC).isoformat()
    told = caller.client.post("/events", json={"events": [{**line, "at": old}]}).json()
    assert "was erased" in told["results"][0]["errors"][0]
    assert known(caller, "lin") == STRANGER
    new = {"event_id": "new", "type": "purchase", "item_id": "pot", "customer_id": "lin"}
    told = caller.client.post("/events", json={"events": [{**new, "at": LATER}]}).json()
    assert told["accepted"] == 1
    assert known(caller, "lin")["orders"] == 1, "only what came after"


def test_erasing_again_or_somebody_unknown_is_harmless(caller: Caller) -> None:
    first, second = erase(caller, "nobody"), erase(caller, "nobody")
    assert first["customers"] == second["customers"]
    assert second["removed"] == {"ids": 1, "newest_events": 0}


def test_the_household_keeps_its_others(caller: Caller) -> None:
    for customer in ("ma", "pa", "kid"):
        caller.link(customer, ("household", "oak"))
    caller.buy("cup", customer_id="ma")
    caller.buy("pot", customer_id="pa")
    erase(caller, "ma")
    shown = caller.items(customer_id="kid")
    assert "cup" in shown
    assert "pot" not in shown


def test_every_worker_learns_of_it_before_it_answers(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        other = replace(shop, erasures=Erasures())
        asked = Asked(n=3, customer_id="mei")
        assert (await see(other, asked)).query.customer.orders == 2
        await erase_person(shop, "mei")
        assert (await see(other, asked)).query.customer.orders == 0
        assert other.erasures.known == shop.erasures.known

    live_through(story, tea_shop)


def test_a_clock_that_is_ahead_hides_no_later_erasure(tea_shop: Shop, tmp_path: Path) -> None:
    async def story(shop: Shop) -> None:
        ahead = Happened("f", EventType.VIEW, NOW + 20 * 3_600_000, "x", item_id="pot")
        await shop.store.accept([Accepting(ahead)])
        first = await erase_person(shop, "x")
        again = await erase_person(shop, "x")
        assert first["erased_at"] == again["erased_at"], "what was forgotten stays so"
        made = shop.bundles.live.bundle
        known = {"erasures": shop.erasures.known.known()}
        publish(replace(made, manifest=made.manifest.model_copy(update=known)), tmp_path)
        await shop.bundles.follow()
        assert shop.bundles.live.bundle.manifest.erasures == known["erasures"]
        mei = Asked(n=3, customer_id="mei")
        assert (await see(shop, mei)).found is None, "whom the training knew of is not looked for"
        await erase_person(shop, "mei")
        assert (await see(shop, mei)).query.customer.orders == 0

    publish(tea_shop.bundles.live.bundle, tmp_path)
    live_through(story, tea_shop, bundles=tmp_path)


def test_the_stream_and_whom_they_brought_forget_them(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        def of(event_id: str, kind: EventType, who: str, at: int = NOW, **more: Any) -> Accepting:
            return Accepting(Happened(event_id, kind, at, who, **more))

        await shop.store.accept(
            [
                of("a", EventType.VIEW, "mei", item_id="pot"),
                of("r", EventType.REFERRAL, "new", properties={"referrer_id": "mei"}),
                of("s", EventType.REFERRAL, "mei", properties={"referrer_id": "lin"}),
                of("o", EventType.PURCHASE, "mei", item_id="cup", unit_price_minor=100_00),
                of("l", EventType.VIEW, "lin", item_id="pot"),
            ]
        )
        lin = Asked(n=3, customer_id="lin")
        assert (await see(shop, lin)).query.customer.referred_buyers == 1
        await erase_person(shop, "mei")
        assert (await see(shop, lin)).query.customer.referred_buyers == 0
        await shop.store.accept([of("z", EventType.VIEW, "mei", NOW + 1, item_id="cup")])
        for gone, referrers in ((4, 1), (0, 0)):
            done = await purge(shop.store, shop.erasures.known)
            assert (done.from_stream, done.referrers) == (gone, referrers)
        left = [event.event_id async for event in stream_after(shop.store, BEGINNING)]
        assert left == ["l", "z"]
        new = await see(shop, Asked(n=3, customer_id="new"))
        assert new.query.customer.referrer_id is None

    live_through(story, tea_shop)


def test_F3_an_erased_referrer_tells_nothing_while_the_bundle_still_holds_them(
    tea_shop: Shop,
) -> None:
    async def story(shop: Shop) -> None:
        def of(who: str, referrer: str) -> Accepting:
            said = {"referrer_id": referrer}
            return Accepting(Happened(who, EventType.REFERRAL, NOW, who, properties=said))

        async def told(who: str) -> list[str]:
            seen = await see(shop, Asked(n=3, customer_id=who))
            found = RETRIEVERS["from_referrer"](seen.query, seen.bundle, 5)
            return seen.bundle.items.ids(found.rows.tolist())

        async def shown(who: str) -> str | None:
            seen = await see(shop, Asked(n=3, customer_id=who))
            named = profile_of(who, seen)["referral"]
            assert (named["referrer_id"] is None) == (named["referred_at"] is None)
            return named["referrer_id"]  # type: ignore[no-any-return]

        await shop.store.accept([of("new", "mei"), of("other", "lin")])
        assert (await shown("new"), await shown("other")) == ("mei", "lin")
        await shop.store.accept([of("two", "mei")])
        assert (await told("new"), await told("other")) == (["green"], ["cup"])
        card = LinkRequest(
            customer_id="two", aliases=[AliasWire(kind="pos_card", value="two-card")]
        )
        await relate(shop, card, link=True)
        assert await told("two-card") == ["green"]
        await erase_person(shop, "mei")
        assert (await told("new"), await told("other")) == ([], ["cup"])
        assert (await shown("new"), await shown("other")) == (None, "lin")
        assert await told("two-card") == []

    live_through(story, tea_shop)


def test_tombstones_tell_the_store_and_the_trainer_the_same() -> None:
    assert tombstone("salt", "c:mei") == sha1(b"saltc:mei").hexdigest()
    one, two = Tombstones({"a": {"x": 1}}), Tombstones({"a": {"x": 3}, "b": {"y": 2}}, 5)
    assert (one | two) == Tombstones({"a": {"x": 3}, "b": {"y": 2}}, 5)
    assert ((one | two).newest, Tombstones().newest) == (3, 0)


def test_a_store_that_lost_its_last_erasure_gives_its_number_to_nobody_else(
    tea_shop: Shop, tmp_path: Path
) -> None:
    async def story(shop: Shop) -> None:
        keys, mei = shop.store.keys, Asked(n=3, customer_id="mei")
        await erase_person(shop, "somebody")
        last, held = await shop.store.ask(("GET", keys.last_erasure), ("HGETALL", keys.erased))
        lost = await erase_person(shop, "x")
        made = shop.bundles.live.bundle
        known = {"erasures": shop.erasures.known.known()}
        publish(replace(made, manifest=made.manifest.model_copy(update=known)), tmp_path)
        await shop.bundles.follow()
        await shop.store.ask(
            ("SET", keys.last_erasure, last), ("DEL", keys.erased), ("HSET", keys.erased, *held)
        )
        await shop.erasures.learn(shop.store)
        assert (await see(shop, mei)).query.customer.orders == 2
        told = await erase_person(shop, "mei")
        assert told["erasure"] > lost["erasure"]
        assert (await see(shop, mei)).query.customer.orders == 0

    publish(tea_shop.bundles.live.bundle, tmp_path)
    live_through(story, tea_shop, bundles=tmp_path)


def test_nobody_is_told_of_while_a_worker_cannot_learn_who_was_erased(
    tea_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(shop: Shop) -> None:
        card = LinkRequest(customer_id="mei", aliases=[AliasWire(kind="pos_card", value="card")])
        await relate(shop, card, link=True)
        view = Happened("v", EventType.VIEW, NOW, visitor_id="screen", item_id="pot")
        await shop.store.accept([Accepting(view)])

        async def slow(_: Store) -> Tombstones:
            raise StoreError("the link for writes is slow")

        monkeypatch.setattr("serving.person.tombstones_of", slow)
        receipt = await erase_person(shop, "somebody")
        assert len(receipt["customers"]) == 1, "the receipt needs no further answer"
        for asked in (Asked(n=3, customer_id="mei"), Asked(n=3, visitor_id="screen")):
            seen = await see(shop, asked)
            assert (seen.query.degraded, seen.query.customer.orders) == (("store",), 0)
            assert not len(seen.query.recent)

    live_through(story, tea_shop)
