"""A real server on a bundle that nobody sees yet, asked what customers will ask."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit

from caini.demo.client import Client
from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.errors import CainiError, ConfigError
from engine.shop_folder import read_folder
from engine.slots import Slots

START_S: Final = 120.0  # guess: a bundle of some GB is verified first
STOP_S: Final = 20.0
KNOWN: Final = 3  # customers asked for at every slot, besides nobody
EXPECTED: Final = frozenset({"store"})  # it is given none, so that nothing of it can be written
Request = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Running:
    process: subprocess.Popen[str]
    lines: Queue[str | None]
    said: list[str] = field(default_factory=list)  # its last words, if it ends by itself
    silent: Event = field(default_factory=Event)  # nothing more will be said


def rehearsal(config: Path, recorded: str | None) -> Callable[[Path], Sequence[str]]:
    """What the gate calls with the challenger's folder, which lies alone beside a pointer to it."""

    def rehearse(challenger: Path) -> Sequence[str]:
        bundle = read_bundle(challenger)
        _, slots = read_folder(config)
        asked = [*generated(bundle, slots), *read_recorded(config, recorded)]
        return answers(challenger.parent, config, bundle.version, asked)

    return rehearse


def generated(bundle: Bundle, slots: Slots) -> list[Request]:
    """Every slot for nobody and for a few customers, about the items that are asked for most."""
    spread = range(0, len(bundle.customers), max(1, len(bundle.customers) // KNOWN))
    people = [None, *bundle.customers.ids(list(spread)[:KNOWN])]
    about = bundle.items.ids(bundle.popular.rows[:2].tolist())
    asked: list[Request] = []
    for slot in slots:
        for person in people:
            who = {} if person is None else {"customer_id": person}
            asked.append({"slot": slot, "context_items": about, **who})
    return asked


def read_recorded(config: Path, name: str | None) -> list[Request]:
    """Raises ConfigError with the line that is no JSON object."""
    if name is None:
        return []
    asked: list[Request] = []
    try:
        lines = (config / name).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"train.toml: gate.requests: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            asked.append(dict(json.loads(line)))
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{name}, line {number}: is no request: {error}") from error
    return asked


def answers(bundles: Path, config: Path, version: str, asked: Sequence[Request]) -> list[str]:
    """What went wrong; nothing when every request was answered from this version."""
    with (
        tempfile.TemporaryDirectory(prefix="caini-") as scratch,
        _server(bundles, config, Path(scratch)) as server,
    ):
        port = _port(server)
        if port is None:
            return [f"the server does not start: {_last_words(server)}"]
        with Client(port) as client:
            try:
                client.wait_until_ready(lambda: server.process.poll() is None)
                told = [_fault(client, request, version) for request in asked]
            except (CainiError, OSError, HTTPException) as error:
                return [f"the server does not answer: {error}: {_last_words(server)}"]
    return [fault for fault in told if fault is not None]


def _fault(client: Client, request: Request, version: str) -> str | None:
    try:
        answer = client.ask("POST", "/recommend", request)
    except CainiError as error:
        return str(error)
    ids = [item["item_id"] for item in answer["items"]]
    said = f"POST /recommend {json.dumps(request, ensure_ascii=False)}: "
    if answer["bundle_version"] != version:
        return said + f"answered from {answer['bundle_version']}"
    if not ids or len(ids) != len(set(ids)):
        return said + f"{len(ids)} items, {len(set(ids))} different ones"
    others = set(answer["degraded"]) - EXPECTED
    return said + f"degraded: {', '.join(sorted(others))}" if others else None


@contextmanager
def _server(bundles: Path, config: Path, scratch: Path) -> Iterator[_Running]:
    """On a free port of this machine alone, without a store, and gone afterwards."""
    command = [sys.executable, "-m", "caini", "serve", "--port", "0", "--bundles", str(bundles)]
    command += ["--config", str(config.resolve()), "--data", str(scratch)]
    environment = {key: value for key, value in os.environ.items() if key[:6] != "CAINI_"}
    environment |= {"CAINI_REDIS_URL": f"unix://{scratch}/none.sock", "CAINI_CLOCK": "log"}
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment, text=True
    )
    server = _Running(process, Queue())
    reader = Thread(target=_read, args=(server,), daemon=True)
    reader.start()
    try:
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        assert process.stderr is not None
        process.stderr.close()


def _read(server: _Running) -> None:
    assert server.process.stderr is not None
    for line in server.process.stderr:
        server.said.append(line.strip())
        server.lines.put(line)
    server.silent.set()
    server.lines.put(None)


def _last_words(server: _Running) -> str:
    if server.process.poll() is not None:
        server.silent.wait(STOP_S)
    return " | ".join(server.said[-3:])


def _port(server: _Running) -> int | None:
    """Where it listens; None when it ends, or says nothing of it in time."""
    while True:
        try:
            line = server.lines.get(timeout=START_S)
        except Empty:
            return None
        if line is None:
            return None
        if line.startswith("{") and (told := json.loads(line)).get("event") == "listening":
            return int(urlsplit(told["url"]).port or 0)
