"""The ledger of what was sent, also when a run ends in the middle."""

import os
import signal
from multiprocessing import get_context
from pathlib import Path

import pytest

from engine.customers.outreach import Cause
from engine.errors import ConfigError, LeaseError
from training.sent import Ledger, Message, Past, open_ledger

CAUSE = Cause("birthday", "mei", "2026-03-01")


def send(book: Ledger, out: Path, *messages: Message, at: int = 100) -> None:
    with book.sending("spring", out, at) as sending:
        sending.part.write_text("a list", encoding="utf-8")
        sending.add(messages, [CAUSE])
        sending.done()


def test_a_list_is_in_its_place_and_in_the_ledger(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l") as book:
        assert book.new_causes([CAUSE, CAUSE]) == [CAUSE]
        send(book, tmp_path / "a.csv", Message("mei", ["green", "cup"]), Message("lin", held=True))
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "a list"
    assert not list(tmp_path.glob(".*.part"))
    with open_ledger(tmp_path / "l") as book:
        assert book.past(["mei", "lin"], 0, 0) == {"mei": Past((100,), frozenset({"green", "cup"}))}
        assert book.past(["mei"], 0, 100) == {"mei": Past((100,), frozenset())}
        assert book.past(["mei"], 100, 100) == {}
        assert book.new_causes([CAUSE]) == []


def test_two_messages_of_one_list_to_one_customer_are_one_with_all_items(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l") as book:
        send(book, tmp_path / "a.csv", Message("mei", ["green"]), Message("mei", ["cup"]))
    with open_ledger(tmp_path / "l") as book:
        assert book.past(["mei"], 0, 0)["mei"].items == {"green", "cup"}


def killed_while_writing(folder: Path) -> None:
    with open_ledger(folder / "l") as book, book.sending("spring", folder / "a.csv", 1) as sending:
        sending.part.write_text("half", encoding="utf-8")
        sending.add([Message("mei", ["green"])], [CAUSE])
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_that_is_killed_while_it_writes_has_sent_nothing(tmp_path: Path) -> None:
    child = get_context("fork").Process(target=killed_while_writing, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert not (tmp_path / "a.csv").exists()
    with open_ledger(tmp_path / "l") as book:
        assert book.new_causes([CAUSE]) == [CAUSE]
        assert book.past(["mei"], 0, 0) == {}
        send(book, tmp_path / "a.csv", Message("mei", ["green"]))
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "a list"


def test_a_run_that_ends_after_the_ledger_knows_is_finished_by_the_next(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    with open_ledger(tmp_path / "l") as book:
        sending = book.sending("spring", out, 1)
        sending.part.write_text("whole", encoding="utf-8")
        sending.add([Message("mei")], [CAUSE])
        out.mkdir()  # the list cannot get its name: the run ends between the two steps
        with pytest.raises(OSError, match="directory"):
            sending.done()
    out.rmdir()
    with open_ledger(tmp_path / "l") as book:
        assert book.new_causes([CAUSE]) == []
    assert out.read_text(encoding="utf-8") == "whole"
    out.unlink()  # the sender took it
    with open_ledger(tmp_path / "l"):
        assert not out.exists(), "it is not there a second time"


def test_a_list_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("not sent yet", encoding="utf-8")
    with open_ledger(tmp_path / "l") as book:
        with pytest.raises(ConfigError, match="is there already"):
            book.sending("spring", tmp_path / "a.csv", 1)
        with pytest.raises(ConfigError, match="no such folder"):
            book.sending("spring", tmp_path / "nowhere" / "a.csv", 1)


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    with (
        open_ledger(tmp_path / "l"),
        pytest.raises(LeaseError, match="another run works with it"),
        open_ledger(tmp_path / "l"),
    ):
        pass


def test_a_file_that_is_no_ledger_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "l").write_text("customers of May, a long text " * 99, encoding="utf-8")
    with pytest.raises(ConfigError, match="is no ledger"), open_ledger(tmp_path / "l"):
        pass
    assert (tmp_path / "l").read_text(encoding="utf-8").startswith("customers of May")


def test_who_only_looks_makes_and_remembers_nothing(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "x" / "l", only_looking=True) as book:
        assert book.new_causes([CAUSE]) == [CAUSE]
    assert not (tmp_path / "x").exists()
