"""How fast a slot is filled: one worker, open loop, beside a constant answer in the same run.

python -m bench serving [BUNDLES]      (a simulated shop's bundle is trained when left out)
"""

import asyncio
import json
import os
import random
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from bench.machine import keep, machine
from bench.open_loop import Answers, get, post, run
from bench.processes import caini, cpu_seconds, family, free_port, running, wait_until
from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.query import Asked, enrich
from engine.recommend import recommend
from engine.shop_folder import read_folder

RATE: Final = 200.0  # requests a second
SECONDS: Final = 8
ROUNDS: Final = 3
JSON: Final = {"Content-Type": "application/json"}
SERVER_CORE, LOAD_CORE = 0, 1


def main(words: list[str]) -> None:
    before = machine()
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory() as scratch:
        bundles = Path(words[0]) if words else simulated(Path(scratch))
        bundle = read_bundle(bundles / (bundles / "current").read_text().strip())
        customers = random.Random(1).choices(
            bundle.customers.ids(range(len(bundle.customers))), k=2000
        )
        figures = measure(bundles, customers, Path(scratch))
        figures["engine_cpu_us"] = engine_cpu_us(bundle, customers[:500])
    keep("serving", {"counts": bundle.manifest.counts, **figures}, before)


def simulated(scratch: Path) -> Path:
    from bench.training import simulated_log, train_on

    return train_on(simulated_log(scratch, 5_000, 2_000), scratch / "bundles")


def measure(bundles: Path, customers: list[str], scratch: Path) -> dict[str, Any]:
    port, constant_port = free_port(), free_port()
    quiet = {"CAINI_LOG_LEVEL": "warning", "CAINI_CLOCK": "log"}
    command = caini(bundles, scratch / "data", port)
    started = time.perf_counter()
    with running(command, SERVER_CORE, quiet) as pid:
        wait_until(port, "/health/ready")
        ready_s = time.perf_counter() - started
        body = sample(port, customers[0])
        (scratch / "body.json").write_bytes(body)
        constant = [command[0], "-m", "bench.constant", str(scratch / "body.json")]
        with running([*constant, str(constant_port)], SERVER_CORE, {}) as constant_pid:
            wait_until(constant_port, "/")
            lines = rounds(port, pid, constant_port, constant_pid, customers)
        reflected = reflection_ms(port)
    return {"ready_s": round(ready_s, 2), "answer_bytes": len(body), **lines, "event": reflected}


def sample(port: int, customer: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port)
    asked = json.dumps({"customer_id": customer, "slot": "home"})
    connection.request("POST", "/recommend", asked, JSON)
    return connection.getresponse().read()


def rounds(
    port: int, pid: int, constant_port: int, constant_pid: int, customers: list[str]
) -> dict[str, Any]:
    """Ours and the constant in turn, so that both meet the same noise."""
    asked = [
        post("/recommend", json.dumps({"customer_id": who, "slot": "home"}).encode())
        for who in customers
    ]
    count = int(RATE * SECONDS)
    ours, theirs = [], []
    asyncio.run(run(port, (asked * 2)[:400], RATE))
    asyncio.run(run(constant_port, [get("/")] * 400, RATE))
    cpu: dict[str, float] = {}
    for _ in range(ROUNDS):
        theirs.append(asyncio.run(run(constant_port, [get("/")] * count, RATE)))
        start = {p: cpu_seconds(p) for p in family(pid)}
        ours.append(asyncio.run(run(port, (asked * 2)[:count], RATE)))
        for member, name in family(pid).items():
            used = cpu_seconds(member) - start.get(member, 0)
            cpu[name] = cpu.get(name, 0) + used
    spent = {name: round(used / (ROUNDS * count) * 1e6, 1) for name, used in cpu.items() if used}
    return {
        "recommend": [answers.summary() for answers in ours],
        "constant": [answers.summary() for answers in theirs],
        "ratio_p50": ratio(ours, theirs, 0.5),
        "ratio_p99": ratio(ours, theirs, 0.99),
        "cpu_us_a_request": spent,
        "constant_cpu_us_since_start": round(cpu_seconds(constant_pid) / (ROUNDS * count) * 1e6, 1),
    }


def ratio(ours: list[Answers], theirs: list[Answers], q: float) -> list[float]:
    return [round(a.quantile(q) / b.quantile(q), 2) for a, b in zip(ours, theirs, strict=True)]


def reflection_ms(port: int) -> dict[str, Any]:
    """From an accepted event to a slate that reflects it: a stranger's first look at something."""
    connection = HTTPConnection("127.0.0.1", port)

    def ask(path: str, body: object) -> Any:
        connection.request("POST", path, json.dumps(body), JSON)
        return json.loads(connection.getresponse().read())

    ready = json.loads(_get(connection, "/health/ready"))
    now = ready["watermark"]  # the server's clock starts there
    items = [item["item_id"] for item in ask("/recommend", {"slot": "home", "n": 100})["items"]]
    times, changed = [], 0
    for number, item in enumerate(items):
        who = {"visitor_id": f"bench-{number}"}
        event = {"event_id": f"bench-{number}-{now}", "type": "view", "at": now, "item_id": item}
        before = ask("/recommend", {"slot": "home", **who})
        started = time.perf_counter()
        ask("/events", {"events": [{**event, **who}]})
        after = ask("/recommend", {"slot": "home", **who})
        times.append((time.perf_counter() - started) * 1000)
        changed += [i["item_id"] for i in before["items"]] != [i["item_id"] for i in after["items"]]
    times.sort()
    return {
        "tried": len(items),
        "slates_changed_at_once": changed,
        "event_and_next_slate_p50_ms": round(times[len(times) // 2], 2),
        "event_and_next_slate_max_ms": round(times[-1], 2),
    }


def _get(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    return connection.getresponse().read()


def engine_cpu_us(bundle: Bundle, customers: list[str]) -> dict[str, float]:
    """CPU of the pure path in this process, without HTTP and store."""
    config = Path("config")
    plan = read_folder(config)[1]["home"]
    now = bundle.manifest.watermark
    asked = [Asked(n=20, customer_id=who) for who in customers]
    for one in asked[:50]:
        recommend(enrich(one, bundle, now), plan, bundle)
    start = time.process_time()
    queries = [enrich(one, bundle, now) for one in asked]
    middle = time.process_time()
    for query in queries:
        recommend(query, plan, bundle)
    end = time.process_time()
    return {
        "enrich": round((middle - start) / len(asked) * 1e6, 1),
        "recommend": round((end - middle) / len(asked) * 1e6, 1),
    }
