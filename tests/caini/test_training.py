"""`caini train` and `caini evaluate`: what they print, and what they tell on the way."""

import json
from pathlib import Path

from tests.caini.conftest import Caini
from tests.conftest import CONFIG


def test_train_measures_and_publishes(small_log: Path, tmp_path: Path, run: Caini) -> None:
    words = ("train", "--log", small_log, "--out", tmp_path / "b", "--config", CONFIG)
    code, out, err = run(*words, "--json")
    told = json.loads(out)
    assert code == 0
    stages = [line.split(" ", 2)[2] for line in err.splitlines()]
    assert {"search", "hold-out: factors", "factors", "publish"} <= set(stages), "in a pipe too"
    assert "hold-out: judge (2 of 2: popular)" in stages
    assert stages[-1].startswith("done in ")
    assert (tmp_path / "b" / "current").read_text().strip() == told["version"]
    assert told["metrics"]["personal"]["everything"]["recall@20"] > 0


def test_train_prints_tables_for_people_and_nothing_when_quiet(
    small_log: Path, tmp_path: Path, run: Caini
) -> None:
    assert run("train", "--log", small_log, "--out", tmp_path, "--quiet") == (0, "", "")
    code, out, _ = run("train", "--log", small_log, "--out", tmp_path)
    assert code == 0
    assert "All purchases" in out
    assert "is live in" in out


def test_evaluate_prints_every_source(small_log: Path, run: Caini) -> None:
    code, out, _ = run("evaluate", "--log", small_log, "--json")
    told = json.loads(out)
    assert code == 0
    assert {"personal", "popular", "similar", "als", "again"} <= set(told)
    code, out, _ = run("evaluate", "--log", small_log)
    assert code == 0
    assert "Not bought before" in out


def test_evaluate_tells_intervals_and_groups(small_log: Path, run: Caini) -> None:
    asked = ("evaluate", "--log", small_log, "--no-search", "--models", "personal,popular")
    code, out, _ = run(*asked, "--json")
    told = json.loads(out)
    assert code == 0
    for name in ("personal", "popular"):
        found = told["intervals"][name]["new_items"]["ndcg@10"]
        assert found["low"] <= told[name]["new_items"]["ndcg@10"] <= found["high"]
        assert {"precision@10", "hit_rate@10", "mrr@10", "map@20"} <= set(
            told["intervals"][name]["everything"]
        )
    assert told["search"] == {}
    personal, popular = (told["shown"][name]["new_items"] for name in ("personal", "popular"))
    assert personal["coverage"] > popular["coverage"], "more of the catalogue is shown"
    assert personal["gini"] < popular["gini"]
    assert personal["novelty_bits"] > popular["novelty_bits"]
    assert personal["popularity_lift"] < popular["popularity_lift"]
    assert 0 < personal["margin@20"] < personal["price@20"]
    code, out, err = run(*asked, "--segments")
    assert code == 0
    assert "evaluate: 00:" in err
    assert " segments (0 of " in err, "and how far it is"
    assert set(told["fit_s"]) >= {"factors", "judge"}
    assert not any("(" in step for step in told["fit_s"])
    assert "±" in out
    assert "history" in out
    assert "popularity_lift" in out
    code, _, err = run("evaluate", "--log", small_log, "--split", "tomorrow")
    assert code == 2
    assert "time:28d" in err
