"""Which ledger of what was sent a verb works with."""

import sys
from pathlib import Path

from training.ledgers import default_ledger, remember_ledger


def ledger_named(asked: Path | None, bundles: Path) -> Path:
    return asked or default_ledger(bundles)


def remember(ledger: Path, bundles: Path) -> None:
    """So that erasures find it. A folder that may not be written to holds up no list."""
    try:
        remember_ledger(bundles, ledger)
    except OSError as error:
        told = f"erasures do not find this ledger; name it: caini erase --ledger {ledger}"
        print(f"caini: warning: {error}: {told}", file=sys.stderr)  # noqa: T201
