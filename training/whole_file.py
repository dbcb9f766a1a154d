"""A file that is complete under its name, or is the one from before."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Final

UNFINISHED: Final = ".unfinished-"
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


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
