"""Which redis-server is run."""

import os
from pathlib import Path

import pytest

from engine.errors import StoreError
from serving.store.binary import ServerBinary, find


def test_a_missing_binary_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        find(tmp_path / "nowhere")


def test_something_that_is_no_redis_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "redis-server"
    script.write_text("#!/bin/sh\necho something else\n", encoding="utf-8")
    script.chmod(0o755)
    with pytest.raises(StoreError, match=r"6\.2 or later"):
        find(script)


def test_the_wheels_binary_serves_where_the_path_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = find()
    assert isinstance(found, ServerBinary)
    assert found.version.startswith("6.2")


@pytest.mark.parametrize("wheel_first", [True, False])
def test_the_newest_serves_whatever_the_order_of_the_path(
    tmp_path: Path,
    redis_servers: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    wheel_first: bool,
) -> None:
    if len(redis_servers) < 2:
        pytest.skip("needs both versions")
    folders = [str(redis_servers[name].parent) for name in ("wheel", "path")]
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    ordered = folders if wheel_first else folders[::-1]
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), *ordered]))
    found = find()
    assert found.path == redis_servers["path"]
    assert [one.path.resolve() for one in found.beside] == [redis_servers["wheel"].resolve()]


def test_of_two_servers_too_old_for_the_data_both_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = []
    for place, version in enumerate(("6.2.9", "6.2.10")):
        older.append(tmp_path / str(place) / "redis-server")
        older[-1].parent.mkdir()
        older[-1].write_text(f"#!/bin/sh\necho Redis server v={version}\n", encoding="utf-8")
        older[-1].chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(str(one.parent) for one in older))
    monkeypatch.setattr("serving.store.binary.of_wheel", lambda: None)
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(
        StoreError, match=rf"{older[1]} is 6\.2\.10, {older[0]} is 6\.2\.9 and would start empty"
    ):
        find().refuse_newer_data(tmp_path)


def test_what_does_not_run_is_named_where_there_is_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.store.binary.of_wheel", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="no redis-server in the PATH"):
        find()
    (tmp_path / "redis-server").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (tmp_path / "redis-server").chmod(0o755)
    with pytest.raises(StoreError, match=f"{tmp_path}/redis-server does not run"):
        find()
