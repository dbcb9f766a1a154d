"""Lists around items, and what the shop says of its items between trainings."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from engine.slots import check_slots
from serving.app import open_shop
from serving.shop import Shop
from tests.serving.wire import call, problem


def test_lists_around_an_item_leave_it_and_what_does_not_sell_out(client: TestClient) -> None:
    def ids(path: str) -> list[str]:
        return [item["item_id"] for item in client.get(path).json()["items"]]

    assert ids("/similar/green") == ["black", "cup"]
    assert ids("/bought-together/green?n=5") == ["cup"]
    assert ids("/bought-together/pot") == []
    assert ids("/popular?n=2") == ["green", "black"]
    assert ids("/popular?category=home") == ["cup", "pot"]
    client.put("/items", json={"items": [{"item_id": "cup", "stock": 0}]})
    assert ids("/similar/green") == ["black"]
    assert "cup" not in ids("/popular")
    client.put("/items", json={"items": [{"item_id": "cup", "stock": 5}]})
    assert ids("/similar/green") == ["black", "cup"]


def test_a_price_or_a_stock_that_is_put_decides_at_once_what_a_slot_shows(
    client: TestClient, tea_shop: Shop
) -> None:
    few = {"field": "item.stock", "op": "<", "value": 4}
    cheap = {"field": "item.price", "op": "<=", "value": 30}
    slot = {"title": {"en": "x", "zh": "x"}, "sources": {"similar": 1}, "size": 6}
    raw = {"home": {**slot, "items": {"any": [cheap, few]}}}
    slots = check_slots(raw, "slots.toml", tea_shop.bundles.live.bundle.shop)
    app = open_shop(replace(tea_shop, slots=slots))

    def ids() -> set[str]:
        assert client.portal is not None
        told = client.portal.call(call, app, "POST", "/recommend", {"customer_id": "new"})[1]
        return {item["item_id"] for item in told["items"]}

    assert ids() == {"milk", "cup", "pot"}
    news = [{"item_id": "black", "price": 30}, {"item_id": "pot", "stock": 4}]
    client.put("/items", json={"items": [*news, {"item_id": "milk", "price": "30.01"}]})
    assert ids() == {"cup", "black"}
    back = [{"item_id": "black", "price": 60}, {"item_id": "pot", "stock": 3}]
    client.put("/items", json={"items": [*back, {"item_id": "milk", "price": 10}]})
    assert ids() == {"milk", "cup", "pot"}


def test_items_change_by_the_fields_that_are_given(client: TestClient) -> None:
    change = {"item_id": "milk", "price": "12.34", "list_price": 20, "category": "home"}
    told = client.put("/items", json={"items": [change, {"item_id": "to come", "stock": 1}]}).json()
    assert told["changed"] == 1, "what is to come waits"
    assert told["unknown"] == ["to come"]
    client.put("/items", json={"items": [{"item_id": "milk", "stock": 9}]})
    items = client.post("/recommend", json={"n": 6}).json()["items"]
    assert {item["item_id"]: item["price"] for item in items}["milk"] == 12.34
    slate = client.post("/recommend", json={"slot": "list", "category": "home", "n": 6}).json()
    (milk,) = [item for item in slate["items"] if item["item_id"] == "milk"]
    assert milk["source"] == "popular_in_category", "found there, not only filled in at the end"
    listed = client.get("/popular?category=home").json()["items"]
    assert [item["item_id"] for item in listed] == ["milk", "cup", "pot"]
    listed = client.get("/popular?category=drinks").json()["items"]
    assert [item["item_id"] for item in listed] == ["green", "black"]
    client.put("/items", json={"items": [{"item_id": "milk", "price": 10, "category": "drinks"}]})


def test_a_category_that_there_is_not_moves_no_item_and_is_told(client: TestClient) -> None:
    items = [
        {"item_id": "milk", "category": "attic"},
        {"item_id": "pot", "category": "attic", "stock": 3},
        {"item_id": "cup", "category": "cellar"},
        {"item_id": "green", "category": "drinks > tea"},
    ]
    told = client.put("/items", json={"items": items}).json()
    assert told["changed"] == 2
    assert told["unknown"] == []
    assert told["unknown_categories"] == ["attic", "cellar"]
    listed = client.get("/popular?category=home").json()["items"]
    assert [item["item_id"] for item in listed] == ["cup", "pot"]
    back = {"milk": "drinks", "pot": "home > teaware", "cup": "home > teaware"}
    client.put("/items", json={"items": [{"item_id": i, "category": c} for i, c in back.items()]})


def test_only_what_is_known_and_has_a_field_counts_as_changed(client: TestClient) -> None:
    for items, changed in (
        ([{"item_id": "nope"}], 0),
        ([{"item_id": "nope", "stock": 3}], 0),
        ([{"item_id": "pot"}], 0),
        ([{"item_id": "pot", "stock": None}], 0),
        ([{"item_id": "pot", "stock": 3}, {"item_id": "nope"}], 1),
    ):
        assert client.put("/items", json={"items": items}).json()["changed"] == changed, items


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({}, "items.0.item_id"),
        ({"item_id": "a", "price": -1}, "items.0.price"),
        ({"item_id": "a", "price": "NaN"}, "items.0.price"),
        ({"item_id": "a", "stock": 1.5}, "items.0.stock"),
        ({"item_id": "a", "colour": "red"}, "items.0.colour"),
    ],
)
def test_a_wrong_item_is_told_which_field_is_wrong(
    client: TestClient, item: dict[str, Any], field: str
) -> None:
    told = problem(client.put("/items", json={"items": [item]}), 422, "invalid-request")
    assert [error["field"] for error in told["errors"]] == [field]
