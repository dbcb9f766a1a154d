"""What time it is: by the calendar, or by a log that has ended."""

import functools
import time
from collections.abc import Callable

from serving.bundles import Bundles


def wall() -> int:
    """Epoch milliseconds, now, whatever the shop's clock says."""
    return time.time_ns() // 1_000_000


def log_clock(bundles: Bundles) -> Callable[[], int]:
    """Runs on from the last event of the first bundle's log, as if it had just happened."""

    @functools.cache
    def late() -> int:
        return wall() - bundles.live.bundle.manifest.watermark

    return lambda: wall() - late()
