"""The files of a worker's counts: made with room for all that it may ever count."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from serving.counts import BYTES, FOLDER_VARIABLE, back_files
from serving.edge import UNMATCHED
from serving.metrics import METHODS
from tests.servers import no_file_above

COUNT_ALL = """
import json, sys
from serving.counts import back_files
back_files()
from serving.metrics import build_metrics
metrics, routes, methods = build_metrics(), *json.loads(sys.argv[1])
for route in routes:
    metrics.seconds.labels(route).observe(1)
    for method in methods:
        for status in range(400, 416):
            metrics.requests.labels(route, method, str(status)).inc()
for slot in range(200):
    metrics.slates.labels("s" * 64 + str(slot)).inc()
for reason in ("store", "bundle", "tail", "keys"):
    metrics.degraded.labels(reason).inc()
"""


def test_no_file_grows_whatever_is_counted(client: TestClient, tmp_path: Path) -> None:
    routes = [*client.get("/openapi.json").json()["paths"], "/openapi.json", "/docs", UNMATCHED]
    asked = json.dumps([routes, [*METHODS, "other"]])
    environment = {**os.environ, FOLDER_VARIABLE: str(tmp_path)}
    subprocess.run([sys.executable, "-c", COUNT_ALL, asked], check=True, env=environment)
    found = {path.name.rpartition("_")[0]: path for path in tmp_path.iterdir()}
    assert {kind: path.stat().st_size for kind, path in found.items()} == BYTES
    kept = found["counter"].read_bytes()
    assert int.from_bytes(kept[:4], sys.byteorder) > len(kept) / 4, "it is no idle bound"


def test_without_room_nothing_is_left_and_the_worker_counts_in_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with no_file_above(BYTES["counter"] - 1):
        back_files()
    assert list(tmp_path.iterdir()) == []
    assert FOLDER_VARIABLE not in os.environ
    out, err = capsys.readouterr()
    assert os.strerror(errno.EFBIG) in out + err
    assert str(tmp_path) in out + err
    back_files()
    assert list(tmp_path.iterdir()) == []


def test_files_of_an_id_that_comes_again_go_on_with_what_they_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    held = tmp_path / f"counter_{os.getpid()}.db"
    held.write_bytes(b"held")
    back_files()
    assert held.read_bytes().startswith(b"held\0")
    assert held.stat().st_size == BYTES["counter"]
