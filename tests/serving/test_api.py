"""The wire contract, in one process over a real Redis, in the tea shop at its own time."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from engine.errors import ConfigError
from engine.slots import check_slots
from serving.api import build_api
from serving.app import alive, open_shop
from serving.settings import read_settings
from serving.shop import Shop


@pytest.fixture(scope="module")
def client(tea_shop: Shop) -> Iterator[TestClient]:
    with TestClient(open_shop(tea_shop), raise_server_exceptions=False) as client:
        yield client


def at(day: float) -> str:
    return f"2025-11-{int(day):02d}T00:00:00Z"


def view(event_id: str, item: str = "pot", **fields: Any) -> dict[str, Any]:
    return {"event_id": event_id, "type": "view", "at": at(7), "item_id": item, **fields}


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["type"] == f"urn:caini:{kind}"
    assert told["status"] == status
    assert told["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return told


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


async def call(app: Any, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    raw = b"" if body is None else json.dumps(body).encode()
    name, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": name,
        "raw_path": name.encode(),
        "query_string": query.encode(),
        "headers": [(b"content-type", b"application/json")],
        "root_path": "",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("test", 1),
        "http_version": "1.1",
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], json.loads(b"".join(m.get("body", b"") for m in sent[1:]))


def test_an_unknown_slot_is_told_which_slots_there_are(client: TestClient) -> None:
    told = problem(client.post("/recommend", json={"slot": "nope"}), 404, "unknown-slot")
    assert told["known"] == ["cart", "home", "item", "list", "my", "search"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"n": 0}', "n"),
        ('{"n": 201}', "n"),
        ('{"n": "many"}', "n"),
        ('{"n": 1e99}', "n"),
        ('{"nn": 1}', "nn"),
        ('{"customer_id": "' + "x" * 257 + '"}', "customer_id"),
        ('{"customer_id": ""}', "customer_id"),
        ('{"customer_id": 7}', "customer_id"),
        ('{"cart": ["a", ""]}', "cart.1"),
        ('{"context_items": "a"}', "context_items"),
        ('{"exclude": [' + ",".join(['"a"'] * 501) + "]}", "exclude"),
        ('{"language": "fr"}', "language"),
        ("[]", "body"),
        ("{", "body"),
        ("", "body"),
        ('{"n": 1}}', "body"),
        ('{"n": NaN}', "n"),
        ("[" * 100_000, "body"),
        ('{"customer_id": "\\ud800"}', "body"),
        ("\x00", "body"),
        ("\udcff", "body"),
    ],
)
def test_a_wrong_request_is_told_which_field_is_wrong(
    client: TestClient, body: str, field: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post(
        "/recommend", content=body.encode(errors="surrogateescape"), headers=headers
    )
    told = problem(answer, 422, "invalid-request")
    assert problem(client.put("/items", content=b"\xff", headers=headers), 422, "invalid-request")
    assert field in [error["field"] for error in told["errors"]]
    assert len(answer.content) < 5_000


@pytest.mark.parametrize(
    "path",
    [
        "/recommend/" + "x" * 257,
        "/recommend/",
        "/recommend/%20",
        "/similar/" + "x" * 257,
        "/customers/" + "x" * 257,
        "/similar/green?n=0",
        "/popular?n=x",
        "/recommend/mei?nn=1",
    ],
)
def test_wrong_paths_and_queries_are_told_so_too(client: TestClient, path: str) -> None:
    problem(client.get(path), 422, "invalid-request")


def test_what_there_is_not_is_404_and_what_is_not_allowed_405(client: TestClient) -> None:
    problem(client.get("/nope"), 404, "http-404")
    problem(client.get("/similar/nope"), 404, "unknown-item")
    problem(client.get("/bought-together/nope"), 404, "unknown-item")
    for path in ("/popular", "/recommend/mei"):
        told = problem(client.get(f"{path}?category=nope"), 404, "unknown-category")
        assert told["detail"] == "There is no category 'nope'."
    assert "POST" in client.get("/recommend").headers["allow"]
    problem(client.get("/recommend"), 405, "http-405")
    problem(client.delete("/events"), 405, "http-405")


def test_bodies_over_a_mebibyte_are_refused_however_they_come(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    big = b'{"customer_id": "' + b"x" * 1_048_576 + b'"}'

    def in_chunks() -> Iterator[bytes]:
        for _ in range(2_000):
            yield b" " * 1_000

    for path, method in (("/recommend", "POST"), ("/events", "POST"), ("/items", "PUT")):
        for content in (big, in_chunks()):
            answer = client.request(method, path, content=content, headers=headers)
            problem(answer, 413, "too-large")
    fits = b'{"n": 1}' + b" " * (1_048_576 - 8)
    assert client.post("/recommend", content=fits, headers=headers).status_code == 200


def test_a_length_that_lies_is_refused(client: TestClient) -> None:
    headers = {"content-type": "application/json", "content-length": "99999999999"}
    problem(client.post("/recommend", content=b"{}", headers=headers), 413, "too-large")


def test_only_json_is_read(client: TestClient) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client.post("/recommend", content=b"{}", headers={"content-type": media_type})
        problem(answer, 415, "not-json")
    for media_type in ("application/json; charset=utf-8", "Application/JSON"):
        answer = client.post("/recommend", content=b"{}", headers={"content-type": media_type})
        assert answer.status_code == 200


def test_a_request_id_comes_back_when_it_is_harmless(client: TestClient) -> None:
    def echoed(given: str) -> str:
        return str(
            client.get("/health/live", headers={"x-request-id": given}).headers["x-request-id"]
        )

    assert echoed("trace-1:a/b+c=") == "trace-1:a/b+c="
    for given in ("x" * 129, "a b", "<script>", ""):
        assert echoed(given) != given
        assert len(echoed(given)) == 16


def test_a_fault_of_ours_is_a_500_without_its_trace(tea_shop: Shop) -> None:
    def broken() -> int:
        raise RuntimeError("the secret of the clock")

    faulty = replace(tea_shop, now=broken)
    status, told = asyncio.run(
        call(open_shop(faulty), "POST", "/recommend", {"customer_id": "mei"})
    )
    assert status == 500
    assert told["type"] == "urn:caini:internal"
    assert "secret" not in str(told)


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


def test_items_change_by_the_fields_that_are_given(client: TestClient) -> None:
    change = {"item_id": "milk", "price": "12.34", "list_price": 20, "category": "home"}
    told = client.put("/items", json={"items": [change, {"item_id": "to come", "stock": 1}]}).json()
    assert told["changed"] == 2
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
    assert "EventType" in told["components"]["schemas"]
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
