"""`caini tune` writes a diff for somebody to read, where there is something surely better."""

import json
from pathlib import Path

import pytest

from engine.bundle import SCHEMA_VERSION
from tests.caini.conftest import Caini
from tests.training.tune.shops import BAD, badly_set
from training.job import read_by

FILES = ("shop.toml", "slots.toml", "train.toml")


def test_the_diff_is_written_for_what_is_surely_better_and_no_file_is_changed(
    small_log: Path, tmp_path: Path, caini: Caini
) -> None:
    config = badly_set(tmp_path / "config")
    before = {name: (config / name).read_bytes() for name in FILES}
    out = tmp_path / "t.patch"
    words = ("tune", "--log", small_log, "--config", config, "--out", out, "--trials", 3)
    code, said, told = caini(*words)
    assert (code, "slots.toml: my.sources.again" in said) == (0, True)
    lines = told.splitlines()
    first = next(n for n, line in enumerate(lines) if "prepared in" in line)
    after = lines[first + 1 :]
    assert "search" not in told.split("prepared in")[0]
    assert {"customers", "factors"} <= {line.split(" ", 2)[2] for line in lines[:first]}
    assert [f"models, trial {n}: " in line for n, line in enumerate(after[:3], 1)] == [True] * 3
    assert "done in" in lines[-1]
    assert all(line.startswith("tune: 0") for line in lines)
    assert f"{out}: read it, then: patch -p1 -d {config} < {out}" in said
    diff = out.read_text()
    assert "--- a/slots.toml\n+++ b/slots.toml\n" in diff
    assert f"-sources = {BAD}\n" in diff
    assert {name: (config / name).read_bytes() for name in FILES} == before


def test_nothing_is_written_where_nothing_is_surely_better(
    small_log: Path, few: Path, tmp_path: Path, caini: Caini
) -> None:
    out = tmp_path / "t.patch"
    out.write_text("of an earlier run")
    words = ("tune", "--log", small_log, "--config", few, "--out", out, "--no-search")
    code, said, _ = caini(*words, "--trials", 0)
    assert (code, out.exists()) == (0, False)
    assert "nothing was tried; with --minutes" in said
    told = json.loads(caini(*words, "--trials", 0, "--json")[1])
    assert (told["out"], told["better"], told["proposed"]) == (None, False, {})
    assert [figure["customers"] > 20 for figure in told["figures"]] == [True, True]
    assert caini(*words, "--trials", 0, "--quiet") == (0, "", "")


def test_where_trials_found_nothing_that_is_surely_better_it_is_said_and_no_diff_is_written(
    small_log: Path, few: Path, tmp_path: Path, caini: Caini
) -> None:
    """One trial of settings drawn at random, beside those of the shop as shipped."""
    out = tmp_path / "t.patch"
    words = ("tune", "--log", small_log, "--config", few, "--out", out, "--no-search")
    code, said, _ = caini(*words, "--trials", 1)
    assert (code, out.exists()) == (0, False)
    assert said.splitlines()[-1] == "nothing was found that is surely better; no diff is written"
    assert "nothing was tried" not in said
    assert "models: 1 trials, " in said


def test_trials_of_another_format_of_bundles_are_not_taken_up(
    small_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = read_by(small_log, None)
    monkeypatch.setattr("training.job.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    assert read_by(small_log, None) != now
