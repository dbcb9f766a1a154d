"""The command as a person calls it."""

import sys
from collections.abc import Callable

import pytest

from caini.main import main
from tests.training.jobs import tiny  # noqa: F401  # a fixture of the notebooks

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
