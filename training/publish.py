"""Putting a bundle where servers find it: all of it or nothing, at every instant.

BUNDLES/<version>/… holds the bundles, BUNDLES/current the name of the live one.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.bundle import Bundle, Manifest
from engine.bundle_files import MANIFEST, read_manifest, verify, write_bundle
from engine.errors import BundleError, UnknownName

CURRENT: Final = "current"
UNFINISHED: Final = ".unfinished-"
LOCK: Final = ".publishing"


def publish(bundle: Bundle, bundles: Path) -> Manifest:
    """Write, fsync, rename, then point. A bundle of the same content is only pointed at."""
    bundles.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(bundles), _unfinished(bundles) as folder:
        manifest = write_bundle(bundle, folder)
        for path in folder.iterdir():
            _sync(path)
        _sync(folder)
        target = bundles / manifest.version
        if not _is_whole(target):
            shutil.rmtree(target, ignore_errors=True)
            folder.rename(target)
            _sync(bundles)
    point(bundles, manifest.version)
    return read_manifest(target)


def point(bundles: Path, version: str) -> None:
    """Make a version the live one, in one step. Raises UnknownName, or BundleError if damaged."""
    if version not in versions(bundles):
        raise UnknownName("version", version, versions(bundles))
    verify(bundles / version, read_manifest(bundles / version))
    descriptor, name = tempfile.mkstemp(prefix=UNFINISHED, dir=bundles)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(f"{version}\n")
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).chmod(0o644)
    Path(name).replace(bundles / CURRENT)
    _sync(bundles)


def rollback(bundles: Path, version: str | None = None) -> str:
    """Point at `version`, or at the one published before the live one; says which."""
    if version is None:
        version = _before(bundles)
    point(bundles, version)
    return version


def _before(bundles: Path) -> str:
    ordered = versions(bundles)
    live = current(bundles)
    place = ordered.index(live) if live in ordered else len(ordered)
    if place == 0:
        raise BundleError(f"{bundles}: no version before {live}")
    return ordered[place - 1]


def current(bundles: Path) -> str | None:
    """The live version; None before the first publish."""
    try:
        return (bundles / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def versions(bundles: Path) -> list[str]:
    """Published versions, oldest first by the time they were made."""
    if not bundles.is_dir():
        raise BundleError(f"{bundles}: no folder of bundles")
    whole = [path for path in bundles.iterdir() if (path / MANIFEST).is_file()]
    listed = [path for path in whole if not path.name.startswith(".")]
    return [path.name for path in sorted(listed, key=lambda p: (_made_at(p), p.name))]


def _made_at(folder: Path) -> int:
    try:
        return read_manifest(folder).created_at
    except BundleError:
        return 0


def _is_whole(folder: Path) -> bool:
    try:
        verify(folder, read_manifest(folder))
    except (BundleError, OSError):
        return False
    return True


@contextmanager
def one_at_a_time(bundles: Path) -> Iterator[None]:
    """Waits for another publish into the same folder; a killed one holds nothing."""
    with (bundles / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _unfinished(bundles: Path) -> Iterator[Path]:
    """A folder of its own that is gone afterwards, unless it was renamed."""
    for left in bundles.glob(f"{UNFINISHED}*"):  # of a publish that was killed
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=bundles))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
