"""What the doctor says of a store, a configuration and bundles; and which store is the default."""

import sys
from pathlib import Path

import pytest

from caini.archiving import settings_of
from caini.main import main
from tests.conftest import CONFIG


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("COLUMNS", "200")

    def of(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["caini", *(str(word) for word in words)])
        try:
            main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return of


def test_a_private_store_in_the_default_folder_is_found_without_being_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_of(None, None) is None
    (tmp_path / "data" / "redis").mkdir(parents=True)
    found = settings_of(None, None)
    assert found is not None
    assert (found.data, found.redis_url) == (Path("data"), None)


def test_the_doctor_tells_which_private_store_is_meant(  # type: ignore[no-untyped-def]
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAINI_REDIS_URL", raising=False)
    asked = ("doctor", "--config", CONFIG)
    assert "no Redis yet; caini serve makes one in data/redis" in run(*asked)[1]
    (tmp_path / "other" / "redis").mkdir(parents=True)
    assert "private Redis in other/redis" in run(*asked, "--data", "other")[1]
    monkeypatch.setenv("CAINI_DATA", "other")
    assert "private Redis in other/redis" in run(*asked)[1]
