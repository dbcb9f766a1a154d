"""`caini audience`: what one list leaves to the next, on the small simulated shop."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from caini.opened import live_bundle
from engine.types import DAY_MS
from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained


@pytest.fixture
def run(with_ledger: Caini) -> Caini:
    return with_ledger


def test_A1_lists_about_an_item_reach_the_next_likeliest_each(run: Caini, tmp_path: Path) -> None:
    def listed(name: str, size: int) -> tuple[dict[str, int], list[str]]:
        out = tmp_path / f"{name}.parquet"
        asked = ("--item", "formula-001", "--size", size, "--n", 2, "--name", name, "--json")
        code, told, err = run("audience", *asked, "--out", out)
        assert (code, err) == (0, "")
        return json.loads(told), pl.read_parquet(out)["customer_id"].to_list()

    first, names = listed("first", 15)
    second, others = listed("second", 15)
    assert first["written"] == second["written"] == len(names) == len(others) == 15
    assert not set(names) & set(others)
    assert second["chosen"] == second["without_items"] + second["capped"] + 15
    assert second["chosen"] >= first["chosen"] + 15
    (tmp_path / "ledger").unlink()
    both, together = listed("both", 30)
    assert together == [*names, *others], "the likeliest first"
    assert both["chosen"] == second["chosen"]


@pytest.fixture
def week_later(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> int:
    """The clock stands eight days after the end of the log."""
    now = live_bundle(trained.bundles).manifest.watermark + 8 * DAY_MS
    for verb in ("audience", "triggers"):
        monkeypatch.setattr(f"caini.verbs.{verb}.wall_clock", lambda: now)
    return now


def test_A1_lists_and_triggers_count_by_one_clock(
    run: Caini, tmp_path: Path, week_later: int
) -> None:
    """The cap of two messages in seven days holds over both, whenever the bundle was trained."""
    for name in "ab":
        asked = ("--segment", "dormant", "--name", name, "--n", 1)
        assert run("audience", *asked, "--out", tmp_path / f"{name}.parquet")[0] == 0
    first, second = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in "ab")
    full = set(first["customer_id"]) & set(second["customer_id"])
    code, told, _ = run("triggers", "--out", tmp_path / "c.jsonl", "--json")
    lines = (tmp_path / "c.jsonl").read_text(encoding="utf-8").splitlines()
    told_to = {json.loads(line)["customer_id"] for line in lines}
    assert (code, len(full) > 5, len(told_to) > 5) == (0, True, True)
    assert not full & told_to
    assert json.loads(told)["capped"] > 0, "somebody would have been told"
    with closing(sqlite3.connect(tmp_path / "ledger")) as ledger:
        assert ledger.execute("SELECT DISTINCT at FROM messages").fetchall() == [(week_later,)]


def test_a_list_is_of_the_customers_of_the_logs_end_and_sent_at_this_moment(
    run: Caini, tmp_path: Path, week_later: int
) -> None:
    asked = ("audience", "--segment", "dormant", "--n", 2, "--json")
    assert run(*asked, "--out", tmp_path / "a.parquet")[0] == 0
    assert json.loads(run(*asked, "--out", tmp_path / "b.parquet")[1])["sent_before"] > 5
    (tmp_path / "ledger").unlink()
    end = datetime.fromtimestamp((week_later - 8 * DAY_MS) / 1000, UTC).isoformat()
    assert run(*asked, "--now", end, "--out", tmp_path / "c.parquet")[0] == 0
    now, then = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in "ac")
    assert now.drop("hour").equals(then.drop("hour"))
    next_day = datetime.fromtimestamp(week_later / 1000, UTC).isoformat()
    code, told, _ = run(*asked, "--now", next_day, "--out", tmp_path / "d.parquet")
    assert (code, json.loads(told)["sent_before"]) == (0, 0), "eight days after that"


def test_P5_the_waves_of_a_campaign_open_by_the_clock(
    run: Caini, tmp_path: Path, week_later: int
) -> None:
    """Not by the end of the log, which is before the start of this one."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    shop = (config / "shop.toml").read_text(encoding="utf-8").replace("= 5000", "= 200")
    starts, ends = (
        datetime.fromtimestamp((week_later + days * DAY_MS) / 1000, UTC) for days in (-0.5, 30)
    )
    shop += (
        '[[campaigns]]\nname = "milk"\nlabel = { en = "milk", zh = "奶粉" }\n'
        f"starts_at = {starts.isoformat()}\nends_at = {ends.isoformat()}\n"
    )
    (config / "shop.toml").write_text(shop, encoding="utf-8")
    asked = ("audience", "--campaign", "milk", "--n", 1, "--config", config, "--out")
    assert run(*asked, tmp_path / "a.parquet")[0] == 0
    assert set(pl.read_parquet(tmp_path / "a.parquet")["tier"]) == {"diamond"}
