"""The wire contract, in one process over a real Redis, in the tea shop at its own time."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from engine.errors import ConfigError
from engine.events import EventType
from engine.slots import check_slots
from serving.api import build_api
from serving.app import alive, open_shop
from serving.settings import read_settings
from serving.shop import Shop
from tests.serving.wire import call, problem, view


def test_a_slate_says_where_each_item_came_from_and_what_it_costs(client: TestClient) -> None:
    told = client.post("/recommend", json={"customer_id": "mei", "n": 2}).json()
    assert told["slot"] == "home"
    assert told["currency"] == "CNY"
    assert told["customer"] == {
        "segment": "buyers",
        "value_class": told["customer"]["value_class"],
        "stage": "new",
        "tier": None,
    }
    first = told["items"][0]
    assert first | {"score": 0} == {
        "item_id": "black",
        "position": 1,
        "score": 0,
        "source": "similar",
        "reason": {
            "code": "bought_similar",
            "text": "Because you bought Green tea",
            "item_ids": ["green"],
        },
        "title": "Black tea",
        "price": 60.0,
        "tier_price": None,
    }
    assert [item["position"] for item in told["items"]] == [1, 2]


def test_each_slate_has_an_id_of_its_own(client: TestClient) -> None:
    ids = {client.post("/recommend", json={}).json()["slate_id"] for _ in range(20)}
    assert len(ids) == 20


def test_a_slot_has_its_own_size_unless_n_is_given(client: TestClient) -> None:
    assert len(client.post("/recommend", json={}).json()["items"]) == 6
    assert len(client.post("/recommend", json={"n": 200}).json()["items"]) == 6
    assert len(client.post("/recommend", json={"n": 1}).json()["items"]) == 1


def test_a_slot_may_be_longer_for_some_customers(client: TestClient, tea_shop: Shop) -> None:
    title, sources = {"en": "Home", "zh": "首页"}, {"popular": 1}
    buyers = {"when": {"field": "customer.buyer", "op": "=", "value": True}, "size": 4}
    home = {"title": title, "size": 2, "sources": sources, "overrides": [buyers]}
    slots = check_slots({"home": home}, "slots.toml", tea_shop.bundles.live.bundle.shop)
    app = open_shop(replace(tea_shop, slots=slots))

    def length(**asked: Any) -> int:
        assert client.portal is not None
        return len(client.portal.call(call, app, "POST", "/recommend", asked)[1]["items"])

    assert length() == 2
    assert length(customer_id="mei") == 4
    assert length(customer_id="mei", n=3) == 3


def test_get_and_post_answer_alike(client: TestClient) -> None:
    asked = {"slot": "item", "n": 3, "context_items": ["cup", "green"], "exclude": ["pot"]}
    posted = client.post("/recommend", json=asked | {"customer_id": "a/b ü"}).json()
    got = client.get("/recommend/a%2Fb%20%C3%BC", params=asked).json()
    assert posted | {"slate_id": ""} == got | {"slate_id": ""}


@pytest.mark.parametrize(
    ("tag", "language"), [("zh-CN", "zh"), ("zh_Hant_TW", "zh"), ("EN-us", "en"), ("en", "en")]
)
def test_a_language_is_named_as_browsers_do(client: TestClient, tag: str, language: str) -> None:
    asked = {"slot": "my", "customer_id": "mei", "n": 3}
    texts = [
        [each["reason"]["text"] for each in answer.json()["items"]]
        for answer in (
            client.post("/recommend", json=asked | {"language": tag}),
            client.get(f"/recommend/mei?slot=my&n=3&language={tag}"),
            client.post("/recommend", json=asked | {"language": language}),
        )
    ]
    assert texts[0] == texts[1] == texts[2] != []


def test_the_short_way_and_fastapis_way_answer_alike(client: TestClient, tea_shop: Shop) -> None:
    known = view("alike", customer_id="alike")
    client.post("/events", json={"events": [known]})
    asked = {"customer_id": "mei", "n": 3, "cart": ["cup"], "query": "tea"}
    paths = [
        ("POST", "/recommend", asked),
        ("POST", "/recommend", {"n": 0}),
        ("POST", "/recommend", {"slot": "nope"}),
        ("POST", "/recommend", {"slot": "list", "category": "nope"}),
        ("POST", "/recommend", {"slot": "list", "category": "home"}),
        ("GET", "/recommend/mei?slot=list&category=nope", None),
        ("GET", "/recommend/mei?n=2&cart=cup&cart=pot", None),
        ("GET", "/recommend/mei?n=x&more=1", None),
        ("POST", "/events", {"events": [{}, known]}),
        ("POST", "/events", {"events": []}),
    ]
    for method, path, body in paths:
        short = client.request(method, path, json=body)
        assert client.portal is not None
        status, told = client.portal.call(call, build_api(tea_shop, alive), method, path, body)
        assert status == short.status_code, (path, told, short.text)
        assert once(told) == once(short.json())


def once(told: dict[str, Any]) -> dict[str, Any]:
    """Without what is different in each answer."""
    return {name: value for name, value in told.items() if name not in {"slate_id", "request_id"}}


def test_each_event_of_a_batch_has_its_own_result(client: TestClient) -> None:
    events: list[Any] = [
        view("b1", customer_id="bob"),
        view("b1", customer_id="bob"),
        {**view("b2"), "quantity": 0},
        {**view("b3", customer_id="bob"), "at": "2031-01-01T00:00:00Z"},
        {**view("b4", customer_id="bob"), "at": "yesterday"},
        {**view("b5", customer_id="bob"), "type": "purchase", "item_id": None},
        {**view("b6", customer_id="bob"), "properties": {"note": "x" * 20_000}},
        {**view("b8", customer_id="bob"), "properties": {"big": 2**70}},
        "no event",
        view("b7", visitor_id="bob's phone"),
    ]
    told = client.post("/events", json={"events": events}).json()
    assert [result["status"] for result in told["results"]] == [
        "accepted", "duplicate", *["invalid"] * 7, "accepted",
    ]  # fmt: skip
    assert told["durable"] == "always"
    assert (told["accepted"], told["duplicates"], told["invalid"]) == (2, 1, 7)
    errors = [" ".join(result.get("errors", [])) for result in told["results"]]
    assert "quantity" in errors[2]
    assert "24 hours ahead" in errors[3]
    assert "at: " in errors[4]
    assert "needs an item_id" in errors[5]
    assert "16384 bytes" in errors[6]
    assert told["results"][2]["event_id"] == "b2"
    assert "64-bit" in errors[7]
    assert told["results"][8]["event_id"] is None


def test_an_unknown_type_is_answered_with_those_that_may_be_sent(client: TestClient) -> None:
    """Ids are linked by a call of their own."""
    events = [{**view("t1", customer_id="bob"), "type": kind} for kind in ("look", "link")]
    events[1]["properties"] = {"kind": "pos_card", "alias": "c"}
    look, link = client.post("/events", json={"events": events}).json()["results"]
    (said,) = look["errors"]
    assert said.startswith("type: is none of view, click, ")
    assert set(said.removeprefix("type: is none of ").split(", ")) == {*EventType} - {
        "link", "unlink",
    }  # fmt: skip
    assert link["errors"] == ["type: a link is told to POST /customers/link"]


def test_a_batch_is_neither_empty_nor_endless(client: TestClient) -> None:
    problem(client.post("/events", json={"events": []}), 422, "invalid-request")
    problem(client.post("/events", json={"events": [1] * 1_001}), 422, "invalid-request")
    problem(client.post("/events", json=[view("x")]), 422, "invalid-request")


def test_where_a_customer_stands_is_told_in_one_answer(client: TestClient) -> None:
    told = client.get("/customers/mei").json()
    assert told["known"] is True
    assert told["orders"] == 2
    assert told["points"] == 150
    assert told["last_order_at"] == "2025-10-19T08:53:20.000+00:00"
    assert told["segments"] == ["buyers"]
    stranger = client.get("/customers/nobody knows").json()
    assert stranger["known"] is False
    assert stranger["last_order_at"] is None


def test_the_description_holds_every_call_and_every_field(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    assert set(told["paths"]) == {
        "/",
        "/recommend",
        "/recommend/{customer_id}",
        "/similar/{item_id}",
        "/bought-together/{item_id}",
        "/popular",
        "/items",
        "/customers/{customer_id}",
        "/customers/link",
        "/customers/unlink",
        "/events",
        "/health/live",
        "/health/ready",
        "/metrics",
    }
    text = json.dumps(told)
    for place in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        found = told
        for name in place.split("/"):
            found = found[name]
    assert told["components"]["schemas"]["EventType"]["enum"] == [*EventType][:-2]
    assert "HTTPValidationError" not in text
    assert client.get("/docs").status_code == 200


def test_settings_come_from_the_environment_and_unknown_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAINI_PORT", "9000")
    assert read_settings(data=tmp_path).port == 9000
    assert read_settings(port=1).port == 1
    monkeypatch.setenv("CAINI_PROT", "1")
    with pytest.raises(ConfigError, match=r"unknown CAINI_PROT.*CAINI_PORT"):
        read_settings()
    monkeypatch.delenv("CAINI_PROT")
    monkeypatch.setenv("CAINI_WORKERS", "none")
    monkeypatch.setenv("CAINI_PORT", "99999")
    with pytest.raises(ConfigError) as caught:
        read_settings()
    assert "CAINI_WORKERS" in str(caught.value)
    assert "CAINI_PORT" in str(caught.value)
