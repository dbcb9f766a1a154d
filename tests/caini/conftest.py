"""The command as a person calls it."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from caini.main import main
from serving.settings import Settings
from serving.store.embedded import EmbeddedRedis
from tests.conftest import CONFIG, Trained
from tests.training.jobs import tiny  # noqa: F401  # a fixture of the notebooks

SHOPS = itertools.count()
Caini = Callable[..., tuple[int, str, str]]


@pytest.fixture
def caini(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Caini:
    """`caini words…` in this process, on a wide screen: exit code, what it said, what it warned."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["caini", *(str(word) for word in words)])
        try:
            main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def with_ledger(caini: Caini, trained: Trained, tmp_path: Path) -> Caini:
    """A verb on the simulated shop's bundle, with a ledger of the test's own."""

    def of(verb: str, *words: object) -> tuple[int, str, str]:
        asked = ("--bundles", trained.bundles, "--config", CONFIG, "--ledger", tmp_path / "ledger")
        return caini(verb, *asked, *words)

    return of


@pytest.fixture
def run(caini: Caini, few: Path) -> Caini:
    """A verb with the shop's settings and few who judge, unless others are named."""

    def of(*words: object) -> tuple[int, str, str]:
        return caini(*words, *(() if "--config" in words else ("--config", few)))

    return of


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    embedded = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    yield f"unix://{embedded.start().socket}"
    embedded.stop()


@pytest.fixture
def shop(redis: str) -> Settings:
    return Settings(redis_url=SecretStr(redis), shop=f"archive{next(SHOPS)}-{os.getpid()}")
