"""Slates for many customers, by the same path as a request's, on all cores."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.sharedctypes import RawArray
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from engine.bundle import Bundle
from engine.errors import CainiError
from engine.query import Asked, enrich_at_training
from engine.recommend import choose
from engine.retrievers import RETRIEVERS
from engine.slots import SlotPlan
from engine.types import Rows

SOURCES: Final = tuple(RETRIEVERS)
FEWEST: Final = 50  # lines a process: to start one takes as long as 35 lines of a small shop


@dataclass(frozen=True, slots=True)
class Slates:
    """One line a customer. Places after the end of a short slate hold -1."""

    rows: NDArray[np.int32]  # (n_customers, n) item rows
    scores: NDArray[np.float32]  # (n_customers, n)
    sources: NDArray[np.int8]  # (n_customers, n) positions in SOURCES


def slates_for(
    customers: Rows, plan: SlotPlan, bundle: Bundle, n: int, *, processes: int = 2
) -> Slates:
    """Slates as of the bundle's watermark, in the order of `customers` (rows of the bundle)."""
    size = len(customers) * n
    slates = Slates(
        np.frombuffer(RawArray("i", size), np.int32).reshape(-1, n),
        np.frombuffer(RawArray("f", size), np.float32).reshape(-1, n),
        np.frombuffer(RawArray("b", size), np.int8).reshape(-1, n),
    )
    slates.rows[:], slates.sources[:] = -1, -1

    def fill(line: int) -> None:
        row = int(customers[line])
        _fill_line(line, bundle.customers.id(row), plan, bundle, slates)

    in_processes(len(customers), fill, processes)
    return slates


def in_processes(lines: int, fill: Callable[[int], None], processes: int) -> None:
    """Call `fill` for each line, in children that write into memory which is shared with them.

    A few lines are filled here. Raises CainiError when a child ends early.
    """
    count = min(processes, lines // FEWEST)
    if count < 2:
        _fill_all(range(lines), fill)
        return
    # forked: a child reads the bundle where it lies and writes into the shared lines
    context: Any = get_context("fork")
    parts = np.array_split(np.arange(lines), count)
    workers = [context.Process(target=_fill_part, args=(part.tolist(), fill)) for part in parts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise CainiError("a process that filled slates ended early; its message is above")


def _fill_part(lines: Sequence[int], fill: Callable[[int], None]) -> None:
    gc.disable()  # a child makes nothing that refers in circles, and ends soon
    _fill_all(lines, fill)


def _fill_all(lines: Sequence[int], fill: Callable[[int], None]) -> None:
    with threadpool_limits(1):
        for line in lines:
            fill(line)


def _fill_line(line: int, customer_id: str, plan: SlotPlan, bundle: Bundle, slates: Slates) -> None:
    asked = Asked(n=slates.rows.shape[1], customer_id=customer_id)
    query = enrich_at_training(asked, bundle, bundle.manifest.watermark)
    slot = plan.slot_for(query)
    pool = choose(query, slot, bundle)
    names = np.array([SOURCES.index(name) for name in slot.names], np.int8)
    slates.rows[line, : len(pool)] = pool.rows
    slates.scores[line, : len(pool)] = pool.scores
    slates.sources[line, : len(pool)] = names[pool.sources]
