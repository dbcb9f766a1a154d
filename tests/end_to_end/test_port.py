"""A port that cannot be had."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CONFIG
from tests.servers import PATIENCE_S, finish, publish_tea, start


@pytest.mark.parametrize(
    ("host", "why"),
    [("127.0.0.1", "is taken by another program"), ("192.0.2.1", "cannot be had: ")],
)
def test_a_port_that_cannot_be_had_is_told_with_what_to_name(
    host: str, why: str, tmp_path: Path
) -> None:
    publish_tea(tmp_path / "bundles")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ("--bundles", tmp_path / "bundles", "--data", tmp_path / "data")
        told = subprocess.run(
            [sys.executable, "-m", "caini", "serve", *map(str, words), "--config", str(CONFIG),
             "--host", host, "--port", str(port)],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=os.environ,
        )  # fmt: skip
    assert told.returncode == 2
    assert f"caini: error: port {port} of {host} {why}" in told.stderr
    assert told.stderr.rstrip().endswith("; name another with --port or --host")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_connects_while_the_server_starts_waits_and_is_answered(
    workers: str, tmp_path: Path
) -> None:
    publish_tea(tmp_path / "bundles")
    server = start(tmp_path / "bundles", tmp_path / "data", workers)
    try:
        assert server.client.get("/health/ready", timeout=PATIENCE_S).status_code == 200
    finally:
        finish(server)
