"""The server without its store, and callers that misbehave on the wire."""

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from engine.catalogue import ItemChange
from engine.errors import BundleError
from serving.app import alive, build_app, build_shop, open_shop
from serving.bundles import Changes
from serving.settings import Settings
from serving.shop import Shop, begin_anew, catch_up
from serving.store.address import Address
from serving.store.connection import Command, Reply, StoreTimeout
from serving.store.items import change_items
from tests.servers import CONFIG, PATIENCE_S, publish_tea
from tests.worlds import NOW


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("degraded")
    publish_tea(folder / "bundles")
    return Settings(
        bundles=folder / "bundles",
        data=folder / "data",
        config=CONFIG,
        redis_url=SecretStr(f"unix://{folder}/nobody.sock"),
    )


@pytest.fixture(scope="module")
def alone(settings: Settings) -> Iterator[TestClient]:
    """A server whose store is not there, and never was."""
    shop = replace(build_shop(settings), now=lambda: NOW)
    shop.bundles.load_first()
    with TestClient(open_shop(shop)) as client:
        yield client


def test_slates_are_filled_from_the_bundle_and_say_so(alone: TestClient) -> None:
    told = alone.post("/recommend", json={"customer_id": "mei", "n": 5}).json()
    assert told["degraded"] == ["store"]
    assert len(told["items"]) == 5
    assert told["items"][0]["item_id"] == "black"
    assert alone.get("/customers/mei").json()["degraded"] == ["store"]
    assert 'caini_degraded_total{reason="store"} 2.0' in alone.get("/metrics").text


def test_lists_need_no_store(alone: TestClient) -> None:
    assert alone.get("/popular?n=1").json()["items"][0]["item_id"] == "green"
    assert alone.get("/similar/green").status_code == 200


def test_what_cannot_be_made_durable_is_not_accepted(alone: TestClient) -> None:
    event = {
        "event_id": "e",
        "type": "view",
        "at": "2025-11-01T00:00:00Z",
        "visitor_id": "v",
        "item_id": "cup",
    }
    for method, path, body in (
        ("POST", "/events", {"events": [event]}),
        ("PUT", "/items", {"items": [{"item_id": "cup", "stock": 1}]}),
    ):
        answer = alone.request(method, path, json=body)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["type"] == "urn:caini:store-unavailable"
    assert 'caini_events_total{result="refused"} 1.0' in alone.get("/metrics").text


def test_a_missing_store_is_told_and_does_not_make_the_server_unready(alone: TestClient) -> None:
    answer = alone.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["store"] == "down"
    assert answer.json()["degraded"] == ["store"]
    assert answer.json()["durable"] == "unknown"


def test_a_store_that_begins_anew_takes_its_changes_of_items_with_it(
    settings: Settings, redis: Address
) -> None:
    reachable = settings.model_copy(
        update={
            "redis_url": SecretStr(f"unix://{redis.socket}"),
            "shop": f"anew-{os.getpid()}",
            "store_read_ms": 5_000,
        }
    )

    async def story() -> None:
        shop = build_shop(reachable)
        shop.bundles.load_first()
        async with alive(shop):
            gone = ItemChange(item_id="cup", available=False)
            shop.bundles.add_changes(Changes(99, {"cup": gone}))
            await change_items(shop.store, [("pot", {"stock": 0}), ("x", {"new field": 1})])
            await catch_up(shop, 2)
            assert shop.bundles.changes.count == 99
            await begin_anew(shop)
            assert shop.bundles.changes.count == 2
            assert set(shop.bundles.changes.by_item) == {"pot"}
            sellable = shop.bundles.live.bundle.sellable.tolist()
            assert sellable == [True, True, True, True, False, True]

    asyncio.run(story())


def test_a_store_that_is_too_slow_once_while_it_is_looked_at_is_looked_at_again(
    settings: Settings, redis: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    reachable = settings.model_copy(
        update={"redis_url": SecretStr(f"unix://{redis.socket}"), "shop": f"slow-{os.getpid()}"}
    )

    async def story() -> None:
        shop = build_shop(reachable)
        shop.bundles.load_first()
        asked, slow = shop.store.ask, iter([StoreTimeout("slow")])

        async def slow_once(*commands: Command) -> list[Reply]:
            for error in slow:
                raise error
            return await asked(*commands)

        async with alive(shop):
            await change_items(shop.store, [("pot", {"stock": 0})])
            monkeypatch.setattr(shop.store, "ask", slow_once)
            shop.store.came_up.set()
            async with asyncio.timeout(PATIENCE_S):
                while shop.bundles.changes.count != 1:
                    await asyncio.sleep(0.01)

    asyncio.run(story())


async def told(shop: Shop, *messages: dict[str, Any], headers: Sequence[Any] = ()) -> list[Any]:
    """What the application sends for a POST to /recommend that arrives as `messages`."""
    coming, sent = iter(messages), []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/recommend",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), *headers],
    }

    async def receive() -> dict[str, Any]:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    await open_shop(shop)(scope, receive, send)
    return sent


def part(body: bytes, *, last: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": not last}


def test_a_body_in_many_pieces_is_read_whole(settings: Settings) -> None:
    shop = build_shop(settings)
    shop.bundles.load_first()
    pieces = [part(b'{"n"'), part(b""), part(b": 1}", last=True)]
    start, body = asyncio.run(told(shop, *pieces))
    assert start["status"] == 200
    assert len(json.loads(body["body"])["items"]) == 1


def test_a_body_in_pieces_is_refused_as_soon_as_it_is_too_long(settings: Settings) -> None:
    shop = build_shop(settings)
    start, _ = asyncio.run(told(shop, *[part(b" " * 65_536)] * 17))
    assert start["status"] == 413
    assert (b"connection", b"close") in start["headers"]


@pytest.mark.parametrize("pieces", [0, 1])
def test_nobody_is_answered_who_has_hung_up(settings: Settings, pieces: int) -> None:
    shop = build_shop(settings)
    messages = [part(b"{")] * pieces + [{"type": "http.disconnect"}]
    assert asyncio.run(told(shop, *messages)) == []


def test_a_worker_ends_with_a_parent_that_is_gone_already(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr("serving.store.binary.ctypes.CDLL", lambda *_, **__: _NoLibrary())
    monkeypatch.setattr("serving.app.configure", lambda level: None)
    build_app(settings, parent=1 if os.getppid() != 1 else 2)
    assert ended == [1]


class _NoLibrary:
    def prctl(self, *arguments: object) -> None:
        """A test must not tie pytest to anything."""


def test_a_bundle_that_cannot_be_loaded_is_told_before_anything_serves(tmp_path: Path) -> None:
    nothing = Settings(bundles=tmp_path, config=CONFIG, redis_url=SecretStr("redis://"))
    with pytest.raises(BundleError, match="no bundle in"):
        build_shop(nothing).bundles.load_first()
