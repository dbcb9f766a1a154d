"""The file of keys: what cannot be read is tried again, what is wrong is told once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from engine.errors import ConfigError
from engine.shop import read_toml
from serving.auth import KeyRing
from tests.serving.test_keys import entry

GOOD, LEAKED = entry("good", "1" * 64, "events"), entry("leaked", "2" * 64, "events")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "keys.toml"
    path.write_text(GOOD + LEAKED)
    return path


def names(ring: KeyRing, now_s: float) -> list[str]:
    return sorted(key.name for key in ring.at(now_s).values())


def test_a_key_that_was_taken_out_is_refused_as_soon_as_the_file_can_be_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing(file)
    file.write_text(GOOD)

    def no_more_files(*_: object, **__: object) -> str:
        raise OSError(24, "Too many open files")

    with capture_logs() as logs:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_text", no_more_files)
            assert [names(ring, now) for now in (100.0, 102.0, 104.0)] == [["good", "leaked"]] * 3
        assert names(ring, 106.0) == ["good"]
    assert [line["event"] for line in logs] == ["keys not read", "keys read"], "told once"


def test_a_file_that_is_wrong_is_told_once_and_takes_nothing_away(file: Path) -> None:
    ring = KeyRing(file)
    file.write_text("keys = [")
    with capture_logs() as logs:
        assert [names(ring, now) for now in (100.0, 102.0)] == [["good", "leaked"]] * 2
        file.unlink()
        assert [names(ring, now) for now in (104.0, 106.0)] == [["good", "leaked"]] * 2
        file.write_text(LEAKED)
        assert names(ring, 108.0) == ["leaked"]
    assert [line["event"] for line in logs] == ["keys not read", "keys not read", "keys read"]
    assert "not TOML" in logs[0]["problem"]
    assert "No such file" in logs[1]["problem"]


@pytest.mark.parametrize("deep", ["a = " + "[" * 100_000, "a = " + "{a=" * 100_000])
def test_what_is_too_deep_to_read_is_a_wrong_file_like_another(file: Path, deep: str) -> None:
    ring = KeyRing(file)
    file.write_text(deep)
    assert names(ring, 100.0) == ["good", "leaked"]
    with pytest.raises(ConfigError, match="a thousand deep"):
        read_toml(file)
