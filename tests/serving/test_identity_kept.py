"""Links in a store that was lost, that is down, and that many change at once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.bundle_files import read_bundle
from engine.customers.tombstones import Tombstones
from engine.errors import StoreError
from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked
from serving.app import build_shop
from serving.customer_schemas import AliasWire, LinkRequest
from serving.identity import erase_person, relate, restore_people
from serving.person import Erasures
from serving.shop import Shop, see
from serving.store.people import held_of, relink, relink_each
from serving.store.store import Accepting, Store
from tests.serving.stories import live_through
from tests.training.test_people import did, trained_on, word
from tests.worlds import NOW
from training.publish import current, publish

CARD = LinkRequest(customer_id="ann", aliases=[AliasWire(kind="pos_card", value="card")])


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """ann bought a cup, her card a pot, as the bundle knows; son lives with her."""
    made = trained_on(
        [
            did(1, EventType.PURCHASE, "cup", {"customer_id": "ann"}, 1),
            did(2, EventType.PURCHASE, "pot", {"customer_id": "card"}, 2),
            did(3, EventType.VIEW, "pot", {"customer_id": "son"}, 2),
            word(1, EventType.LINK, ("pos_card", "card"), "ann"),
            word(2, EventType.LINK, ("household", "elm"), "ann"),
            word(3, EventType.LINK, ("household", "elm"), "son"),
        ]
    )
    unknown = np.zeros((len(made.customers), 2), np.float32)
    publish(replace(made, factors=replace(made.factors, customer=unknown)), tmp_path)
    return tmp_path


async def orders(shop: Shop, customer: str) -> int:
    return (await see(shop, Asked(n=3, customer_id=customer))).query.customer.orders


def test_a_new_store_learns_from_the_bundle_and_the_stream_who_is_who(
    tea_shop: Shop, trained: Path
) -> None:
    async def story(shop: Shop) -> None:
        assert await orders(shop, "card") == await orders(shop, "ann") == 2
        assert (await relate(shop, CARD, link=False))["changed"] == 1
        assert await orders(shop, "card") == 1
        await shop.store.ask(("DEL", shop.store.keys.people))
        assert await restore_people(shop) == 4
        assert await orders(shop, "card") == 1, "the stream's word is newer than the bundle's"
        assert await restore_people(shop) == 0
        assert await orders(shop, "ann") == 1
        await erase_person(shop, "ann")
        await restore_people(shop)
        assert await held_of(shop.store, ["c:ann"]) == [None], "nobody's name comes back"

    live_through(story, tea_shop, bundles=trained)


def test_a_worker_that_has_not_heard_of_an_erasure_brings_no_name_back(
    tea_shop: Shop, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(shop: Shop) -> None:
        everybody = ["c:ann", "c:card", "c:son", "h:elm"]
        before = shop.erasures.known.last
        changes = dict.fromkeys(everybody, (None, "[[],[]]"))
        await erase_person(shop, "ann")
        left = [None, None, *await held_of(shop.store, everybody[2:])]
        late = replace(shop, erasures=Erasures())
        assert await restore_people(late) == 0
        assert await held_of(shop.store, everybody) == left
        assert await relink_each(shop.store, changes, before) is None, "decided before it"
        assert await held_of(shop.store, everybody) == left

        async def slow(_: Store) -> Tombstones:
            raise StoreError("the link for writes is slow")

        monkeypatch.setattr("serving.person.tombstones_of", slow)
        with pytest.raises(StoreError, match="who was erased"):
            await restore_people(replace(shop, erasures=Erasures()))

    live_through(story, tea_shop, bundles=trained)


def test_who_came_back_after_an_erasure_keeps_their_new_links(
    tea_shop: Shop, trained: Path
) -> None:
    async def story(shop: Shop) -> None:
        await erase_person(shop, "ann")
        new = LinkRequest(
            customer_id="ann",
            aliases=[AliasWire(kind="app_id", value="app")],
            at=datetime.fromtimestamp(NOW / 1000 + 1, UTC),
        )
        await relate(shop, new, link=True)
        held = await held_of(shop.store, ["c:ann", "c:app"])
        assert held[0] == held[1] is not None
        assert await restore_people(shop) == 0
        await shop.store.ask(("DEL", shop.store.keys.people))
        await restore_people(shop)
        assert await held_of(shop.store, ["c:ann", "c:app", "c:card"]) == [*held, None]

    live_through(story, tea_shop, bundles=trained)


def test_an_order_told_in_two_parts_is_one_order_to_the_household_too(
    tea_shop: Shop, trained: Path
) -> None:
    """ann's order of the cup is of the bundle; later lines of it, and of another, are news."""

    async def story(shop: Shop) -> None:
        async def cups() -> list[int]:
            at_home = (await see(shop, Asked(n=3, customer_id="son"))).query.at_home
            (cup,) = shop.bundles.live.bundle.items.rows(["cup"])
            return at_home.orders[at_home.rows == cup].tolist()

        more = did(9, EventType.PURCHASE, "cup", {"customer_id": "ann"}, 1.01)
        assert await cups() == [1]
        await shop.store.accept([Accepting(replace(more, order_id="o1"))])
        assert await cups() == [1]
        await shop.store.accept([Accepting(replace(more, event_id="e10", order_id="o2"))])
        assert await cups() == [2]

    live_through(story, tea_shop, bundles=trained)


