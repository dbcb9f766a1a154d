"""The real server with a real Redis, in the tea shop of tests/worlds.py."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Server, event, publish_tea, serving, wait_for


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    publish_tea(folder / "bundles")
    with serving(folder / "bundles", folder / "data") as server:
        yield server


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers, and a new connection for each call, so that both are called."""
    folder = tmp_path_factory.mktemp("pair")
    publish_tea(folder / "bundles")
    with serving(folder / "bundles", folder / "data", "2") as server:
        server.client.headers["connection"] = "close"
        yield server


def test_a_cold_customer_gets_what_is_popular(server: Server) -> None:
    told = server.recommend("never seen", n=6)
    assert told["items"][0]["item_id"] == "green"
    assert len(told["items"]) == 6
    assert told["degraded"] == []
    assert told["customer"]["segment"] is None


def test_settings_that_the_bundle_was_not_trained_with_are_told(server: Server) -> None:
    told = server.logged("untrained settings")
    assert told is not None
    assert "segments" in told["sections"]
    assert told["version"] == server.ready()["bundle_version"]


def test_a_warm_customer_gets_what_their_history_points_to(server: Server) -> None:
    told = server.recommend("mei", slot="list", n=1)
    assert told["items"][0]["item_id"] == "black"
    assert told["items"][0]["reason"]["text"] == "Because you bought Green tea"
    assert told["items"][0]["reason"]["item_ids"] == ["green"]
    assert told["customer"]["segment"] == "buyers"


def test_reasons_are_told_in_the_language_that_is_asked_for(server: Server) -> None:
    (item,) = server.recommend("mei", slot="list", n=1, language="zh")["items"]
    assert item["reason"]["text"] == "因为您买过“Green tea”"


def test_an_event_changes_the_very_next_slate(server: Server) -> None:
    before = server.items("zoe", slot="item", n=1)
    assert before == ["green"]
    server.send(event("z1", "view", customer_id="zoe", item_id="pot"))
    assert server.items("zoe", n=1) == ["cup"]


def test_a_visitor_is_recognised_before_and_with_their_sign_in(server: Server) -> None:
    server.send(event("w1", "view", visitor_id="cookie", item_id="pot"))
    assert server.items(None, visitor_id="cookie", n=1) == ["cup"]
    assert server.items("new here", visitor_id="cookie", n=1) == ["cup"]


def test_P3_the_tier_that_an_order_earns_is_in_the_next_answers_prices(server: Server) -> None:
    assert server.recommend("rich", n=1)["items"][0]["tier_price"] is None
    server.send(
        event("r1", "purchase", customer_id="rich", item_id="pot", order_id="o", unit_price="2999")
    )
    assert server.recommend("rich", n=1)["customer"]["tier"] is None
    server.send(
        event("r2", "purchase", customer_id="rich", item_id="milk", order_id="p", unit_price="1")
    )
    told = server.recommend("rich", n=6)
    assert told["customer"]["tier"] == "star_1"
    prices = {item["item_id"]: (item["price"], item["tier_price"]) for item in told["items"]}
    assert prices["green"] == (50.0, 45.0)
    assert prices["guide"] == (None, None)


def test_what_a_referred_customer_buys_gives_points_to_the_one_who_brought_them(
    server: Server,
) -> None:
    server.send(
        event("f1", "referral", customer_id="friend", properties={"referrer_id": "host"}),
        event("f2", "purchase", customer_id="friend", item_id="pot", unit_price=5000),
    )
    assert server.client.get("/customers/host").json()["points"] == 2500
    server.send(event("f3", "refund", customer_id="friend", item_id="pot", unit_price=5000))
    assert server.client.get("/customers/host").json()["points"] == 0


def test_events_that_come_again_count_once(server: Server) -> None:
    order = event("t1", "purchase", customer_id="twice", item_id="pot", unit_price=3000)
    assert server.send(order, order)["duplicates"] == 1
    assert server.send(order)["duplicates"] == 1
    assert server.client.get("/customers/twice").json()["points"] == 3000


def test_an_item_that_is_made_unavailable_is_gone_at_once_from_every_worker(pair: Server) -> None:
    assert "cup" in pair.items(n=6)
    change = {"items": [{"item_id": "cup", "available": False}]}
    assert pair.client.put("/items", json=change).status_code == 200
    for _ in range(40):
        assert "cup" not in pair.items(n=6)
        popular = pair.client.get("/popular").json()["items"]
        assert "cup" not in [item["item_id"] for item in popular]
    change = {"items": [{"item_id": "cup", "available": True}, {"item_id": "pot", "price": 12.5}]}
    pair.client.put("/items", json=change)
    for _ in range(40):
        items = pair.recommend(n=6)["items"]
        assert {item["item_id"]: item["price"] for item in items}["pot"] == 12.5


def test_events_of_one_customer_at_two_workers_all_count(pair: Server) -> None:
    for number in range(40):
        order = event(f"m{number}", "purchase", customer_id="many", item_id="milk", unit_price=10)
        assert pair.send(order)["accepted"] == 1
    for _ in range(10):
        assert pair.client.get("/customers/many").json()["points"] == 400


def test_counts_add_up_over_workers_and_name_nobody(pair: Server) -> None:
    pair.send(event("secret-event", "view", customer_id="secret-person", item_id="secret-item"))
    for _ in range(20):
        pair.recommend("secret-person")
    page = pair.client.get("/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    route = '{method="POST",route="/recommend",status="200"}'
    asked = float(lines[f"caini_requests_total{route}"])
    pair.recommend()
    page = pair.client.get("/metrics").text
    assert f"caini_requests_total{route} {asked + 1}" in page
    assert "secret" not in page
    assert "secret" not in str(pair.logs)


def test_the_next_request_after_an_event_comes_within_milliseconds(server: Server) -> None:
    waits = []
    for number in range(50):
        seen = event(f"q{number}", "view", customer_id=f"quick{number}", item_id="pot")
        began = time.perf_counter()
        server.send(seen)
        assert server.items(f"quick{number}", n=1) == ["cup"]
        waits.append(time.perf_counter() - began)
    assert sorted(waits)[25] < 0.25


def test_it_says_that_it_is_ready_and_how_durable(server: Server) -> None:
    told = server.ready()
    assert told["ready"] is True
    assert told["durable"] == "always"
    assert told["store"] == "up"
    assert server.client.get("/health/live").json() == {"live": True}


def test_nothing_is_left_running_after_it_was_told_to_go(tmp_path: Path) -> None:
    publish_tea(tmp_path / "bundles")
    with serving(tmp_path / "bundles", tmp_path / "data") as server:
        pid = server.redis_pid()
    wait_for(lambda: not Path(f"/proc/{pid}").exists())
