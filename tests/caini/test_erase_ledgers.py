"""`caini erase` finds what lists remembered in a ledger elsewhere, and tells what it searched."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.customers.tombstones import Tombstones, tombstone
from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained
from training.archive import rows_of
from training.erasure import keep_tombstones
from training.ledgers import SENT, ledgers_of
from training.log import LogHeader, write_log

NOW = "2026-01-01T09:00+08:00"
FAR = 4_000_000_000_000


@pytest.fixture
def bundles(trained: Trained, tmp_path: Path) -> Path:
    """A folder of its own, without the ledgers that other tests told of."""
    unsent = shutil.ignore_patterns(SENT)
    copied = shutil.copytree(
        trained.bundles, tmp_path / "bundles", ignore=unsent, copy_function=os.link
    )
    return Path(copied)


def lines_about(who: str, ledger: Path) -> int:
    with closing(sqlite3.connect(ledger)) as database:
        return sum(
            database.execute(
                f"SELECT COUNT(*) FROM {table} WHERE customer_id = ?",
                (who,),
            ).fetchone()[0]
            for table in ("messages", "causes", "seen")
        )


def test_a_ledger_that_a_list_named_is_searched_by_an_erasure_that_does_not_name_it(
    bundles: Path, tmp_path: Path, caini: Caini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no store is there
    ledger, out, log = tmp_path / "l", tmp_path / "a.jsonl", tmp_path / "log.parquet"
    sent = ("--bundles", bundles, "--config", CONFIG, "--now", NOW, "--ledger", ledger)
    assert caini("triggers", *sent, "--dry-run")[0] == 0
    assert ledgers_of(bundles) == [], "who only looks is not remembered"
    assert caini("triggers", *sent, "--out", out)[0] == 0
    assert ledgers_of(bundles) == [ledger]
    who = json.loads(out.read_text(encoding="utf-8").splitlines()[0])["customer_id"]
    write_log(rows_of([]), LogHeader(), log)
    keep_tombstones(log, Tombstones({"s": {tombstone("s", f"c:{who}"): FAR}}, 1))
    held = lines_about(who, ledger)
    assert held >= 2
    words = ("erase", "--log", log, "--bundles", bundles)
    code, told, _ = caini(*words, "--json")
    assert (code, json.loads(told)["ledgers"]) == (5, [str(ledger)])
    assert (json.loads(told)["messages"], lines_about(who, ledger)) == (held, 0)
    assert f"searched: {ledger}\n" in caini(*words)[1]

    (bundles / SENT / "ledgers.json").unlink()  # as before ledgers were remembered
    assert json.loads(caini(*words, "--json")[1])["ledgers"] == []
    _, told, _ = caini(*words, "--json", "--ledger", ledger)
    assert json.loads(told)["ledgers"] == [str(ledger)]
    _, told, _ = caini("erase", "--log", log, "--json", "--ledger", ledger)
    assert json.loads(told)["ledgers"] == [str(ledger)], "also without bundles"
    account = log.with_name("log.erased-done.json")
    account.unlink()
    code, _, err = caini(*words, "--ledger", tmp_path / "typo", "--ledger", ledger)
    assert (code, f"--ledger {tmp_path / 'typo'}: is not there" in err) == (2, True)
    assert not account.exists()


def test_a_ledger_in_use_remains_and_the_erasure_is_not_complete(
    bundles: Path, tmp_path: Path, caini: Caini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = tmp_path / "l"
    write_log(rows_of([]), LogHeader(), tmp_path / "log.parquet")
    words = ("audience", "--bundles", bundles, "--config", CONFIG, "--segment", "loyal")
    assert caini(*words, "--ledger", ledger, "--out", tmp_path / "a.csv")[0] == 0
    keep_tombstones(tmp_path / "log.parquet", Tombstones({"s": {tombstone("s", "c:x"): FAR}}, 1))
    with closing(sqlite3.connect(ledger, isolation_level=None)) as run:
        run.execute("BEGIN EXCLUSIVE")
        told = json.loads(
            caini("erase", "--log", tmp_path / "log.parquet", "--bundles", bundles, "--json")[1]
        )
    assert f"{ledger}: another run works with it; start again later" in told["remaining"]
    assert (told["complete"], told["ledgers"]) == (False, [])


def test_a_folder_that_may_not_be_written_to_holds_up_no_list(
    bundles: Path, tmp_path: Path, caini: Caini
) -> None:
    (bundles / SENT).write_text("in the way", encoding="utf-8")
    ledger = tmp_path / "l"
    words = ("audience", "--bundles", bundles, "--config", CONFIG, "--segment", "loyal", "--quiet")
    code, _, err = caini(*words, "--ledger", ledger, "--out", tmp_path / "a.csv")
    assert (code, (tmp_path / "a.csv").is_file()) == (0, True)
    assert f"erasures do not find this ledger; name it: caini erase --ledger {ledger}" in err
