"""What is known of somebody who has not signed in, and what of it follows them when they do."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.bundle import Visitors
from engine.customers.state import CustomerState
from engine.events import EventType
from engine.happened import Happened
from engine.ids import IdMap
from engine.query import Asked, Query
from engine.types import DAY_MS
from serving.shop import Shop, see
from serving.store.packing import stream_id
from serving.store.reading import cut
from serving.store.store import Accepting
from tests.servers import publish_tea
from tests.serving.stories import live_through
from tests.worlds import NOW, POT, bundle

VISITOR = Asked(n=3, visitor_id="cookie")
BOTH = Asked(n=3, customer_id="ann", visitor_id="cookie")
ANN = Asked(n=3, customer_id="ann")


def did(event_id: str, kind: EventType, **fields: Any) -> Happened:
    who = {"item_id": "pot", "visitor_id": "cookie"}
    return Happened(event_id, kind, NOW - DAY_MS, **(who | fields))


async def accept(shop: Shop, *events: Happened) -> str:
    told = await shop.store.accept([Accepting(event) for event in events])
    assert told[-1] is not None
    return told[-1].decode()


async def seen(shop: Shop, asked: Asked) -> Query:
    return (await see(shop, asked)).query


def standing(state: CustomerState) -> tuple[object, ...]:
    return state.points, state.tier, state.orders, state.monetary_minor, state.member


def test_a_visitor_is_known_over_a_bundle_that_is_later_than_all_they_did(
    tea_shop: Shop, tmp_path: Path
) -> None:
    async def story(shop: Shop) -> None:
        last = await accept(shop, did("a", EventType.VIEW), did("b", EventType.PURCHASE))
        before = await seen(shop, VISITOR)
        assert before.recent.tolist() == [POT]
        manifest = bundle().manifest.model_copy(update={"stream_through": last})
        version = publish_tea(tmp_path, POT, manifest=manifest)
        await shop.bundles.follow()
        await cut(shop.store, stream_id(last))
        assert shop.bundles.live.bundle.version == version
        after = await seen(shop, VISITOR)
        assert after.recent.tolist() == [POT]
        assert after.customer == before.customer
        assert after.customer.orders == 1, "for a visitor alone all that they did counts"

    publish_tea(tmp_path)
    live_through(story, tea_shop, bundles=tmp_path)


def test_what_a_visitor_browsed_joins_their_sign_in_and_their_money_does_not(
    tea_shop: Shop,
) -> None:
    async def story(shop: Shop) -> None:
        await accept(shop, did("own", EventType.PURCHASE, customer_id="ann", item_id="cup"))
        alone = await seen(shop, ANN)
        await accept(
            shop,
            did("view", EventType.VIEW),
            did("search", EventType.SEARCH, item_id=None, query="pot"),
            did("order", EventType.PURCHASE, unit_price_minor=90_000_00, order_id="o"),
            did("signup", EventType.SIGNUP, item_id=None),
            did("referral", EventType.REFERRAL, item_id=None, properties={"referrer_id": "mei"}),
            did("refund", EventType.REFUND, item_id="cup"),
        )
        both = await seen(shop, BOTH)
        assert POT in both.recent.tolist()
        assert both.search == "pot"
        assert standing(both.customer) == standing(alone.customer)
        assert standing((await seen(shop, VISITOR)).customer) != standing(alone.customer)

    live_through(story, tea_shop)


def test_what_the_bundle_holds_of_a_visitor_is_not_counted_again(
    tea_shop: Shop, tmp_path: Path
) -> None:
    async def story(shop: Shop) -> None:
        last = await accept(shop, did("a", EventType.CART), did("b", EventType.PURCHASE))
        manifest = bundle().manifest.model_copy(update={"stream_through": last})
        mei = Visitors(IdMap.build(["cookie"]), np.array([0], np.int32))
        publish_tea(tmp_path, POT, manifest=manifest, visitors=mei)
        await shop.bundles.follow()
        as_mei = replace(BOTH, customer_id="mei")
        held = await seen(shop, replace(as_mei, visitor_id=None))
        assert (await seen(shop, as_mei)).history.weights.tolist() == held.history.weights.tolist()
        assert POT in (await seen(shop, BOTH)).recent.tolist(), "ann is not who it joined"
        assert (await seen(shop, VISITOR)).customer.orders == 1
        await accept(shop, did("c", EventType.CART))
        assert (await seen(shop, as_mei)).history.weights.sum() > held.history.weights.sum()

    publish_tea(tmp_path)
    live_through(story, tea_shop, bundles=tmp_path)


def test_an_event_that_both_have_counts_once(tea_shop: Shop) -> None:
    async def story(shop: Shop) -> None:
        await accept(shop, did('q,"type":', EventType.CART))
        visitors = await seen(shop, VISITOR)
        await accept(shop, did('q,"type":', EventType.CART, customer_id="ann"))
        both = await seen(shop, BOTH)
        assert both.history.weights.tolist() == visitors.history.weights.tolist()
        assert both.history.weights.tolist() == (await seen(shop, ANN)).history.weights.tolist()
        await accept(shop, did("another", EventType.CART))
        more = await seen(shop, BOTH)
        assert more.history.weights[0] > both.history.weights[0]

    live_through(story, tea_shop)
