"""R1: whatever was linked, unlinked and done, and whenever a bundle was trained in between, a
request knows of each id what the whole log says of whose it is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle import Bundle
from engine.customers.identity import Identity, customer_node, visitor_node
from engine.events import EventType
from engine.happened import Happened
from engine.person import known_person
from engine.query import Asked, Query, enrich
from serving.customer_schemas import AliasWire, LinkRequest
from serving.identity import relate
from serving.problems import Refusal
from serving.shop import Shop, see
from serving.store.packing import BEGINNING
from serving.store.replay import stream_after
from serving.store.store import Accepting
from tests.serving.few_examples import WITH_A_SERVER
from tests.serving.stories import live_through
from tests.training.test_people import did, frame_of, same_items, trained_on
from tests.worlds import ITEMS, NOW
from training.people import identity_in
from training.publish import publish

CUSTOMERS, VISITORS = ("ann", "ben", "card"), ("v1", "v2")
WHO = st.sampled_from(
    [*({"customer_id": one} for one in CUSTOMERS), *({"visitor_id": one} for one in VISITORS)]
)
KINDS = st.sampled_from([EventType.PURCHASE, EventType.VIEW, EventType.CART, EventType.DISLIKE])
DOING = st.tuples(KINDS, st.sampled_from(ITEMS), WHO, st.integers(0, 29))
ANN = {"customer_id": "ann"}
ALIASES = [("visitor", "v1"), ("visitor", "v2"), ("pos_card", "card"), ("customer", "ben")]
LINKING = st.tuples(st.booleans(), st.sampled_from(ALIASES), st.sampled_from(CUSTOMERS))
STEPS = st.lists(st.one_of(DOING, LINKING), min_size=1, max_size=16)


async def step(shop: Shop, number: int, one: Any) -> None:
    if isinstance(one[0], EventType):
        await shop.store.accept([Accepting(did(number, *one))])
        return
    link, (kind, value), customer = one
    asked = LinkRequest(customer_id=customer, aliases=[AliasWire(kind=kind, value=value)])
    try:
        await relate(shop, asked, link=link)
    except Refusal:
        return  # it contradicts what is linked


async def told(shop: Shop) -> tuple[list[Happened], str]:
    events = [event async for event in stream_after(shop.store, BEGINNING)]
    (last,) = await shop.store.ask(("XREVRANGE", shop.store.keys.events, "+", "-", "COUNT", 1))
    return events, last[0][0].decode() if last else "0-0"


def training_of(events: list[Happened], through: str) -> Bundle:
    made = trained_on(events)
    manifest = made.manifest.model_copy(update={"stream_through": through})
    unknown = np.zeros((len(made.customers), 2), np.float32)
    return replace(made, manifest=manifest, factors=replace(made.factors, customer=unknown))


def by_the_log(made: Bundle, identity: Identity, node: str) -> Query:
    known = known_person(made, identity.person(node))
    return enrich(Asked(n=3), made, NOW, known=known)


@WITH_A_SERVER
@given(STEPS, STEPS)
def test_a_request_and_a_training_say_the_same(
    tea_shop: Shop, tmp_path_factory: Any, before: Any, after: Any
) -> None:
    folder: Path = tmp_path_factory.mktemp("fold")
    publish(tea_shop.bundles.live.bundle, folder)

    async def story(shop: Shop) -> None:
        await shop.store.accept([Accepting(did(999, EventType.VIEW, "cup", ANN, 1))])
        for number, one in enumerate(before):
            await step(shop, number, one)
        events, through = await told(shop)
        publish(training_of(events, through), folder)
        await shop.bundles.follow()
        assert str(shop.bundles.live.through) == through
        for number, one in enumerate(after, 100):
            await step(shop, number, one)
        events, through = await told(shop)
        made, identity = training_of(events, through), identity_in(frame_of(events))
        for one in CUSTOMERS:
            check(await seen(shop, customer_id=one), by_the_log(made, identity, customer_node(one)))
        for one in VISITORS:
            node = visitor_node(one)
            if identity.root(node) != node:
                check(await seen(shop, visitor_id=one), by_the_log(made, identity, node))

    live_through(story, tea_shop, bundles=folder)


async def seen(shop: Shop, **who: str) -> tuple[Query, Bundle]:
    found = await see(shop, Asked(n=3, **who))  # type: ignore[arg-type]
    return found.query, found.bundle


def check(online: tuple[Query, Bundle], offline: Query) -> None:
    query, bundle = online
    assert bundle.items.ids(range(6)) == sorted(ITEMS)
    same_items(query.history, offline.history)
    assert query.customer == offline.customer
