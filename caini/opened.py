"""Opening what a verb works on."""

from pathlib import Path

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.errors import BundleError
from training.publish import current


def live_bundle(bundles: Path) -> Bundle:
    """Raises BundleError when nothing is published, or when what is live is damaged."""
    version = current(bundles)
    if version is None:
        raise BundleError(f"{bundles}: nothing is published here; run caini train first")
    return read_bundle(bundles / version)
