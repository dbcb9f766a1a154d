"""The demo: a shop is simulated or read, trained on, served, and shown reacting."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from rich.console import Console

from caini.demo.client import Client
from caini.demo.scenes import Cast, real_cast, simulated_cast
from caini.demo.shop import simulate
from caini.demo.show import SHOWN, Show, console_of_demo, ids_of
from caini.demo.world import DemoConfig
from caini.demo.write import write_simulated
from caini.instants import wall_clock
from engine.errors import CainiError
from engine.reasons import Language
from training.import_job import ImportOptions, import_log
from training.train import open_source, read_settings, train


@dataclass(frozen=True, slots=True)
class Demo:
    """What the command line asks for."""

    port: int
    data: Path | None  # a real shop's log (online-retail); None simulates one
    folder: Path
    config: Path
    size: tuple[int, int]  # customers and items of a simulated shop
    language: Language
    once: bool  # stop after the show


def run_demo(demo: Demo) -> None:
    console = console_of_demo()
    show = Show(console, demo.language)
    demo.folder.mkdir(parents=True, exist_ok=True)
    log, cast = _make_log(demo, console)
    bundles = _train(demo, log, console)
    signal.signal(signal.SIGTERM, _interrupted)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # else nohup wants it to go on
        signal.signal(signal.SIGHUP, _interrupted)
    port = demo.port or _free_port()
    with _serving(demo, bundles, port) as server, Client(port) as client:
        client.wait_until_ready(lambda: server.poll() is None)
        perform(client, cast, show)
        address = f"http://127.0.0.1:{port}"
        with suppress(KeyboardInterrupt):  # from the moment that it is told of
            show.title(show.say("up", address=address))
            sys.stdout.flush()
            if not demo.once:
                _wait(server)


def _make_log(demo: Demo, console: Console) -> tuple[Path, Cast]:
    log = demo.folder / "log.parquet"
    started = time.monotonic()
    if demo.data is None:
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        customers, items = demo.size
        simulated = simulate(DemoConfig(customers=customers, items=items, end=now))
        write_simulated(simulated, log)
        cast = simulated_cast(demo.language)
    else:
        import_log(demo.data, log, ImportOptions("online-retail"))
        cast = real_cast(log, demo.language)
    console.print(f"[dim]log: {log}, {time.monotonic() - started:.1f} s[/dim]")
    return log, cast


def _train(demo: Demo, log: Path, console: Console) -> Path:
    bundles = demo.folder / "bundles"
    started = time.monotonic()
    source, settings = open_source(log, None), read_settings(demo.config)
    with console.status("train") as status:
        manifest, evaluation = train(
            source, settings, bundles, now=wall_clock, say=lambda step: status.update(f"{step} …")
        )
    personal, popular = evaluation.lines[:2]
    console.print(
        f"[dim]train: {manifest.version}, {time.monotonic() - started:.1f} s; on held-out "
        f"purchases recall@20 {personal.everything['recall@20']:.3f}, "
        f"most popular {popular.everything['recall@20']:.3f}[/dim]"
    )
    return bundles


@contextmanager
def _serving(demo: Demo, bundles: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own process, as a shop would run it; gone when the demo is."""
    command = [sys.executable, "-m", "caini", "serve", "--bundles", str(bundles)]
    command += ["--port", str(port), "--data", str(demo.folder / "store")]
    command += ["--config", str(demo.config)]
    environment = {name: told for name, told in os.environ.items() if name != "CAINI_KEYS"}
    environment |= {"CAINI_LOG_LEVEL": "warning"}
    if demo.data is not None:
        environment["CAINI_CLOCK"] = "log"  # the log is years old, and so must "now" be
    server = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
    try:
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)  # with its workers and its Redis


def perform(client: Client, cast: Cast, show: Show) -> None:
    """Who gets what; then something happens, and the next request knows."""
    show.title(show.say("home"))
    for person in cast.people:
        asked = {} if person.id is None else {"customer_id": person.id}
        answer = client.recommend(person.slot, SHOWN, language=cast.language, **asked)
        show.who(person.id or "?", person.line, answer)
        show.slate(answer)
    for scene in cast.scenes(client):
        before = client.recommend(scene.slot, SHOWN, language=cast.language, **scene.asked)
        show.title(f"{show.say('now')}: {scene.line}")
        took = _happen(client, scene.events)
        after = client.recommend(scene.slot, SHOWN, language=cast.language, **scene.asked)
        show.line(f"  [dim]{show.say('next')} ({took:.0f} ms)[/dim]")
        show.slate(after, ids_of(before))


def _happen(client: Client, events: tuple[dict[str, Any], ...]) -> float:
    """Milliseconds until the last of them was accepted."""
    started = time.monotonic()
    for event in events:
        client.happened(event)
    return (time.monotonic() - started) * 1000


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: subprocess.Popen[bytes]) -> None:
    """Looked at again and again: polars has the system restart a wait that Ctrl-C interrupts."""
    while (code := server.poll()) is None:
        time.sleep(0.2)
    raise CainiError(f"the server ended by itself with {code}")


def _interrupted(signum: int, frame: FrameType | None) -> NoReturn:
    """SIGTERM and a terminal that is closed end the demo as Ctrl-C does, and its server with it."""
    del signum, frame
    raise KeyboardInterrupt
