"""Loops that numpy has no word for, compiled once and kept beside the source."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Loop = TypeVar("Loop", bound=Callable[..., Any])
Block = tuple[int, int]


def compiled(function: Loop) -> Loop:
    """Machine code that does not hold the interpreter's lock, so blocks run side by side."""
    return cast("Loop", numba.njit(nogil=True, cache=True)(function))


def blocks(work: NDArray[np.int64], count: int) -> list[Block]:
    """At most `count` runs of neighbouring rows with about the same work each."""
    reached = np.cumsum(work)
    total = int(reached[-1]) if len(reached) else 0
    marks = np.searchsorted(reached, np.linspace(0, total, count + 1)[1:-1])
    ends = np.unique(np.concatenate(([0], marks, [len(work)])))
    return list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))


def in_threads(task: Callable[[Block], None], parts: Iterable[Block], threads: int) -> None:
    """Each part writes to its own place, so the result does not depend on who was first."""
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(task, parts):
            pass
