"""A real server over the tea shop of tests/worlds.py: a subprocess on a free port."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2 as httpx

from engine.bundle import Bundle
from tests.worlds import bundle, candidates
from training.publish import publish

CONFIG = Path(__file__).parent.parent / "config"
PATIENT = {"CAINI_STORE_READ_MS": "1000", "CAINI_DRAIN_DELAY_S": "0"}
PATIENCE_S = 60.0  # other work may hold the machine


def processes_of(folder: Path) -> dict[int, bytes]:
    """What still runs and names the folder in its command, by its id."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if str(folder).encode() in command:
                found[int(process.name)] = command
    return found


def wait_for(happened: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """What `happened` gives, as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
    return found


@contextlib.contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """What a full disk is to this process and those it starts, a limit is too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def tea(first: int = 0, **changes: Any) -> Bundle:
    """The tea shop with another item as the most popular: another version."""
    popular = {first: 0.9} | {row: 0.5 - row / 20 for row in range(6) if row != first}
    return replace(bundle(), popular=candidates(popular), **changes)


def publish_tea(bundles: Path, first: int = 0, **changes: Any) -> str:
    return publish(tea(first, **changes), bundles).version


def event(event_id: str, kind: str, /, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(seconds=1)
    return {"event_id": event_id, "type": kind, "at": at.isoformat(), **fields}


@dataclass
class Server:
    """A running `caini serve` and a client of it."""

    process: subprocess.Popen[str]
    client: httpx.Client
    url: str
    logs: list[dict[str, Any]] = field(default_factory=list)

    def recommend(self, customer_id: str | None = None, /, **asked: Any) -> dict[str, Any]:
        asked |= {} if customer_id is None else {"customer_id": customer_id}
        answer = self.client.post("/recommend", json=asked)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def items(self, customer_id: str | None = None, /, **asked: Any) -> list[str]:
        return [item["item_id"] for item in self.recommend(customer_id, **asked)["items"]]

    def send(self, *events: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post("/events", json={"events": list(events)})
        assert answer.status_code == 202, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def ready(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.get("/health/ready").json()
        return told

    def metrics(self) -> str:
        return str(self.client.get("/metrics").text)

    def logged(self, name: str) -> dict[str, Any] | None:
        return next((line for line in self.logs if line.get("event") == name), None)

    def redis_pid(self) -> int:
        started = [line for line in self.logs if line.get("event") == "redis started"]
        return int(started[-1]["pid"])


@contextlib.contextmanager
def serving(
    bundles: Path, data: Path, *options: str, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """Ready when it is given; ended with SIGTERM, and it must end well."""
    server = start(bundles, data, *options, environment=environment)
    try:
        wait_for(lambda: server.logged("ready"))
        yield server
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0, server.logs[-5:]
    finally:
        finish(server)


def start(
    bundles: Path,
    data: Path,
    *options: str,
    environment: dict[str, str] | None = None,
    within: Sequence[str] = (),
) -> Server:
    words = ["tests.serve", str(bundles), str(data), str(CONFIG), *options]
    return launch(words, CONFIG.parent, {**PATIENT, **(environment or {})}, within)


def launch(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], within: Sequence[str] = ()
) -> Server:
    """A module of ours with its arguments, as soon as it listens; `within` is the beginning of the
    command, where another program becomes it.
    """
    process = subprocess.Popen(
        [*within, sys.executable, "-m", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        cwd=folder,
    )
    logs: list[dict[str, Any]] = []
    Thread(target=_read_logs, args=(process, logs), daemon=True).start()
    server = Server(process, httpx.Client(), "", logs)
    listening = wait_for(lambda: server.logged("listening") or process.poll() is not None)
    if listening is True:
        finish(server)
        raise AssertionError(f"the server did not start: {logs}")
    server.url = listening["url"]
    server.client = httpx.Client(base_url=server.url, timeout=PATIENCE_S)
    return server


def finish(server: Server) -> None:
    server.client.close()
    if server.process.poll() is None:
        server.process.kill()
        server.process.wait()
    assert server.process.stderr is not None
    server.process.stderr.close()


def _read_logs(process: subprocess.Popen[str], logs: list[dict[str, Any]]) -> None:
    assert process.stderr is not None
    with contextlib.suppress(ValueError):
        for line in process.stderr:
            logs += [json.loads(line) if line.startswith("{") else {"text": line}]


def names(items: Sequence[dict[str, Any]]) -> list[str]:
    return [item["item_id"] for item in items]
