"""Which versions were live, in their order: the way back that a rollback takes.

BUNDLES/.went-live holds a version a line, the live one last. A publish adds its version, a rollback
takes off what it goes back over, so rolling back again goes further back and never forward. The
pointer alone decides what is live: lines above its version are of a publish or a rollback that was
killed, or found no room, and are passed over.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from training.whole_file import NO_ROOM, write_whole

WENT_LIVE: Final = ".went-live"
KEPT: Final = 1_000  # lines; decision: years of nights


def way_back(bundles: Path, live: str | None, there: Sequence[str]) -> list[str]:
    """What was live, oldest first, ending in `live`; only what is `there`, which is given by age.

    A folder in which nothing was noted yet is taken to have been published by age.
    """
    noted = _noted(bundles)
    if noted is None:
        noted = list(there[: there.index(live)]) if live in there else []
    known = [version for version in noted if version in there]
    if live is None:
        return known
    if live in known:
        known = known[: len(known) - known[::-1].index(live)]
    else:
        known.append(live)
    return known[:1] + [version for before, version in pairwise(known) if version != before]


def note_publish(bundles: Path, way: Sequence[str], version: str) -> None:
    """To be written before the pointer: then a killed publish leaves one line too many."""
    _note(bundles, [*way, version])


def note_rollback(bundles: Path, way: Sequence[str], version: str) -> None:
    """To be written after the pointer. A version that was never live counts as published."""
    if version in way:
        _note(bundles, way[: len(way) - way[::-1].index(version)])
    else:
        _note(bundles, [*way, version])


def _noted(bundles: Path) -> list[str] | None:
    try:
        text = (bundles / WENT_LIVE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    return text.split()


def _note(bundles: Path, way: Sequence[str]) -> None:
    try:
        write_whole(
            bundles, "".join(f"{version}\n" for version in way[-KEPT:]), bundles / WENT_LIVE
        )
    except OSError as error:  # a full disk must not keep anybody from rolling back
        if error.errno not in NO_ROOM:
            raise
