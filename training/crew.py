"""Work on many customers on all cores; what is found comes in the order in which it was asked."""

import gc
import pickle
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple, TypeVar

from threadpoolctl import threadpool_limits

from engine.errors import CainiError

Task = TypeVar("Task")
Found = TypeVar("Found")

BLOCK: Final = 2_000  # customers at a time, some seconds' work: bounds memory; guess
FEWEST: Final = 50  # to start a process takes as long as 35 customers of a small shop
ENDED: Final = "a process ended early, perhaps for lack of memory"
RARELY: Final = 100_000  # new objects between two looks for circles, of which there are few


def spans(lines: int, processes: int) -> list[slice]:
    """One at least. As even as can be, of `FEWEST` to `BLOCK` lines, as many for each process."""
    blocks = -(-lines // BLOCK)
    rounds = -(-blocks // processes)
    count = max(min(rounds * processes, lines // FEWEST), 1)
    ends = [lines * (place + 1) // count for place in range(count)]
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def growing(lines: int, first: int) -> Iterator[slice]:
    """One at least. Each twice as long as the one before, up to `BLOCK` lines: who stops after some
    has done little in vain, who finds nothing goes on in long ones.
    """
    start, width = 0, max(first, FEWEST)
    while start == 0 or start < lines:
        width = min(width, BLOCK)
        yield slice(start, min(start + width, lines))
        start, width = start + width, 2 * width


def in_order(
    work: Callable[[Task], Found], tasks: Iterable[Task], processes: int
) -> Iterator[Found]:
    """`work` of each task, in children that read where it lies what `work` refers to.

    A single task is done here. An error of `work` is raised here; so is CainiError when a child
    ends early. `tasks` is gone through one task further than is worked on.
    """
    coming = iter(tasks)
    first = list(islice(coming, 2))
    if processes < 2 or len(first) < 2:
        for task in chain(first, coming):
            yield _alone(work, task)
        return
    crew = _Crew(work, processes)
    try:
        for task in chain(first, coming):
            found = crew.take() if crew.busy else NOTHING
            crew.give(task)
            if found is not NOTHING:
                yield found
        while crew.working:
            yield crew.take()
        crew.dismiss()
    finally:
        crew.end()


NOTHING: Final[Any] = object()


def _alone(work: Callable[[Task], Found], task: Task) -> Found:
    with threadpool_limits(1):
        return work(task)


class _Worker(NamedTuple):
    process: Any
    ours: Connection


class _Crew:
    """Children that have a task, the oldest first; each is forked when it is needed.

    Forked: nothing of the bundle is copied, and `work` may be any function. A pool of the standard
    library keeps its children, and the locks that they inherit, when this process is killed; and
    it waits for them when it is interrupted. Here a child ends with its task or with its pipe.
    """

    def __init__(self, work: Callable[[Any], Any], processes: int) -> None:
        self._work = work
        self._most = processes
        self._idle: list[_Worker] = []
        self.working: deque[_Worker] = deque()

    @property
    def busy(self) -> bool:
        return len(self.working) == self._most

    def give(self, task: Any) -> None:
        worker = self._idle.pop() if self._idle else self._start()
        self.working.append(worker)
        try:
            worker.ours.send(task)  # the child is waiting: neither waits for the other to read
        except OSError as error:
            raise CainiError(ENDED) from error

    def take(self) -> Any:
        """What the oldest task found. Raises what `work` raised."""
        worker = self.working.popleft()
        try:
            fault, found = worker.ours.recv()
        except (EOFError, OSError) as error:
            raise CainiError(ENDED) from error
        finally:
            self._idle.append(worker)
        if fault is not None:
            raise fault
        return found

    def _start(self) -> _Worker:
        context = get_context("fork")
        ours, theirs = context.Pipe()
        others = [worker.ours for worker in (*self._idle, *self.working)]
        process = context.Process(
            target=_serve, args=(self._work, theirs, [ours, *others]), daemon=True
        )
        process.start()
        theirs.close()  # so that its end is seen here
        return _Worker(process, ours)

    def dismiss(self) -> None:
        """All is done: they end by themselves."""
        for worker in self._idle:
            worker.ours.close()
            worker.process.join()

    def end(self) -> None:
        for worker in (*self._idle, *self.working):
            worker.process.terminate()
            worker.process.join()
            worker.ours.close()


def _serve(work: Callable[[Any], Any], pipe: Connection, inherited: Sequence[Connection]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all: end at once, say nothing
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in inherited:
        other.close()  # else no end of the parent is ever seen
    gc.freeze()  # else each look for circles writes to every page of the bundle's objects
    gc.set_threshold(RARELY)
    try:
        with threadpool_limits(1):
            while True:
                pipe.send(_told(work, pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # dismissed, or the parent is no more


def _told(work: Callable[[Any], Any], task: Any) -> tuple[Exception | None, Any]:
    try:
        return None, work(task)
    except Exception as error:  # noqa: BLE001  # it is raised in the parent
        error.add_note(f"in a child:\n{traceback.format_exc()}")
        return _sendable(error), None


def _sendable(error: Exception) -> Exception:
    """Itself, or what it says, where it cannot be put together again elsewhere."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # made here
    except Exception:  # noqa: BLE001  # whatever its class does when it is made
        return CainiError(f"{type(error).__name__}: {error}")
    return error