def test_while_the_store_is_down_the_bundles_links_hold(tea_shop: Shop, trained: Path) -> None:
    shop = replace(build_shop(tea_shop.settings.model_copy(update={"bundles": trained})))
    shop = replace(shop, now=lambda: NOW)
    shop.bundles.load_first()

    async def story() -> None:
        seen = await see(shop, Asked(n=3, customer_id="card"))
        assert seen.query.customer.orders == 2
        assert seen.query.degraded == ("store",)
        son = await see(shop, Asked(n=3, customer_id="son"))
        at_home = son.query.at_home.rows.tolist()
        assert sorted(shop.bundles.live.bundle.items.ids(at_home)) == ["cup", "pot"]
        assert (await see(shop, Asked(n=3, customer_id="zoe"))).found is None

    asyncio.run(story())


def test_who_was_unlinked_costs_what_nobody_linked_costs(tea_shop: Shop, trained: Path) -> None:
    async def story(shop: Shop) -> None:
        card = LinkRequest(customer_id="wei", aliases=[AliasWire(kind="app_id", value="app")])
        assert (await see(shop, Asked(n=3, customer_id="wei"))).found is None
        await relate(shop, card, link=True)
        assert (await see(shop, Asked(n=3, customer_id="wei"))).found is not None
        await relate(shop, card, link=False)
        assert (await see(shop, Asked(n=3, customer_id="wei"))).found is None
        await relate(shop, CARD, link=False)
        assert await orders(shop, "ann") == await orders(shop, "card") == 1, (
            "whom the bundle links is taken apart"
        )

    live_through(story, tea_shop, bundles=trained)


def test_links_that_are_told_at_once_are_all_kept(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        asked = [
            LinkRequest(customer_id="wei", aliases=[AliasWire(kind="app_id", value=f"app{n}")])
            for n in range(5)
        ]
        told = await asyncio.gather(*(relate(shop, one, link=True) for one in asked))
        assert [one["changed"] for one in told] == [1] * 5
        again = await relate(shop, asked[0], link=True)
        assert {one["value"] for one in again["aliases"]} == {f"app{n}" for n in range(5)}
        (held,) = await held_of(shop.store, ["c:wei"])
        assert held is not None
        assert not await relink(shop.store, [], {"c:wei": held + b" "}, {"c:wei": "[[],[]]"})
        assert await held_of(shop.store, ["c:wei"]) == [held]

    live_through(story, tea_shop)


def test_a_visitor_nobody_linked_still_brings_only_what_they_browsed(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        await relate(shop, CARD, link=True)
        events = [
            Happened("v", EventType.VIEW, NOW, visitor_id="screen", item_id="pot"),
            Happened("w", EventType.PURCHASE, NOW, visitor_id="screen", item_id="cup"),
        ]
        await shop.store.accept([Accepting(event) for event in events])
        seen = await see(shop, Asked(n=3, customer_id="card", visitor_id="screen"))
        assert seen.query.customer.orders == 0
        assert seen.bundle.items.ids(seen.query.recent.tolist()) == ["pot"]

    live_through(story, tea_shop)


def test_a_link_that_only_a_log_told_holds_with_the_bundle_trained_on_it(
    tea_shop: Shop, trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("before")
    publish(tea_shop.bundles.live.bundle, folder)

    async def story(shop: Shop) -> None:
        assert await orders(shop, "card") == 0
        publish(read_bundle(trained / str(current(trained))), folder)
        for _ in range(200):
            if await orders(shop, "card") == 2:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the card is still nobody's")

    live_through(story, tea_shop, bundles=folder, bundle_check_s=0.05)
