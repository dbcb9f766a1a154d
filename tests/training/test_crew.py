"""Work on many customers: nothing is lost, nothing is out of order, no fault is swallowed."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from engine.errors import CainiError, UnknownName
from training.crew import BLOCK, FEWEST, in_order, spans

WHILE_S = 20.0  # at most, until what must happen has happened


@pytest.mark.parametrize("lines", [1, FEWEST, FEWEST + 1, 2 * FEWEST + 1, BLOCK, 7 * BLOCK + 1])
@pytest.mark.parametrize("processes", [1, 2, 16])
def test_spans_hold_every_line_once_and_are_even(lines: int, processes: int) -> None:
    held = [range(*span.indices(lines)) for span in spans(lines, processes)]
    assert list(chain.from_iterable(held)) == list(range(lines))
    sizes = [len(each) for each in held]
    assert max(sizes) <= BLOCK
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= FEWEST or len(held) == 1
    assert len(held) % processes == 0 or lines < FEWEST * processes, "all end at the same time"


def test_nobody_is_one_empty_span() -> None:
    assert spans(0, 2) == [slice(0, 0)]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_what_is_found_comes_in_the_order_of_the_tasks(processes: int) -> None:
    found = list(in_order(lambda task: (task, os.getpid()), range(20), processes))
    assert [task for task, _ in found] == list(range(20))
    others = {pid for _, pid in found} - {os.getpid()}
    assert len(others) == (0 if processes == 1 else processes)


def test_no_more_children_are_started_than_have_something_to_do() -> None:
    found = set(in_order(lambda _: os.getpid(), range(2), 16))
    assert len(found) == 2
    assert list(in_order(lambda _: os.getpid(), [1], 16)) == [os.getpid()]
    assert list(in_order(lambda _: os.getpid(), [], 16)) == []


def test_no_more_tasks_are_taken_than_one_beyond_those_worked_on() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for task in range(50):
            taken.append(task)
            yield task

    working = in_order(abs, tasks(), 2)
    for done in range(10):
        assert next(working) == done
        assert len(taken) <= done + 3


def fail_at_one(task: int) -> int:
    if task == 1:
        raise ValueError("task 1")
    return task


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_in_a_child_is_raised_here(processes: int) -> None:
    with pytest.raises(ValueError, match="task 1") as raised:
        list(in_order(fail_at_one, range(9), processes))
    if processes == 2:
        assert "in fail_at_one" in "".join(raised.value.__notes__)


def test_an_error_that_cannot_be_put_together_again_says_what_it_said() -> None:
    def unknown(task: int) -> int:
        raise UnknownName("slot", f"hoem {task}", ["home"])

    with pytest.raises(CainiError, match=r"UnknownName: .*hoem"):
        list(in_order(unknown, range(9), 2))


def end(task: int) -> int:
    if task == 1:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory is short
    return task


def test_a_child_that_ends_early_is_told() -> None:
    with pytest.raises(CainiError, match="a process ended early"):
        list(in_order(end, range(9), 2))


def end_after(task: int) -> int:
    if task == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0.2)  # when it has answered, and waits
    return task


def test_a_child_that_ends_while_it_waits_is_told() -> None:
    working = in_order(end_after, range(9), 2)
    assert next(working) == 0
    time.sleep(1)
    with pytest.raises(CainiError, match="a process ended early"):
        list(working)


def die_sending(task: int) -> bytes:
    if task == 1:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0.2)  # while nobody reads the rest
    return bytes(50_000_000)


def test_a_child_that_ends_while_it_answers_is_told() -> None:
    working = in_order(die_sending, range(9), 2)
    next(working)
    time.sleep(1)
    with pytest.raises(CainiError, match="a process ended early"):
        list(working)


def test_what_is_found_may_be_larger_than_any_pipe() -> None:
    found = list(in_order(lambda task: task * 3_000_000, [b"1"] * 7, 2))
    assert [len(each) for each in found] == [3_000_000] * 7


def test_who_stops_early_waits_for_nobody() -> None:
    began = time.monotonic()
    working = in_order(lambda task: time.sleep(WHILE_S * 2 if task > 1 else 0), range(9), 2)
    next(working)
    working.close()  # type: ignore[attr-defined]  # as an error of the one who asked does
    assert time.monotonic() - began < WHILE_S


ENDLESS = """
import fcntl, sys, time
from training.crew import in_order

held = open(sys.argv[1], "w")
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
for _ in in_order(lambda task: time.sleep(0.2), range(10_000), 2):
    print("one", flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_children_outlive_nobody_and_keep_no_lock(tmp_path: Path, how: int) -> None:
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", ENDLESS, str(lock)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
    ) as run:
        assert run.stdout is not None
        while run.stdout.readline() != b"one\n":
            assert run.poll() is None
        run.send_signal(how)
        run.stdout.read()  # to the end: nobody holds the pipe any more
        assert run.wait(WHILE_S) != 0
    with lock.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
