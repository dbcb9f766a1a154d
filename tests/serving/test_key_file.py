"""The file of keys: what cannot be read is tried again, what is wrong is told once."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from engine.errors import ConfigError
from engine.shop import read_toml
from serving.app import _follow_keys
from serving.auth import KeyRing, new_key
from serving.shop import Shop
from tests.servers import publish_tea, serving, wait_for
from tests.serving.test_keys import entry

GOOD, LEAKED = entry("good", "1" * 64, "events"), entry("leaked", "2" * 64, "events")


@pytest.fixture(autouse=True)
def logs_of_every_level() -> None:
    """A verb that ran in this process before may have asked for warnings alone."""
    structlog.reset_defaults()


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


def test_what_is_wrong_or_away_is_stale_until_it_is_mended(file: Path) -> None:
    ring = KeyRing(file)
    found = [ring.stale]
    for now, change in enumerate((GOOD, "keys = [", None, "keys = [", LEAKED, None), 1):
        if change is None:
            file.rename(file.with_suffix(".away"))
        else:
            file.write_text(change)
        ring.at(100.0 * now)
        found.append(ring.stale)
    file.with_suffix(".away").rename(file)  # the very file that was good
    ring.at(1_000.0)
    assert (found, ring.stale) == ([False, False, True, True, True, False, True], False)


def test_the_follower_looks_each_second_however_lately_a_request_did(
    file: Path, tea_shop: Shop
) -> None:
    ring = KeyRing(file)
    assert names(ring, time.time()) == ["good", "leaked"], "a request has just looked"
    file.write_text("keys = [")

    async def once() -> None:
        following = asyncio.create_task(_follow_keys(replace(tea_shop, keys=ring)))
        await asyncio.sleep(0)
        following.cancel()

    assert not ring.stale
    with capture_logs():
        asyncio.run(once())
    assert ring.stale


def test_a_wrong_file_is_told_though_nobody_calls(tmp_path: Path) -> None:
    """By a line of the log; then by whoever is asked how the server is."""
    publish_tea(tmp_path / "bundles")
    key, digest = new_key()
    file = tmp_path / "keys.toml"
    file.write_text(entry("shop", digest, "metrics"))
    environment = {"CAINI_KEYS": str(file)}
    with serving(tmp_path / "bundles", tmp_path / "data", environment=environment) as server:

        def stale() -> str:
            headers = {"authorization": f"Bearer {key}"}
            page = server.client.get("/metrics", headers=headers).text
            return next(line for line in page.splitlines() if line.startswith("caini_keys_stale"))

        assert (server.ready()["degraded"], stale()) == ([], "caini_keys_stale 0.0")
        file.write_text("keys = [")
        told = wait_for(lambda: server.logged("keys not read"))
        assert "not TOML" in told["problem"]
        assert (server.ready()["ready"], server.ready()["degraded"]) == (True, ["keys"])
        wait_for(lambda: stale() == "caini_keys_stale 1.0")
        file.write_text(entry("shop", digest, "metrics"))
        wait_for(lambda: server.ready()["degraded"] == [])
        wait_for(lambda: stale() == "caini_keys_stale 0.0")


@pytest.mark.parametrize("deep", ["a = " + "[" * 100_000, "a = " + "{a=" * 100_000])
def test_what_is_too_deep_to_read_is_a_wrong_file_like_another(file: Path, deep: str) -> None:
    ring = KeyRing(file)
    file.write_text(deep)
    assert names(ring, 100.0) == ["good", "leaked"]
    with pytest.raises(ConfigError, match="a thousand deep"):
        read_toml(file)
