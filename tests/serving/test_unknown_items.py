"""A slate tells which asked items the bundle does not hold, and what the search words found."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from engine.recommend import recommend
from serving.routes.answers import search_matches
from tests.engine.asking import plan, query
from tests.serving.wire import view
from tests.worlds import bundle


def slate(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.post("/recommend", json=asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize(
    ("asked", "unknown"),
    [
        ({}, []),
        ({"context_items": ["cup", "cup"], "cart": ["pot"]}, []),
        ({"context_items": ["cpu"]}, ["cpu"]),
        ({"cart": ["pto", "pot", "CUP"]}, ["pto", "CUP"]),
        ({"context_items": ["cup", "cpu"], "cart": ["pot", "cpu", "pto"]}, ["cpu", "pto"]),
        ({"exclude": ["cpu"]}, []),
    ],
)
def test_items_of_the_page_and_the_cart_that_there_are_not_are_told_once(
    asked: dict[str, list[str]], unknown: list[str], client: TestClient
) -> None:
    for customer in ("mei", "nobody"):
        told = slate(client, slot="item", customer_id=customer, **asked)
        assert told["unknown_items"] == unknown
        assert len(told["items"]) + len(set(asked.get("cart", [])) & {"pot"}) >= 4
        got = client.get(f"/recommend/{customer}", params={"slot": "item", **asked}).json()
        assert got["unknown_items"] == unknown


def test_an_item_that_only_events_and_changes_name_is_unknown_till_it_is_trained(
    client: TestClient,
) -> None:
    client.post("/events", json={"events": [view("u1", customer_id="ula", item_id="kettle")]})
    client.put("/items", json={"items": [{"item_id": "kettle", "price": 90}]})
    told = slate(client, slot="item", customer_id="ula", context_items=["kettle"])
    assert told["unknown_items"] == ["kettle"]


@pytest.mark.parametrize(
    ("words", "matches"),
    [("tea", 3), ("pot", 1), ("xyzzy", 0), ("!", 0), ("", None), (None, None)],
)
def test_a_slate_tells_how_many_of_its_items_the_words_found(
    words: str | None, matches: int | None, client: TestClient
) -> None:
    told = slate(client, slot="search", query=words)
    assert told["search_matches"] == matches
    codes = [item["reason"]["code"] for item in told["items"]]
    assert len(codes) == 6
    assert codes.count("matches_search") == (matches or 0)
    assert set(codes[: matches or 0]) <= {"matches_search"}


def test_matches_are_those_of_this_request_and_of_the_places_shown(client: TestClient) -> None:
    search = view("u2", visitor_id="u-v", item_id=None, type="search", query="tea")
    assert client.post("/events", json={"events": [search]}).json()["accepted"] == 1
    assert slate(client, slot="search", visitor_id="u-v")["search_matches"] is None
    assert slate(client, slot="search", query="tea", n=2)["search_matches"] == 2
    assert slate(client, slot="search", query="tea", cart=["pot"])["search_matches"] == 2
    assert slate(client, slot="home", query="tea")["search_matches"] is None, "it does not search"


@pytest.mark.parametrize("searched", [0.01, 1, 100])
def test_what_matches_is_counted_also_where_something_else_speaks_louder_for_it(
    searched: float,
) -> None:
    tea = bundle()
    slot = plan(sources={"searched": searched, "similar": 1, "popular": 1}, repeat="always")
    asked = query(tea, customer_id="mei", search="tea", n=6)
    found = recommend(asked, slot, tea)
    assert search_matches(asked, slot, found, tea) == 3
