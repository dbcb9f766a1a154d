"""Lists around an item, what is popular, and the shop's word on its items."""

from collections.abc import Container, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response

from engine.bundle import Bundle
from engine.catalogue import ItemChange
from engine.errors import StoreError
from engine.events import Id
from engine.happened import to_minor
from engine.types import Candidates, Lists
from serving.bundles import Live
from serving.nearest import unknown_category
from serving.problems import store_away, unknown
from serving.routes.answers import listed
from serving.routes.carry import REFUSALS, json_answer, shop_of
from serving.schemas import (
    ItemBatch,
    ItemReceipt,
    ItemUpdate,
    ListOptions,
    ListResponse,
    PopularOptions,
)
from serving.shop import Shop, catch_up, live_now
from serving.store.items import change_items

router = APIRouter(tags=["items"])
Options = Annotated[ListOptions, Query()]
ItemPath = Annotated[Id, Path()]


@router.get("/similar/{item_id:path}", response_model=ListResponse, responses=REFUSALS)
async def similar(item_id: ItemPath, options: Options, request: Request) -> Response:
    """Items that customers of this one like too, more than by chance; shorter than n where evidence
    ends."""
    shop = shop_of(request)
    live = await live_now(shop)
    lists = live.bundle.alike
    return json_answer(_neighbours(live, lists, item_id, options.n, shop.now()))


@router.get("/bought-together/{item_id:path}", response_model=ListResponse, responses=REFUSALS)
async def bought_together(item_id: ItemPath, options: Options, request: Request) -> Response:
    """Items in the same basket more often than chance explains."""
    shop = shop_of(request)
    live = await live_now(shop)
    return json_answer(
        _neighbours(live, live.bundle.bought_together, item_id, options.n, shop.now())
    )


def _neighbours(live: Live, lists: Lists, item_id: str, n: int, now: int) -> dict[str, Any]:
    row = live.bundle.items.row(item_id)
    if row < 0:
        raise unknown("item", item_id)
    return listed(live, lists.of(row, len(live.bundle.items)), n, now, hidden=(row,))


@router.get("/popular", response_model=ListResponse, responses=REFUSALS)
async def popular(options: Annotated[PopularOptions, Query()], request: Request) -> Response:
    """What sells lately, in all or within a category and what is below it."""
    shop = shop_of(request)
    live = await live_now(shop)
    found = _popular(live.bundle, options.category)
    return json_answer(listed(live, found, options.n, shop.now()))


def _popular(bundle: Bundle, category: str | None) -> Candidates:
    if category is None:
        return bundle.popular
    code = bundle.catalogue.categories.row(category)
    if code < 0:
        raise unknown_category(bundle, category)
    inside = bundle.catalogue.within(code)[bundle.popular.rows]  # by what the shop says now
    return Candidates(bundle.popular.rows[inside], bundle.popular.scores[inside])


@router.put("/items", response_model=ItemReceipt, responses=REFUSALS)
async def put_items(batch: Annotated[ItemBatch, Body()], request: Request) -> Response:
    """Availability, price, stock and category, in force for every request that comes after."""
    shop = shop_of(request)
    bundle = shop.bundles.live.bundle
    changes = [(item.item_id, _change(item, bundle.shop.shop.minor_units)) for item in batch.items]
    try:
        count = await change_items(shop.store, changes)
        await catch_up(shop, count)
    except StoreError as error:
        raise store_away(str(error)) from error
    shop.metrics.item_changes.inc(len(changes))
    return json_answer(_receipt(shop, changes, count))


def _change(item: ItemUpdate, minor_units: int) -> dict[str, Any]:
    change = ItemChange(
        item_id=item.item_id,
        available=item.available,
        price_minor=to_minor(item.price, minor_units),
        list_price_minor=to_minor(item.list_price, minor_units),
        stock=item.stock,
        category=item.category,
    )
    return change.model_dump(exclude_none=True, exclude={"item_id"})


def _receipt(
    shop: Shop, changes: Sequence[tuple[str, dict[str, Any]]], count: int
) -> dict[str, Any]:
    bundle = shop.bundles.live.bundle
    ids = [item_id for item_id, _ in changes]
    rows = bundle.items.rows(ids).tolist()
    named = dict.fromkeys(given["category"] for _, given in changes if "category" in given)
    nowhere = [path for path in named if bundle.catalogue.categories.row(path) < 0]
    return {
        "changed": sum(
            row >= 0 and _has_effect(given, nowhere)
            for row, (_, given) in zip(rows, changes, strict=True)
        ),
        "unknown": [item_id for item_id, row in zip(ids, rows, strict=True) if row < 0],
        "unknown_categories": nowhere,
        "change_count": count,
    }


def _has_effect(given: Mapping[str, Any], nowhere: Container[str]) -> bool:
    """False where nothing is given, or only a category that there is not."""
    return any(name != "category" or value not in nowhere for name, value in given.items())
