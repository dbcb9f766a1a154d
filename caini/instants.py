"""Instants: this moment, and those that people write."""

import time
from datetime import UTC, datetime

from engine.errors import ConfigError


def instant_of(text: str) -> int:
    """Epoch milliseconds. Without a zone it is UTC. Raises ConfigError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--now {text}: write it like 2026-02-17T09:00+08:00") from error
    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return round(zoned.timestamp() * 1000)


def wall_clock() -> int:
    """Epoch milliseconds, now."""
    return time.time_ns() // 1_000_000
