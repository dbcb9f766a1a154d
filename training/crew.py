"""Work on many customers on all cores; what is found comes in the order in which it was asked."""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, Final, TypeVar

from threadpoolctl import threadpool_limits

from engine.errors import CainiError

Task = TypeVar("Task")
Found = TypeVar("Found")

BLOCK: Final = (
    5_000  # customers at a time, some seconds' work: bounds memory, paces progress; guess
)
FEWEST: Final = 50  # to start a process takes as long as 35 customers of a small shop
AHEAD: Final = 2  # tasks a process that are begun before the oldest is taken: none ever waits
RARELY: Final = 100_000  # new objects between two looks for circles, of which there are few


def spans(lines: int, processes: int) -> list[slice]:
    """One at least; each of `FEWEST` to `BLOCK` lines, so that every process has work."""
    each = min(max(-(-lines // processes), FEWEST), BLOCK)
    return [slice(start, min(start + each, lines)) for start in range(0, max(lines, 1), each)]


def in_order(
    work: Callable[[Task], Found], tasks: Iterable[Task], processes: int
) -> Iterator[Found]:
    """`work` of each task, in children that read where it lies what `work` refers to.

    A single task is done here. An error of `work` is raised here; so is CainiError when a child
    ends early. `tasks` is gone through no further than is worked on.
    """
    coming = iter(tasks)
    first = list(islice(coming, 2))
    if processes < 2 or len(first) < 2:
        with threadpool_limits(1):
            for task in chain(first, coming):
                yield work(task)
        return
    # forked: nothing of the bundle is copied, and `work` may be any function
    pool = ProcessPoolExecutor(processes, get_context("fork"), _begin, (work,))
    begun: deque[Future[Any]] = deque()
    try:
        for task in chain(first, coming):
            begun.append(pool.submit(_do, task))
            if len(begun) >= AHEAD * processes:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    except BrokenProcessPool as error:
        raise CainiError("a process ended early, perhaps for lack of memory") from error
    finally:
        pool.shutdown(cancel_futures=True)


_given: list[Callable[[Any], Any]] = []  # in a child: what it does


def _begin(work: Callable[[Any], Any]) -> None:
    gc.freeze()  # else each look for circles writes to every page of the bundle's objects
    gc.set_threshold(RARELY)
    threadpool_limits(1)
    _given.append(work)


def _do(task: Any) -> Any:
    return _given[0](task)
