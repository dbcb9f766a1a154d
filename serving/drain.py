"""Leaving without anybody noticing: unready at once, gone a little later.

At the first SIGTERM a worker tells /health/ready that it leaves, serves on while whoever sends the
traffic finds out, then hands the signal to the server, which finishes what is under way. A second
SIGTERM ends the waiting. Ctrl-C is not waited for: it is a person who wants it gone.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import structlog

Handler = Callable[[int, FrameType | None], Any] | int | None


class Drain:
    def __init__(self, delay_s: float) -> None:
        self.leaving = False
        self._delay_s = delay_s

    @contextlib.contextmanager
    def on_sigterm(self) -> Iterator[None]:
        """Within a running event loop. Does nothing outside the main thread, as signals do."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

        def told(_signum: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._begin, before)

        signal.signal(signal.SIGTERM, told)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGTERM) is told:
                signal.signal(signal.SIGTERM, before)

    def _begin(self, before: Handler) -> None:
        delay_s = 0.0 if self.leaving else self._delay_s
        self.leaving = True
        structlog.get_logger().info("leaving", delay_s=delay_s)
        asyncio.get_running_loop().call_later(delay_s, _hand_on, before)


def _hand_on(before: Handler) -> None:
    """To whoever was to be told in the first place."""
    signal.signal(signal.SIGTERM, before)
    signal.raise_signal(signal.SIGTERM)
