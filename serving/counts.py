"""Where the workers' counts lie: named before prometheus_client is imported, or never."""

import os
import re
from pathlib import Path
from typing import Final

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_LIVE: Final = re.compile(r"gauge_live[a-z]*_(\d+)\.db")


def prepare_folder(folder: Path) -> None:
    """Before any worker starts: counts begin at zero with the server."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ[FOLDER_VARIABLE] = str(folder.resolve())


def forget_dead(folder: Path) -> None:
    """Gauges of workers that are gone say nothing of now; their counters stay and keep counting."""
    for path in folder.glob("gauge_live*.db"):
        named = _LIVE.fullmatch(path.name)
        if named and not Path(f"/proc/{named[1]}").exists():
            path.unlink(missing_ok=True)
