"""The examples of docs/api.md are run, and its answers are the server's."""

import json
import re
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from serving.app import open_shop
from serving.metrics import build_metrics
from serving.shop import Shop
from tests.servers import PATIENCE_S, PATIENT, finish, launch, wait_for

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLE = re.compile(r"```console\n\$ (curl [^\n]+)\n(.*?)```", re.DOTALL)
HOUR = re.compile(r"(T\d\d):\d\d:\d\d\.\d+")
CHANGING = {"slate_id", "request_id", "bundle_version", "customers", "erasure", "done_at", "until"}


def request_of(command: str) -> dict[str, Any]:
    """What a curl command sends, as arguments of a client's request."""
    words = iter(shlex.split(command)[1:])
    sent: dict[str, Any] = {"method": "GET", "headers": {}}
    for word in words:
        match word:
            case "-s":
                continue
            case "-X":
                sent["method"] = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                sent["headers"][name] = value
            case "-d":
                sent["content"] = next(words)
                sent["method"] = "POST" if sent["method"] == "GET" else sent["method"]
            case _:
                sent["url"] = word.removeprefix("localhost:8000")
    return sent


def settled(told: Any) -> Any:
    """Without what is different in each run."""
    if isinstance(told, dict):
        return {name: "…" if name in CHANGING else settled(value) for name, value in told.items()}
    return [settled(value) for value in told] if isinstance(told, list) else told


def run(client: TestClient | httpx.Client, command: str) -> str:
    """The answer as the page shows it."""
    told = settled(client.request(**request_of(command)).json())
    return re.sub(
        r'"score": -?[\d.]+', '"score": …', json.dumps(told, ensure_ascii=False, indent=1)
    )


@pytest.fixture(scope="module")
def client(tea_shop: Shop) -> Iterator[TestClient]:
    with TestClient(open_shop(tea_shop)) as client:
        yield client


def test_every_example_of_the_page_answers_what_the_page_says(client: TestClient) -> None:
    examples = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(examples) == 17
    for command, answer in examples:
        assert run(client, command) + "\n" == answer, command


def test_the_shop_of_the_page_is_one_that_a_reader_can_start() -> None:
    """`make tea`; nothing is left of it."""
    page = PAGE.read_text(encoding="utf-8")
    assert "make tea" in page
    recipe = (PAGE.parents[1] / "Makefile").read_text(encoding="utf-8")
    assert "-m tests.tea $(PORT)" in recipe.partition("\ntea:")[2].partition("\n\n")[0]
    folder = Path(tempfile.mkdtemp())  # that of the test is too long for a socket on some machines
    server = launch(["tests.tea", "0"], PAGE.parents[1], {**PATIENT, "TMPDIR": str(folder)})
    try:
        wait_for(lambda: server.logged("ready"))
        for command, answer in EXAMPLE.findall(page):
            told = run(server.client, command) + "\n"
            assert HOUR.sub(r"\1", told) == HOUR.sub(r"\1", answer), "its clock goes on"
        assert [path.name[:4] for path in folder.iterdir()] == ["tea-"]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0
        assert not list(folder.iterdir())
    finally:
        finish(server)
        shutil.rmtree(folder)


def test_the_page_names_every_call(tea_shop: Shop, client: TestClient) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for path in ("/nope", "/events"):
        assert f"`{client.get(path).json()['type']}`" in page, "refusals that FastAPI gives"
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page


SIGNALS = PAGE.parent / "signals.md"
SERVING = PAGE.parents[1] / "serving"
LINE = re.compile(r"(?<!client)\.(?:info|warning|error|exception)\)?\(\s*\"([^\"]+)\"")


def test_the_page_of_signals_names_every_metric_and_every_log_line() -> None:
    page = SIGNALS.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    metrics = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in build_metrics().registry.collect()
    }
    sources = [path.read_text(encoding="utf-8") for path in SERVING.rglob("*.py")]
    lines = {name for source in sources for name in LINE.findall(source)}
    assert named == metrics | lines


def test_the_page_to_try_things_on_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    loaded = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page)
    places = [either or other for either, other in loaded]
    assert len(places) == 4, "a script, a style, an icon, the description"
    for place in places:
        assert client.get(place).status_code == 200, place
    assert "//" not in re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)
