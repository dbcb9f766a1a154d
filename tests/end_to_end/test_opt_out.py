"""Who opts out has opted out, also while the store does not answer (A6)."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from tests.servers import Server, event, publish_tea, serving, wait_for

REFUSED = {"personal": False, "contact": True}
GIVEN = {"personal": True, "contact": True}


@contextmanager
def without_store(server: Server) -> Iterator[None]:
    pid = server.redis_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: server.recommend("zoe")["degraded"] == ["store"])
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def consent_of(server: Server, customer: str) -> dict[str, Any]:
    """As a worker says it whom a new connection found."""
    told = httpx.get(f"{server.url}/customers/{customer}", timeout=60).json()
    consent: dict[str, Any] = told["consent"]
    return consent


def says(server: Server, event_id: str, customer: str, **consent: bool) -> None:
    told = event(event_id, "consent", customer_id=customer, properties=consent)
    assert server.send(told)["accepted"] == 1


def test_an_opt_out_is_remembered_while_the_store_is_away(tmp_path: Path) -> None:
    publish_tea(tmp_path / "bundles")
    with serving(tmp_path / "bundles", tmp_path / "data") as server:
        own = server.items("mei", slot="list", n=3)
        assert own != server.items("never seen", slot="list", n=3)
        says(server, "out", "mei", personal=False)
        with without_store(server):
            assert consent_of(server, "mei") == REFUSED
            shown = server.items("mei", slot="list", n=3)
            assert shown == server.items("never seen", slot="list", n=3)
            assert consent_of(server, "lin") == GIVEN, "nobody else is touched"
        wait_for(lambda: server.recommend("mei")["degraded"] == [])
        says(server, "in", "mei", personal=True)
        with without_store(server):
            assert consent_of(server, "mei") == GIVEN, "the last word counts"
            assert server.items("mei", slot="list", n=3) == own


def test_every_worker_knows_it_and_a_server_that_starts_again_too(tmp_path: Path) -> None:
    publish_tea(tmp_path / "bundles")
    quick = {"CAINI_BUNDLE_CHECK_S": "0.05"}
    with serving(tmp_path / "bundles", tmp_path / "data", "2", environment=quick) as server:
        wait_for(lambda: len([one for one in server.logs if one.get("event") == "ready"]) == 2)
        says(server, "out", "mei", personal=False)
        wait_for(lambda: all(consent_of(server, "mei") == REFUSED for _ in range(20)))
        with without_store(server):
            wait_for(lambda: all(consent_of(server, "mei") == REFUSED for _ in range(20)))
    with serving(tmp_path / "bundles", tmp_path / "data") as again, without_store(again):
        assert consent_of(again, "mei") == REFUSED
        assert again.client.delete("/customers/mei").status_code == 503


def test_what_was_erased_is_not_held(tmp_path: Path) -> None:
    publish_tea(tmp_path / "bundles")
    with serving(tmp_path / "bundles", tmp_path / "data") as server:
        says(server, "out", "ann", personal=False)
        assert server.client.delete("/customers/ann").status_code == 200
        with without_store(server):
            told = server.client.get("/customers/ann").json()
            assert told["attributes"] == {}
            assert told["consent"] == GIVEN, "whoever comes back is new"
