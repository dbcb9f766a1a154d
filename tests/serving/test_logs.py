import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving.counts import FOLDER_VARIABLE, forget_dead, prepare_folder


def test_every_line_is_one_json_object_whoever_writes_it() -> None:
    code = (
        "import logging, structlog; from serving.logs import configure; configure('info')\n"
        "structlog.get_logger().info('hello', name='牛奶\\n\\x1b[31m')\n"
        "logging.getLogger('other').error('line\\nbreak')\n"
        "structlog.get_logger().debug('quiet')\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: structlog.get_logger().exception('fault')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout == ""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["hello", "line\nbreak", "fault"]
    assert lines[0]["name"] == "牛奶\n\x1b[31m"
    assert "\x1b" not in done.stderr
    assert "ZeroDivisionError" in lines[2]["exception"]


def test_lines_of_several_workers_never_mix() -> None:
    code = (
        "import structlog; from serving.logs import configure; configure('info')\n"
        "for place in range(2000): structlog.get_logger().info('told', place=place)\n"
    )
    command = [sys.executable, "-c", code]
    reading, writing = os.pipe()
    workers = [subprocess.Popen(command, stderr=writing, cwd=Path.cwd()) for _ in range(3)]
    os.close(writing)
    with os.fdopen(reading) as pipe:
        places = [json.loads(line)["place"] for line in pipe]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert sorted(places) == sorted([*range(2000)] * 3)


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    code = (
        "import structlog; from serving.logs import configure; configure('info')\n"
        "for _ in range(3): structlog.get_logger().info('told')\n"
        "print('went on')\n"
    )
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.stdout == "went on\n"


def test_gauges_of_dead_workers_are_forgotten_and_their_counters_kept(tmp_path: Path) -> None:
    dead = 2**22 + 1  # above the highest pid of Linux
    for name in (
        f"gauge_livesum_{dead}.db",
        f"gauge_livesum_{os.getpid()}.db",
        f"counter_{dead}.db",
    ):
        (tmp_path / name).touch()
    forget_dead(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"gauge_livesum_{os.getpid()}.db",
        f"counter_{dead}.db",
    }


def test_a_server_that_starts_leaves_the_counts_of_those_that_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    dead, other, own = 2**22 + 1, os.getppid(), os.getpid()
    for process in (dead, other, own):
        for kind in ("counter", "histogram", "gauge_livesum", "gauge_mostrecent"):
            (tmp_path / f"{kind}_{process}.db").touch()
    prepare_folder(tmp_path)
    assert {path.stem.rpartition("_")[2] for path in tmp_path.iterdir()} == {str(other)}
    assert len(list(tmp_path.iterdir())) == 4
