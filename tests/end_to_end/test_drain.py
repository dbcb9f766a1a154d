"""A server that is told to go: unready at once, gone when nobody needs it any more."""

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.servers import PATIENCE_S, Server, finish, publish_tea, start, wait_for

SLOW = 30.0  # seconds that the tests never wait out, but for the one that says so


def tea_server(folder: Path, *options: str, **settings: object) -> Server:
    publish_tea(folder / "bundles")
    named = {f"CAINI_{name.upper()}": str(value) for name, value in settings.items()}
    server = start(folder / "bundles", folder / "data", *options, environment=named)
    wait_for(lambda: times(server, "ready") == int(options[0] if options else "1"))
    return server


def times(server: Server, line: str) -> int:
    return len([one for one in server.logs if one.get("event") == line])


def status_of(server: Server, path: str) -> Any:
    return server.client.get(path).status_code


@pytest.mark.parametrize("workers", ["1", "2"])
def test_on_sigterm_it_is_unready_and_serves_on_and_then_ends_well(
    tmp_path: Path, workers: str
) -> None:
    server = tea_server(tmp_path, workers, drain_delay_s=SLOW)
    try:
        server.client.headers["connection"] = "close"  # so that every worker is asked
        assert status_of(server, "/health/ready") == 200
        server.process.send_signal(signal.SIGTERM)
        wait_for(
            lambda: (
                len([one for one in server.logs if one.get("event") == "leaving"]) == int(workers)
            )
        )
        for _ in range(10):
            ready = server.client.get("/health/ready")
            assert ready.status_code == 503
            assert ready.json()["type"] == "urn:caini:leaving"
            assert ready.headers["connection"] == "close"
            assert server.items("mei", slot="list", n=1) == ["black"]
            assert status_of(server, "/health/live") == 200
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        if workers == "2":
            end_workers(server)
        assert server.process.wait(PATIENCE_S) == 0
        assert_no_traces(server)
    finally:
        finish(server)


def end_workers(server: Server) -> None:
    """What a second SIGTERM to the group of processes does."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    for pid in children.split():
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"spawn_main" in command:
            os.kill(int(pid), signal.SIGTERM)


def assert_no_traces(server: Server) -> None:
    assert [line for line in server.logs if "text" in line] == []


def test_the_delay_ends_by_itself(tmp_path: Path) -> None:
    server = tea_server(tmp_path, drain_delay_s=0.2)
    try:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(SLOW) == 0
        assert server.logged("leaving")
    finally:
        finish(server)


def test_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    server = tea_server(tmp_path, drain_delay_s=600)
    try:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE_S) == 0
        assert server.logged("leaving") is None
    finally:
        finish(server)


def test_what_is_under_way_is_answered(tmp_path: Path) -> None:
    """A request of which half has come when the server is told to go."""
    server = tea_server(tmp_path, drain_delay_s=0, drain_s=60)
    body = json.dumps({"customer_id": "mei", "slot": "list", "n": 1}).encode()
    url = httpx.URL(server.url)
    try:
        with socket.create_connection((url.host, url.port), PATIENCE_S) as connection:
            head = f"POST /recommend HTTP/1.1\r\nhost: {url.host}\r\ncontent-length: {len(body)}"
            connection.sendall(head.encode() + b"\r\ncontent-type: application/json\r\n\r\n")
            connection.sendall(body[:5])
            wait_for(lambda: status_of(server, "/health/live") == 200)
            server.process.send_signal(signal.SIGTERM)
            wait_for(lambda: refuses(url))
            connection.sendall(body[5:])
            connection.settimeout(PATIENCE_S)
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"black"' in answer
        assert server.process.wait(PATIENCE_S) == 0
    finally:
        finish(server)


def refuses(url: httpx.URL) -> bool:
    try:
        socket.create_connection((url.host, url.port), 1).close()
    except ConnectionRefusedError:
        return True
    return False
