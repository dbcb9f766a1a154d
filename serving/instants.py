"""Instants: this moment, and those on the wire."""

import time
from datetime import UTC, datetime


def wall() -> int:
    """Epoch milliseconds, now, whatever the shop's clock says."""
    return time.time_ns() // 1_000_000


def instant(at: int) -> str | None:
    """ISO 8601 in UTC; None for what never happened (0)."""
    if at == 0:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
