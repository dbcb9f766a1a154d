"""Erased people leave every ledger that a folder of bundles knows of, and what is not looked at
is told."""

from pathlib import Path

import pytest

from engine.customers.outreach import Cause
from engine.customers.tombstones import Tombstones, tombstone
from tests.training.jobs import longer, ran
from training.erasure import keep_tombstones
from training.job import Job
from training.ledgers import default_ledger, ledgers_of, purge_ledgers, remember_ledger
from training.sent import NOTHING, Message, open_ledger

AT = 1_000
ERASED = Tombstones({"salt": {tombstone("salt", "c:mei"): AT}}, 1)


def write(ledger: Path) -> Path:
    """mei and lin are written to at the instant of mei's erasure, and a moment later."""
    for at in (AT, AT + 1):
        with open_ledger(ledger) as book:
            out = ledger.parent / f"{ledger.name}.{at}.csv"
            with book.sending("spring", out, at) as sending:
                sending.part.write_text("a list", encoding="utf-8")
                causes = [Cause("birthday", who, str(at)) for who in ("mei", "lin")]
                for who in ("mei", "lin"):
                    book.sightings.remember("tier", who, {f"star_{at}": at})
                sending.add([Message("mei", ["green"]), Message("lin", ["cup"])], causes)
                sending.done()
    return ledger


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    folder = tmp_path / "bundles"
    folder.mkdir()
    return folder


def test_who_was_erased_leaves_all_ledgers_and_who_came_back_stays(bundles: Path) -> None:
    assert ledgers_of(bundles) == []
    elsewhere = write(bundles.parent / "elsewhere.sqlite")
    for _ in range(2):
        remember_ledger(bundles, elsewhere)
        remember_ledger(bundles, default_ledger(bundles))
    assert ledgers_of(bundles) == [elsewhere]
    known = [write(default_ledger(bundles)), elsewhere]
    assert ledgers_of(bundles) == known
    done = [purge_ledgers(ledgers_of(bundles), ERASED) for _ in range(2)]
    assert [each.messages for each in done] == [6, 0], "a message, a cause and a sighting in each"
    assert done[0].searched == tuple(map(str, known))
    assert done[0].unsearched == ()
    for ledger in known:
        assert b"mei1000" not in ledger.read_bytes(), "not even where it lay"
        with open_ledger(ledger) as book:
            assert {who: book.past([who], 0, 0).get(who, NOTHING).at for who in ("mei", "lin")} == {
                "mei": (AT + 1,),
                "lin": (AT, AT + 1),
            }
            assert [*book.sightings.since("tier", "mei").values()] == [AT + 1]
            assert [*book.sightings.since("tier", "lin").values()] == [AT, AT + 1]
            left = book.new_causes(Cause("birthday", who, str(AT)) for who in ("mei", "lin"))
            assert [cause.customer_id for cause in left] == ["mei"]


def test_what_could_not_be_looked_at_is_told_and_the_rest_is_searched(tmp_path: Path) -> None:
    used, free = write(tmp_path / "used"), write(tmp_path / "free")
    (tmp_path / "text").write_text("customers of May, a long text " * 99, encoding="utf-8")
    (tmp_path / "begun").touch()  # by a run that was killed at once
    names = ("used", "free", "text", "begun", "free", "nowhere")
    with open_ledger(used):
        done = purge_ledgers([tmp_path / name for name in names], ERASED)
    assert done.searched == (str(free), str(tmp_path / "begun"))
    assert done.unsearched == (
        f"{used}: another run works with it; start again later",
        f"{tmp_path / 'text'}: is no ledger of what was sent: file is not a database",
        f"{tmp_path / 'nowhere'}: this ledger is away",
    )
    assert not (tmp_path / "nowhere").exists()
    assert done.messages == 3


def test_a_ledger_that_was_taken_away_is_none_and_one_on_a_disk_that_is_away_is_told(
    bundles: Path,
) -> None:
    disk = bundles.parent / "disk"
    disk.mkdir()
    ledger = write(disk / "ledger")
    remember_ledger(bundles, ledger)
    disk.rename(bundles.parent / "unplugged")
    done = purge_ledgers(ledgers_of(bundles), ERASED)
    assert done.unsearched == (f"{ledger}: this ledger is away",)
    (bundles.parent / "unplugged").rename(disk)
    ledger.unlink()
    assert ledgers_of(bundles) == []


def test_a_retraining_takes_them_out_too(live: Job) -> None:
    write(default_ledger(live.bundles))
    keep_tombstones(live.log, ERASED)
    longer(live)
    told = ran(live).ledgers
    assert told is not None
    assert (told["messages"], told["searched"]) == (3, (str(default_ledger(live.bundles)),))
