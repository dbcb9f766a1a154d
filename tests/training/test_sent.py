"""The ledger of what was sent, also when a run ends in the middle."""

import errno
import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from signal import SIGKILL

import pytest

from engine.customers.outreach import Cause
from engine.errors import ConfigError, LeaseError, ListWaits
from training.sent import Ledger, Message, Past, open_ledger
from training.whole_file import put_in_place

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


def run_and_die(work: Callable[[Path], None], folder: Path) -> None:
    child = get_context("fork").Process(target=work, args=(folder,))
    child.start()
    child.join()
    assert child.exitcode == -SIGKILL


def killed_while_writing(folder: Path) -> None:
    with open_ledger(folder / "l") as book, book.sending("spring", folder / "a.csv", 1) as sending:
        sending.part.write_text("half", encoding="utf-8")
        sending.add([Message("mei", ["green"])], [CAUSE])
        os.kill(os.getpid(), SIGKILL)


def test_a_run_that_is_killed_while_it_writes_has_sent_nothing(tmp_path: Path) -> None:
    run_and_die(killed_while_writing, tmp_path)
    assert not (tmp_path / "a.csv").exists()
    with open_ledger(tmp_path / "l") as book:
        assert book.new_causes([CAUSE]) == [CAUSE]
        assert book.past(["mei"], 0, 0) == {}
        send(book, tmp_path / "a.csv", Message("mei", ["green"]))
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "a list"


def no_disk(part: Path, path: Path) -> None:
    raise OSError(errno.EIO, "the disk is away")


def a_folder_has_the_name(part: Path, path: Path) -> None:
    path.mkdir()
    put_in_place(part, path)


def ctrl_c(part: Path, path: Path) -> None:
    signal.raise_signal(signal.SIGINT)


ENDINGS = {
    no_disk: "the disk is away",
    a_folder_has_the_name: "directory",
    ctrl_c: "interrupted",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_that_ends_after_the_ledger_knows_is_finished_by_the_next(
    ending: Callable[[Path, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a.csv"
    monkeypatch.setattr("training.sending.put_in_place", ending)
    with pytest.raises(ListWaits) as told, open_ledger(tmp_path / "l") as book:
        send(book, out, Message("mei"))
    monkeypatch.undo()
    (part,) = tmp_path.glob(".*.part")
    assert ENDINGS[ending] in str(told.value)
    assert f"leave {part} where it is; the next run with this ledger names it" in str(told.value)
    if out.is_dir():
        out.rmdir()
    with open_ledger(tmp_path / "l") as book:
        assert book.new_causes([CAUSE]) == []
    assert out.read_text(encoding="utf-8") == "a list"
    assert not list(tmp_path.glob(".*.part"))
    out.unlink()  # the sender took it
    with open_ledger(tmp_path / "l"):
        assert not out.exists(), "it is not there a second time"


def killed_before_the_name(folder: Path) -> None:
    with open_ledger(folder / "l") as book, pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.sending.put_in_place", lambda *_: os.kill(os.getpid(), SIGKILL))
        send(book, folder / "lists" / "a.csv", Message("mei"))


def test_a_file_that_took_the_name_meanwhile_is_kept_and_so_is_the_list(tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    run_and_die(killed_before_the_name, tmp_path)
    out, (part,) = lists / "a.csv", lists.glob(".*.part")
    out.write_text("somebody else's", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigError) as told, open_ledger(tmp_path / "l"):
            pass
        assert str(told.value) == (
            f"{out}: has the name of a list that counts as sent and waits in {part}; "
            "move a.csv elsewhere, and start again"
        )
    assert out.read_text(encoding="utf-8") == "somebody else's"
    out.rename(lists / "b.csv")
    with open_ledger(tmp_path / "l") as book:
        assert book.new_causes([CAUSE]) == []
    assert out.read_text(encoding="utf-8") == "a list"


def test_a_list_whose_folder_is_away_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    run_and_die(killed_before_the_name, tmp_path)
    (tmp_path / "lists").rename(tmp_path / "away")
    with open_ledger(tmp_path / "l"):
        pass
    (tmp_path / "away").rename(tmp_path / "lists")
    with open_ledger(tmp_path / "l"):
        pass
    assert [path.name for path in (tmp_path / "lists").iterdir()] == ["a.csv"]


def send_slowly(book: Ledger, out: Path) -> None:
    with book.sending("spring", out, 1) as sending:
        sending.part.write_text("a list", encoding="utf-8")
        sending.add([Message("mei")], [CAUSE])
        out.write_text("somebody else's", encoding="utf-8")
        sending.done()


def test_a_file_that_comes_while_a_list_is_made_is_kept_and_nothing_is_sent(
    tmp_path: Path,
) -> None:
    with open_ledger(tmp_path / "l") as book, pytest.raises(ConfigError, match="is there already"):
        send_slowly(book, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "somebody else's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "l"]
    with open_ledger(tmp_path / "l") as book:
        assert book.new_causes([CAUSE]) == [CAUSE]


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
