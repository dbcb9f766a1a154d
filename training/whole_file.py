"""A file that is complete under its name, or is the one from before."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.errors import CainiError, NoRoom

UNFINISHED: Final = ".unfinished-"
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ROOM_SAID: Final = (*map(os.strerror, NO_ROOM), "requested and", "disk is full")
"""What polars says, NumPy ("4096 requested and 0 written") and SQLite, without the number."""


@contextmanager
def room_in(*folders: Path) -> Iterator[None]:
    """Around work that writes to these: a full disk raises NoRoom, which names the place."""
    try:
        yield
    except Exception as error:
        if not _says_no_room(error):
            raise
        place = getattr(error, "filename", None) or _fullest(folders)
        why = getattr(error, "strerror", None) or os.strerror(errno.ENOSPC)
        raise NoRoom(f"{place}: {why}; make room and start it again") from error


def _says_no_room(error: Exception) -> bool:
    if isinstance(error, CainiError):
        return False
    told = isinstance(error, OSError) and error.errno in NO_ROOM
    return told or any(said in str(error) for said in _NO_ROOM_SAID)


def _fullest(folders: Sequence[Path]) -> Path:
    """What was written to does not say its name; of one disk it is the first."""
    disks: dict[int, Path] = {}
    for folder in folders:
        disks.setdefault(_that_is_there(folder).stat().st_dev, folder)
    return min(disks.values(), key=lambda folder: shutil.disk_usage(_that_is_there(folder)).free)


def _that_is_there(folder: Path) -> Path:
    return next(each for each in (folder, *folder.absolute().parents) if each.is_dir())


def write_whole(folder: Path, text: str, path: Path) -> None:
    """Whole or not at all; `folder` is on the file system of `path`."""
    descriptor, name = tempfile.mkstemp(prefix=UNFINISHED, dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """The path to write to; what failed leaves nothing, and the file from before."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        yield unfinished
        put_in_place(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def put_in_place(unfinished: Path, path: Path) -> None:
    """The file under its name is complete and on the disk, or is the one from before."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
