"""Where the workers' counts lie: named before prometheus_client is imported, or never."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import structlog

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "counter": 1 << 19,  # every route with every method and 16 statuses (test_counts.py)
        "histogram": 1 << 18,
        "gauge_livesum": 1 << 12,
        "gauge_livemin": 1 << 12,
    }
)
"""What a worker's counts may come to, by the beginning of the file's name as prometheus_client
gives it."""
_OF_PROCESS: Final = re.compile(r"[a-z_]+_(\d+)\.db")


def prepare_folder(folder: Path) -> None:
    """Before any worker starts: counts begin at zero with the server.

    What belongs to others that run stays: another server may have the same folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in folder.glob("*.db"):
            if not _runs(_process(old)) or _process(old) == os.getpid():
                old.unlink(missing_ok=True)
    except OSError as error:
        _do_without(folder, error)
    else:
        os.environ[FOLDER_VARIABLE] = str(folder.resolve())


def back_files() -> None:
    """In each worker, before its first count: room for all that it may ever count.

    The files are mapped into memory. Writing to a page of them that the disk has no room for would
    end the process at once (SIGBUS), where asking for the room fails as any call does. Where there
    is none the worker counts in its own memory, and `/metrics` of it tells of it alone.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named is None:
        return
    paths = [(Path(named) / f"{kind}_{os.getpid()}.db", size) for kind, size in BYTES.items()]
    try:
        for path, size in paths:
            _back(path, size)
    except OSError as error:
        for path, _ in paths:
            path.unlink(missing_ok=True)
        _do_without(Path(named), error)


def _back(path: Path, size: int) -> None:
    made = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(made, 0, size)
    finally:
        os.close(made)


def _do_without(folder: Path, error: OSError) -> None:
    os.environ.pop(FOLDER_VARIABLE, None)
    log = structlog.get_logger()
    log.error("metrics not shared", folder=str(folder), reason=error.strerror)


def forget_dead(folder: Path) -> None:
    """Gauges of workers that are gone say nothing of now; their counters stay and keep counting."""
    for path in folder.glob("gauge_live*.db"):
        if _process(path) is not None and not _runs(_process(path)):
            path.unlink(missing_ok=True)


def _process(path: Path) -> int | None:
    """Whose counts lie there; None for a file of a name that is not ours."""
    named = _OF_PROCESS.fullmatch(path.name)
    return int(named[1]) if named else None


def _runs(process: int | None) -> bool:
    return process is not None and Path(f"/proc/{process}").exists()
