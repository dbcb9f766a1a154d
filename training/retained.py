"""Published bundles that hold somebody who was erased since: never live for long, then gone."""

from collections.abc import Iterator
from pathlib import Path

from engine.bundle_files import manifest_told, read_bundle
from engine.customers.tombstones import Tombstones, beyond
from engine.errors import BundleError
from training.erasure import holds_erased
from training.publish import current, remove, versions
from training.records import forget_twins

KEPT_DAYS = 7.0
"""Decision: so long after an erasure a bundle from before it is kept for a rollback. Servers show
nothing of who was erased meanwhile, whichever bundle is live."""


def holding_erased(bundles: Path, erased: Tombstones) -> list[str]:
    """The oldest first. One that cannot be read counts where its training did not know of all of
    them: nobody knows what is in it.
    """
    if not erased:
        return []
    return [version for version in versions(bundles) if _holds(bundles / version, erased)]


def _holds(folder: Path, erased: Tombstones) -> bool:
    try:
        if not beyond(erased.known(), manifest_told(folder).get("erasures", {})):
            return False
        return holds_erased(read_bundle(folder), erased)
    except BundleError:
        return True


def forget_erased(bundles: Path, erased: Tombstones, *, before: int) -> list[str]:
    """Remove those that are not live and hold somebody whose erasure was before (epoch ms)."""
    gone = list(_leaving(bundles, erased.done_by(before)))
    remove(bundles, gone)
    forget_twins(bundles)
    return gone


def _leaving(bundles: Path, erased: Tombstones) -> Iterator[str]:
    live = current(bundles)
    yield from (version for version in holding_erased(bundles, erased) if version != live)
