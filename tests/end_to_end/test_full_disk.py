"""A disk that is full while the server runs: slates go on, and all of it heals with the room."""

import errno
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.servers import Server, event, finish, publish_tea, serving, start, wait_for

SMALL = "16m"  # of a disk; what runs on it takes half
CALLS = (
    ("POST", "/recommend"),
    ("GET", "/recommend/mei"),
    ("GET", "/customers/mei"),
    ("GET", "/similar/green"),
    ("GET", "/popular"),
    ("GET", "/metrics"),
    ("GET", "/health/ready"),
    ("GET", "/no-such-page"),
)


def every_call(server: Server) -> list[int]:
    """Statuses, each call twice: what is counted first takes room in the files of the metrics."""
    return [
        server.client.request(method, path, json={} if method == "POST" else None).status_code
        for method, path in CALLS
        for _ in range(2)
    ]


EVERY_STATUS = [200] * 14 + [404] * 2


def fill(folder: Path) -> list[Path]:
    """Whole pages first, then what is left: nothing at all goes in after."""
    made = []
    for size in (1 << 16, 1 << 12, 1):
        made.append(folder / f"filler-{size}")
        with made[-1].open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"x" * size):
                pass
    assert shutil.disk_usage(folder).free == 0
    return made


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server whose data is on a small disk, and where that is for others."""
    publish_tea(tmp_path / "bundles")
    data = tmp_path / "data"
    data.mkdir()
    mount = f'mount -t tmpfs -o size={SMALL} none {data} && exec "$@"'
    within = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    if subprocess.run([*within, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a disk in a name space of their own")
    server = start(tmp_path / "bundles", data, within=within)
    try:
        wait_for(lambda: server.logged("ready"))
        yield server, Path(f"/proc/{server.process.pid}/root{data}")
    finally:
        finish(server)


def test_slates_outlive_a_full_disk_and_events_are_kept_back_until_there_is_room(
    small_disk: tuple[Server, Path],
) -> None:
    server, disk = small_disk
    fillers = fill(disk)
    assert every_call(server) == EVERY_STATUS
    ordered = event("e", "purchase", customer_id="zoe", item_id="pot", quantity=1)
    kept: list[int] = []

    def refused() -> bool:
        """The last of what Redis can still write fits into what it has of its file already."""
        seen = event(f"v{len(kept)}", "view", customer_id="zoe", item_id="cup")
        kept.append(server.client.post("/events", json={"events": [seen]}).status_code)
        return kept[-1] == 503

    wait_for(refused)
    assert server.client.post("/events", json={"events": [ordered]}).status_code == 503
    assert every_call(server) == EVERY_STATUS
    assert len(server.recommend("zoe", n=3)["items"]) == 3
    for filler in fillers:
        filler.unlink()
    wait_for(lambda: server.client.post("/events", json={"events": [ordered]}).status_code == 202)
    wait_for(lambda: server.recommend("zoe")["degraded"] == [])
    told = server.client.get("/customers/zoe").json()
    assert [one["item_id"] for one in told["recent"] if one["bought"]] == ["pot"]
    assert server.process.poll() is None


def test_what_is_counted_has_its_room_on_the_disk_before_it_is_counted(tmp_path: Path) -> None:
    publish_tea(tmp_path / "bundles")
    with serving(tmp_path / "bundles", tmp_path / "data") as server:
        assert every_call(server) == EVERY_STATUS
        found = [path.stat() for path in (tmp_path / "data" / "metrics").glob("*.db")]
        assert len(found) == 4
        assert all(one.st_blocks * 512 >= one.st_size for one in found)


def test_a_worker_that_starts_without_room_counts_by_itself(tmp_path: Path) -> None:
    """What a full disk is to it, a limit to the size of its files is too."""
    publish_tea(tmp_path / "bundles")
    server = start(tmp_path / "bundles", tmp_path / "data", "2")
    try:
        wait_for(lambda: len([one for one in server.logs if one.get("event") == "ready"]) == 2)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
        files = (tmp_path / "data" / "metrics").glob("counter_*.db")
        first = next(int(path.stem.rpartition("_")[2]) for path in files)
        os.kill(first, signal.SIGKILL)
        told = wait_for(lambda: server.logged("metrics not shared"))
        assert told["folder"] == str(tmp_path / "data" / "metrics")
        assert told["reason"] == os.strerror(errno.EFBIG)
        wait_for(lambda: len([one for one in server.logs if one.get("event") == "ready"]) == 3)
        for _ in range(20):
            with httpx.Client(base_url=server.url) as client:
                assert client.post("/recommend", json={}).status_code == 200
                assert "caini_slates_total" in client.get("/metrics").text
    finally:
        finish(server)


def test_a_server_starts_where_there_is_no_place_for_its_counts(tmp_path: Path) -> None:
    publish_tea(tmp_path / "bundles")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "metrics").touch()
    with serving(tmp_path / "bundles", tmp_path / "data") as server:
        assert every_call(server) == EVERY_STATUS
        assert server.logged("metrics not shared")
