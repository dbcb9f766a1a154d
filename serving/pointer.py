"""What the folder of bundles says is live. A version is a name and never a path."""

import os
from pathlib import Path
from typing import Final

from engine.bundle_files import MANIFEST, read_manifest
from engine.errors import BundleError

POINTER: Final = "current"


def pointed(folder: Path) -> str:
    """The version that is current; raises BundleError when the pointer cannot be read."""
    path = folder / POINTER
    try:
        version = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: no current bundle: {error}") from error
    if not is_version(version):
        raise BundleError(f"{path}: {version[:80]!r} is no version")
    return version


def pointed_or_nothing(folder: Path) -> str:
    try:
        return pointed(folder)
    except BundleError:
        return ""


def is_version(text: str) -> bool:
    return 0 < len(text) <= 64 and all(c.isascii() and (c.isalnum() or c in "-_") for c in text)


def version_folder(folder: Path, version: str) -> Path:
    path = folder / version
    if path.is_symlink() or not path.is_dir():
        raise BundleError(f"{path}: no such bundle")
    return path


def versions_by_age(folder: Path) -> list[str]:
    """Newest first; folders without a readable manifest are left out."""
    found: list[tuple[int, str]] = []
    for entry in os.scandir(folder) if folder.is_dir() else ():
        if is_version(entry.name) and (Path(entry.path) / MANIFEST).is_file():
            try:
                found.append((read_manifest(Path(entry.path)).created_at, entry.name))
            except BundleError:
                continue
    return [name for _, name in sorted(found, reverse=True)]
