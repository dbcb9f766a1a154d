"""Requests that find changes of items: one trip for all of them, and no long wait for any."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter

import pytest

from engine.errors import StoreError
from engine.events import MAX_UNIT_PRICE, EventType
from engine.happened import Happened
from engine.query import Asked
from serving.schemas import MOST_STOCK
from serving.shop import Shop, live_now, see
from serving.store.items import FOLLOW_S, ItemChanges, change_items, changes_after
from serving.store.store import Accepting, Store
from tests.serving.stories import live_through
from tests.worlds import CUP, NOW, POT

Ask = Callable[[Store, int], Awaitable[ItemChanges]]
ANYBODY = Asked(n=3)


def asking(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    monkeypatch.setattr("serving.shop.changes_after", ask)


def test_many_requests_after_one_change_make_one_trip(
    tea_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def counted(store: Store, count: int) -> ItemChanges:
        asked.append(count)
        return await changes_after(store, count)

    async def story(shop: Shop) -> None:
        await change_items(shop.store, [("cup", {"stock": 0})])
        asking(monkeypatch, counted)
        seen = await asyncio.gather(*(see(shop, ANYBODY) for _ in range(20)))
        assert asked == [0]
        assert not any(one.bundle.sellable[CUP] for one in seen)

    live_through(story, tea_shop)


def test_the_largest_numbers_come_back_to_the_last_digit(tea_shop: Shop) -> None:
    """Through the store's own JSON, which a later change of the item reads and writes again."""
    stock, price = MOST_STOCK - 1, int(MAX_UNIT_PRICE) * 100 - 1

    async def story(shop: Shop) -> None:
        await change_items(shop.store, [("cup", {"stock": stock, "price_minor": price})])
        await change_items(shop.store, [("cup", {"list_price_minor": price})])
        told = (await live_now(shop)).bundle.catalogue
        assert told.stock[CUP] == stock
        assert told.price_minor[CUP] == told.list_price_minor[CUP] == price

    live_through(story, tea_shop)


def test_many_changes_come_page_by_page_and_all_of_them(
    tea_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def one_at_once(store: Store, count: int) -> ItemChanges:
        return await changes_after(store, count, limit=1)

    async def story(shop: Shop) -> None:
        asking(monkeypatch, one_at_once)
        await change_items(shop.store, [(item, {"stock": 0}) for item in ("cup", "x", "pot")])
        sellable = (await live_now(shop)).bundle.sellable
        assert not sellable[[CUP, POT]].any()
        assert shop.bundles.changes.count == 3

    live_through(story, tea_shop)


async def _never(store: Store, count: int) -> ItemChanges:
    await asyncio.sleep(60)
    raise AssertionError


async def _fails(store: Store, count: int) -> ItemChanges:
    raise StoreError("no answer")


@pytest.mark.parametrize("ask", [_never, _fails])
def test_requests_that_cannot_catch_up_go_on_with_the_events_that_they_read(
    tea_shop: Shop, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async def story(shop: Shop) -> None:
        view = Happened("v", EventType.VIEW, NOW, visitor_id="cookie", item_id="pot")
        await shop.store.accept([Accepting(view)])
        await change_items(shop.store, [("cup", {"stock": 0})])
        asking(monkeypatch, ask)
        began = perf_counter()
        asked = Asked(n=3, visitor_id="cookie")
        seen = await asyncio.gather(*(see(shop, asked) for _ in range(20)))
        assert perf_counter() - began < 8 * FOLLOW_S, "they wait together, not one after the other"
        assert {one.query.degraded for one in seen} == {("store",)}
        assert {tuple(one.query.recent.tolist()) for one in seen} == {(POT,)}
        asking(monkeypatch, changes_after)
        assert (await see(shop, asked)).query.degraded == ()

    live_through(story, tea_shop)
