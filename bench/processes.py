"""Servers under test: started, watched and stopped by their own ids."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], core: int, environment: dict[str, str]) -> Iterator[int]:
    """Yields the process id; the process and what it started stay on one core."""
    process = subprocess.Popen(
        ["taskset", "--cpu-list", str(core), *command],
        env=os.environ | environment,
        start_new_session=True,
    )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def caini(bundles: Path, data: Path, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "caini", "serve", "--bundles", str(bundles)),
        *("--data", str(data), "--port", str(port)),
    ]


def wait_until(port: int, path: str, seconds: float = 60) -> float:
    """Seconds until `path` answers 200."""
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter() - started
        except (OSError, HTTPException):
            time.sleep(0.01)
        finally:
            connection.close()
    raise TimeoutError(f"{path} on port {port} did not answer within {seconds} s")


def family(pid: int) -> dict[int, str]:
    """A process and all below it: id → name."""
    names = {pid: _name(pid)}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        names |= family(int(child))
    return names


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def cpu_seconds(pid: int) -> float:
    """User and system time of one process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
