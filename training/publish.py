"""Putting a bundle where servers find it: all of it or nothing, at every instant.

BUNDLES/<version>/… holds the bundles, BUNDLES/current the name of the live one. Beside it,
BUNDLES/.pointers/<version> are pointers made in advance: with a full disk one of them is renamed.
What was live before is told by `training.went_live`.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.bundle import Bundle, Manifest
from engine.bundle_files import MANIFEST, read_manifest, verify, write_bundle
from engine.errors import BundleError, LeaseError, UnknownName
from training.went_live import note_publish, note_rollback, way_back
from training.whole_file import NO_ROOM, UNFINISHED, write_whole

CURRENT: Final = "current"
LOCK: Final = ".publishing"
POINTERS: Final = ".pointers"
FENCE: Final = ".token"


def publish(bundle: Bundle, bundles: Path, *, token: int | None = None) -> Manifest:
    """Write, fsync, rename, then point. A bundle of the same content is only pointed at.

    With a `token` (see training.lease) it raises LeaseError when a newer one has been given out.
    """
    bundles.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(bundles), _unfinished(bundles) as folder:
        return _go_live(folder, write_bundle(bundle, folder), bundles, token)


def adopt(made: Path, bundles: Path, *, token: int | None = None) -> Manifest:
    """Publish a bundle that lies written in the folder `made`, which stays as it is."""
    bundles.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(bundles), _unfinished(bundles) as folder:
        manifest = read_manifest(made)
        verify(made, manifest)
        link_files(made, folder)
        return _go_live(folder, manifest, bundles, token)


def _go_live(folder: Path, manifest: Manifest, bundles: Path, token: int | None) -> Manifest:
    """The lock is held, so nobody can take a token between the look at it and the pointer."""
    for path in folder.iterdir():
        _sync(path)
    _sync(folder)
    _refuse_overtaken(bundles, token)
    target = bundles / manifest.version
    if not _is_whole(target):
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
        _sync(bundles)
    note_publish(bundles, _way_back(bundles), manifest.version)
    point(bundles, manifest.version)
    return read_manifest(target)


def next_token(bundles: Path) -> int:
    """A number above all that were given out. `one_at_a_time` is held by the caller."""
    token = newest_token(bundles) + 1
    write_whole(bundles, f"{token}\n", bundles / FENCE)
    return token


def newest_token(bundles: Path) -> int:
    try:
        return int((bundles / FENCE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise BundleError(f"{bundles / FENCE}: holds no number: {error}") from error


def _refuse_overtaken(bundles: Path, token: int | None) -> None:
    if token is not None and (newest := newest_token(bundles)) != token:
        raise LeaseError(
            f"{bundles}: this run holds token {token}, {newest} has been given out since; "
            "nothing was published"
        )


def link_files(source: Path, target: Path) -> None:
    """The files of one folder in another, without copying where the file system can."""
    for path in source.iterdir():
        try:
            os.link(path, target / path.name)
        except OSError:  # another file system, or one without links
            shutil.copyfile(path, target / path.name)


def point(bundles: Path, version: str) -> None:
    """Make a version the live one, in one step. Raises UnknownName, or BundleError if damaged."""
    if version not in versions(bundles):
        raise UnknownName("version", version, versions(bundles))
    verify(bundles / version, read_manifest(bundles / version))
    ready = bundles / POINTERS / version
    try:
        write_whole(bundles, f"{version}\n", bundles / CURRENT)
    except OSError as error:
        if error.errno not in NO_ROOM or not _is_pointer(ready, version):
            raise
        ready.replace(bundles / CURRENT)
    _sync(bundles)
    with contextlib.suppress(OSError):  # it is for a later day; this one's work is done
        _prepare_pointer(ready, version)


def _prepare_pointer(ready: Path, version: str) -> None:
    if not _is_pointer(ready, version):
        ready.parent.mkdir(exist_ok=True)
        write_whole(ready.parent, f"{version}\n", ready)


def _is_pointer(path: Path, version: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == f"{version}\n"
    except FileNotFoundError:
        return False


def rollback(bundles: Path, version: str | None = None) -> str:
    """Point at `version`, or at the one that was live before the live one; says which."""
    versions(bundles)  # a folder that there is not is told as such
    with one_at_a_time(bundles):
        way = _way_back(bundles)
        if version is None:
            version = _before(bundles, way)
        point(bundles, version)
        note_rollback(bundles, way, version)
    return version


def retain(bundles: Path, newest: int) -> list[str]:
    """Remove all but the newest versions, the live one and the one before it; says which."""
    with one_at_a_time(bundles):
        ordered = versions(bundles)
        kept = {*_way_back(bundles)[-2:], *ordered[-newest:]}
        gone = [version for version in ordered if version not in kept]
        _remove(bundles, gone)
    return gone


def remove(bundles: Path, gone: Iterable[str]) -> None:
    """These versions, none of which is live."""
    with one_at_a_time(bundles):
        _remove(bundles, [version for version in gone if version != current(bundles)])


def _remove(bundles: Path, gone: Iterable[str]) -> None:
    for version in gone:
        leaving = bundles / f"{UNFINISHED}{version}"
        (bundles / version).rename(leaving)  # in one step: never listed half removed
        (bundles / POINTERS / version).unlink(missing_ok=True)
        shutil.rmtree(leaving)


def _way_back(bundles: Path) -> list[str]:
    return way_back(bundles, current(bundles), versions(bundles))


def _before(bundles: Path, way: Sequence[str]) -> str:
    if len(way) < 2:
        raise BundleError(f"{bundles}: no version before {current(bundles)}")
    return way[-2]


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
