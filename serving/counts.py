"""Where the workers' counts lie: named before prometheus_client is imported, or never."""

import os
import re
from pathlib import Path
from typing import Final

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_OF_PROCESS: Final = re.compile(r"[a-z_]+_(\d+)\.db")


def prepare_folder(folder: Path) -> None:
    """Before any worker starts: counts begin at zero with the server.

    What belongs to others that run stays: another server may have the same folder.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("*.db"):
        if not _runs(_process(old)) or _process(old) == os.getpid():
            old.unlink(missing_ok=True)
    os.environ[FOLDER_VARIABLE] = str(folder.resolve())


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
