"""What the READMEs promise is so: every call is made, every command line is understood."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from caini.main import app
from tests.conftest import Trained
from tests.servers import Server, serving

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "README.zh-CN.md")
CALL = re.compile(r"^\$ curl -s localhost:8000(\S+) .*-d '(.*)'$")


@pytest.fixture(scope="module")
def server(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    with serving(trained.bundles, data, environment={"CAINI_CLOCK": "log"}) as running:
        yield running


def calls(page: str) -> list[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """Path, body and the answer that the page shows, if it shows one."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / page).read_text(), re.DOTALL):
        for part in re.split(r"\n(?=\$)", block.strip()):
            first, _, shown = part.partition("\n")
            call = CALL.match(first)
            assert call, f"{page}: {first} is no call that this test understands"
            found.append((call[1], json.loads(call[2]), json.loads(shown) if shown else None))
    return found


def shape(told: Any) -> Any:
    """Keys and kinds, without the values."""
    if isinstance(told, dict):
        return {key: shape(value) for key, value in told.items()}
    if isinstance(told, list):
        return [shape(told[0])] if told else []
    return float if isinstance(told, int | float) else type(told)


@pytest.mark.parametrize("page", PAGES)
def test_every_call_of_the_page_is_answered_in_the_shape_that_it_shows(
    page: str, server: Server
) -> None:
    made = calls(page)
    assert made
    now = server.ready()["watermark"]
    for path, body, shown in made:
        for happened in body.get("events", ()):
            happened["at"] = now  # the page has its own day
        answer = server.client.post(path, json=body)
        assert answer.status_code in (200, 202), answer.text
        if shown is not None:
            assert shape(answer.json()) == shape(shown)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_is_one_that_caini_knows(page: str) -> None:
    command = typer.main.get_command(app)
    text = (ROOT / page).read_text()
    lines = re.findall(r"^caini .*$", text, re.MULTILINE)
    assert len(lines) >= 7
    for line in lines:
        verb, *words = shlex.split(line, comments=True)[1:]
        known = command.commands[verb]  # type: ignore[attr-defined]
        options = {name for option in known.params for name in option.opts}
        for word in words:
            assert not word.startswith("--") or word in options, f"{line}: {word}"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_the_page_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
        assert (ROOT / target).exists(), target
