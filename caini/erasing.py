"""Erasures carried out: from the store, the log, the ledger of messages and old bundles.

Each step may be killed at any moment; the next run does what is left, and what is done stays done.
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.errors import LogError
from engine.types import DAY_MS
from serving.archive import erase_accepted
from serving.settings import Settings
from training.archive import alone_with
from training.erasure import keep_tombstones, purge_log, purge_sent, read_tombstones
from training.lease import lease
from training.report.kept import forget_reports
from training.retained import forget_erased, holding_erased


def erase_in_log(log: Path, store: Settings | None) -> dict[str, Any]:
    """The tombstones first: from then on nothing that is trained holds who was erased."""
    told: dict[str, Any] = {"erased": 0, "store": None}
    if store is not None:
        known, purged = erase_accepted(store)
        told["store"] = asdict(purged)
        with alone_with(log):
            keep_tombstones(log, known)
    with alone_with(log):
        told["log"] = purge_log(log)
    erased = read_tombstones(log)
    told["erased"] = sum(map(len, erased.until.values()))
    told["not_searched"] = [path.name for path in _unsearched(log)]
    return told


def _unsearched(log: Path) -> list[Path]:
    """Raw lines of imports: they are no events, so nobody's ids can be found in them."""
    return sorted(log.parent.glob(f"{log.stem}*.rejects.jsonl"))


def erase_everywhere(
    log: Path, bundles: Path | None, store: Settings | None, *, older_than_days: float
) -> dict[str, Any]:
    """Bundles that hold somebody go when they are not live and the erasure is so old."""
    if not log.parent.is_dir():
        raise LogError(f"the folder {log.parent} does not exist")
    told = erase_in_log(log, store)
    unseen = [] if store is not None else ["the store was not looked at"]
    if bundles is None or not bundles.is_dir():
        unseen.append("bundles were not looked at")
        return {**told, "complete": False, "remaining": unseen}
    erased = read_tombstones(log)
    told["messages"] = purge_sent(bundles, erased)
    with lease(bundles):
        before = time.time() * 1000 - older_than_days * DAY_MS
        told["removed"] = forget_erased(bundles, erased, before=round(before))
        forget_reports(bundles)
    remaining = [*unseen, *holding_erased(bundles, erased)]
    return {**told, "complete": not remaining, "remaining": remaining}
