"""What breaks while the server runs, and that it keeps answering."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from engine.bundle_files import read_manifest
from tests.servers import Server, event, finish, publish_tea, serving, start, wait_for
from tests.worlds import BLACK, CUP, MILK
from training.publish import CURRENT, point, rollback

IDS = {0: "green", BLACK: "black", MILK: "milk", CUP: "cup"}


def version_of(server: Server) -> str:
    return str(server.recommend(n=1)["bundle_version"])


class Callers:
    """Threads that ask without pause; what they were told, in the order of each."""

    def __init__(self, url: str, count: int = 4) -> None:
        self._url = url
        self._stop = threading.Event()
        self.told: list[list[tuple[int, str, str]]] = [[] for _ in range(count)]
        self._threads = [threading.Thread(target=self._ask, args=(told,)) for told in self.told]

    def _ask(self, told: list[tuple[int, str, str]]) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self._stop.is_set():
                answer = client.post("/recommend", json={"n": 1})
                body: dict[str, Any] = answer.json()
                version, items = body.get("bundle_version", ""), body.get("items", [{}])
                told.append((answer.status_code, version, items[0].get("item_id", "")))

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_no_request_fails_or_sees_half_a_bundle_while_bundles_are_swapped(tmp_path: Path) -> None:
    bundles = tmp_path / "bundles"
    first = {publish_tea(bundles, row): row for row in IDS}
    point(bundles, next(iter(first)))
    with serving(
        bundles, tmp_path / "data", environment={"CAINI_BUNDLE_CHECK_S": "0.05"}
    ) as server:
        with Callers(server.url) as callers:
            for version in [*first, *first, *first]:
                point(bundles, version)
                wait_for(lambda version=version: version_of(server) == version)
        answers = [answer for told in callers.told for answer in told]
        assert Counter(status for status, _, _ in answers) == {200: len(answers)}
        assert {version for _, version, _ in answers} == set(first)
        assert all(item == IDS[first[version]] for _, version, item in answers)


def test_a_new_bundle_is_taken_up_and_the_old_one_comes_back_by_rollback(tmp_path: Path) -> None:
    bundles = tmp_path / "bundles"
    old = publish_tea(bundles)
    with serving(bundles, tmp_path / "data") as server:
        server.send(event("e1", "view", customer_id="zoe", item_id="pot"))
        new = publish_tea(bundles, CUP)
        wait_for(lambda: version_of(server) == new)
        assert server.items(n=1) == ["cup"]
        rollback(bundles, old)
        began = time.monotonic()
        wait_for(lambda: version_of(server) == old)
        assert time.monotonic() - began < 5
        assert server.items(n=1) == ["green"]
        assert server.items("zoe", n=1) == ["cup"], "what was accepted since is not forgotten"


def test_changes_of_items_outlive_a_swap(tmp_path: Path) -> None:
    bundles = tmp_path / "bundles"
    publish_tea(bundles)
    with serving(bundles, tmp_path / "data") as server:
        server.client.put("/items", json={"items": [{"item_id": "cup", "available": False}]})
        new = publish_tea(bundles, CUP)
        wait_for(lambda: version_of(server) == new)
        assert "cup" not in server.items(n=6)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server that nothing may unsettle, and its bundles."""
    folder = tmp_path_factory.mktemp("steady")
    publish_tea(folder / "bundles")
    with serving(folder / "bundles", folder / "data") as server:
        yield server, folder / "bundles"


def damage_by_a_byte(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)


def damage_by_a_cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


def damage_by_an_extra_file(file: Path) -> None:
    (file.parent / "more.npy").write_bytes(b"")


def damage_by_a_link(file: Path) -> None:
    file.rename(file.parent.parent / "moved.npy")
    file.symlink_to(file.parent.parent / "moved.npy")


def damage_by_no_manifest(file: Path) -> None:
    (file.parent / "manifest.json").unlink()


DAMAGES = [
    damage_by_a_byte,
    damage_by_a_cut,
    damage_by_an_extra_file,
    damage_by_a_link,
    damage_by_no_manifest,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_bundle_is_refused_and_the_old_one_serves_on(
    tmp_path: Path, steady: tuple[Server, Path], damage: Callable[[Path], None]
) -> None:
    server, bundles = steady
    bad = publish_tea(tmp_path, first=1 + DAMAGES.index(damage))
    damage(tmp_path / bad / "items.text.data.npy")
    (tmp_path / bad).rename(bundles / bad)
    before = refused(server)
    (bundles / CURRENT).write_text(bad, "ascii")
    wait_for(lambda: refused(server) == before + 1)
    assert server.items(n=1) == ["green"]
    assert server.recommend(n=1)["degraded"] == []
    assert server.ready()["ready"] is True


def refused(server: Server) -> float:
    found = re.search(r'caini_bundle_loads_total\{result="refused"\} (\S+)', server.metrics())
    return float(found[1]) if found else 0


def test_a_pointer_out_of_the_folder_is_not_followed(
    tmp_path: Path, steady: tuple[Server, Path]
) -> None:
    server, bundles = steady
    elsewhere = publish_tea(tmp_path, CUP)
    (bundles / CURRENT).write_text(f"../../{tmp_path.name}/{elsewhere}", "ascii")
    time.sleep(1)
    assert server.items(n=1) == ["green"]


def test_a_start_on_a_damaged_bundle_serves_the_newest_that_is_whole_and_says_so(
    tmp_path: Path,
) -> None:
    bundles = tmp_path / "bundles"
    old, bad = publish_tea(bundles), publish_tea(bundles, CUP)
    (bundles / bad / "cf.faiss").write_bytes(b"nonsense")
    with serving(bundles, tmp_path / "data") as server:
        told = server.recommend(n=1)
        assert told["bundle_version"] == old
        assert told["degraded"] == ["bundle"]
        assert server.ready()["degraded"] == ["bundle"]
        good = publish_tea(bundles, MILK)
        wait_for(lambda: version_of(server) == good)
        assert server.recommend(n=1)["degraded"] == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_with_no_whole_bundle_at_all_it_does_not_start_and_says_why(
    tmp_path: Path, workers: str
) -> None:
    bundles = tmp_path / "bundles"
    (bundles / publish_tea(bundles) / "cf.faiss").write_bytes(b"nonsense")
    server = start(bundles, tmp_path / "data", workers)
    assert server.process.wait(30) != 0
    finish(server)
    assert "sha256" in str(server.logs)


def test_the_manifest_is_what_the_answer_names(tmp_path: Path) -> None:
    bundles = tmp_path / "bundles"
    version = publish_tea(bundles)
    with serving(bundles, tmp_path / "data") as server:
        assert version_of(server) == read_manifest(bundles / version).version
