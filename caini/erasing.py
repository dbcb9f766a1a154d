"""Erasures carried out: from the store, the log, the ledger of messages and old bundles.

Each step may be killed at any moment; the next run does what is left, and what is done stays done.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.errors import ConfigError, LogError
from engine.types import DAY_MS
from serving.archive import erase_accepted
from serving.settings import Settings
from training.archive import alone_with
from training.erasure import beside_bundles, keep_tombstones, purge_log, read_tombstones
from training.lease import lease
from training.ledgers import ledgers_of, purge_ledgers
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
    log: Path,
    bundles: Path | None,
    store: Settings | None,
    *,
    older_than_days: float,
    ledgers: Sequence[Path] = (),
) -> dict[str, Any]:
    """Bundles that hold somebody go when they are not live and the erasure is so old.

    `ledgers` are searched besides those that the folder of bundles knows of. Raises ConfigError
    before anything is done where one is not there.
    """
    if not log.parent.is_dir():
        raise LogError(f"the folder {log.parent} does not exist")
    if away := [str(path) for path in ledgers if not path.is_file()]:
        raise ConfigError(f"--ledger {', '.join(away)}: is not there")
    told = erase_in_log(log, store)
    unseen = [] if store is not None else ["the store was not looked at"]
    erased = read_tombstones(log)
    there = bundles is not None and bundles.is_dir()
    known = ledgers_of(bundles) if bundles is not None and there else []
    purged = purge_ledgers([*known, *ledgers], erased)
    told |= {"messages": purged.messages, "ledgers": list(purged.searched)}
    unseen += purged.unsearched
    if bundles is None or not there:
        unseen.append("bundles were not looked at")
        return {**told, "complete": False, "remaining": unseen}
    keep_tombstones(beside_bundles(bundles), erased)
    with lease(bundles):
        before = time.time() * 1000 - older_than_days * DAY_MS
        told["removed"] = forget_erased(bundles, erased, before=round(before))
        forget_reports(bundles)
    remaining = [*unseen, *holding_erased(bundles, erased)]
    return {**told, "complete": not remaining, "remaining": remaining}
