"""Instants as other programs read them."""

from datetime import UTC, datetime


def instant(at: int) -> str | None:
    """ISO 8601 in UTC; None for what never happened (0)."""
    if at == 0:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
