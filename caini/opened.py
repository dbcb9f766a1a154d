"""Opening what a verb works on."""

from pathlib import Path
from typing import Final

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.catalogue import UNKNOWN
from engine.errors import NothingPublished, UnknownName
from engine.near_paths import nearest_paths
from training.publish import current, versions

SUGGESTED: Final = 3  # categories that may have been meant


def live_bundle(bundles: Path) -> Bundle:
    """Raises BundleError when nothing is published, or when what is live is damaged."""
    version = current(bundles)
    if version is None:
        raise NothingPublished(bundles)
    return read_bundle(bundles / version)


def bundle_of(bundles: Path, version: str | None) -> Bundle:
    """The live one when no version is named. Raises UnknownName with those that there are."""
    if version is None:
        return live_bundle(bundles)
    if version not in versions(bundles):
        raise UnknownName("version", version, versions(bundles))
    return read_bundle(bundles / version)


def category_of(bundle: Bundle, name: str) -> int:
    """The code of a category. Raises UnknownName with those that there are."""
    categories = bundle.catalogue.categories
    code = categories.row(name)
    if code == UNKNOWN:
        paths = tuple(categories.ids(range(len(categories))))
        raise UnknownName("category", name, paths, nearest_paths(name, paths)[:SUGGESTED])
    return code
