"""Work on many customers: nothing is lost, nothing is out of order, no fault is swallowed."""

import os
import signal
from collections.abc import Iterator
from itertools import chain

import pytest

from engine.errors import CainiError
from training.crew import AHEAD, BLOCK, FEWEST, in_order, spans


@pytest.mark.parametrize("lines", [1, FEWEST, FEWEST + 1, 2 * FEWEST + 1, BLOCK, 7 * BLOCK + 1])
def test_spans_hold_every_line_once_and_in_order(lines: int) -> None:
    held = [range(*span.indices(lines)) for span in spans(lines, 2)]
    assert list(chain.from_iterable(held)) == list(range(lines))
    assert all(len(each) <= BLOCK for each in held)
    assert len(held) >= 2 or lines <= FEWEST, "both cores have work, unless there is little of it"


def test_nobody_is_one_empty_span() -> None:
    assert spans(0, 2) == [slice(0, 0)]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_what_is_found_comes_in_the_order_of_the_tasks(processes: int) -> None:
    found = list(in_order(lambda task: (task, os.getpid()), range(20), processes))
    assert [task for task, _ in found] == list(range(20))
    assert (os.getpid() in {pid for _, pid in found}) == (processes == 1)


def test_a_single_task_is_done_here() -> None:
    assert list(in_order(lambda _: os.getpid(), [1], 2)) == [os.getpid()]


def test_no_more_tasks_are_taken_than_are_worked_on() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for task in range(50):
            taken.append(task)
            yield task

    working = in_order(abs, tasks(), 2)
    for done in range(10):
        assert next(working) == done
        assert len(taken) <= done + 2 * AHEAD


def fail_at_one(task: int) -> int:
    if task == 1:
        raise ValueError("task 1")
    return task


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_in_a_child_is_raised_here(processes: int) -> None:
    with pytest.raises(ValueError, match="task 1"):
        list(in_order(fail_at_one, range(9), processes))


def end(task: int) -> int:
    if task == 1:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory is short
    return task


def test_a_child_that_ends_early_is_told() -> None:
    with pytest.raises(CainiError, match="a process ended early"):
        list(in_order(end, range(9), 2))
