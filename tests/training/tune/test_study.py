"""Trials in a world whose best setting is known: found, kept, taken up, and no more than needed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import TrialState

from engine.errors import ConfigError, LeaseError
from tests.conftest import CONFIG, silent
from tests.killed import killed
from training.train import Settings, read_settings
from training.tune.journal import journal_at
from training.tune.knobs import Knob, turned
from training.tune.study import MINUTES, Budget, Found, Room, budget_of, explore
from training.tune.window import Marks, gain

SETTINGS = read_settings(CONFIG)
ALPHA = Knob("train", ("als", "alpha"), 1, 300)
ITERATIONS = Knob("train", ("als", "iterations"), 3, 15, whole=True)
LUCK = np.random.default_rng(1).random(200)  # of each customer
NEVER = 10**9


def hill(settings: Settings) -> Marks:
    """Alpha is best at 5, iterations change nothing; customers differ in how much they care."""
    away = np.log(settings.train.als.alpha / 5)
    return (0.2 + 0.3 * LUCK * np.exp(-(away**2)),)


def explored(
    journal: Path,
    trials: int,
    marks: Callable[[Settings], Marks] = hill,
    inputs: str = "log",
    kill_at: int = NEVER,
) -> Found:
    asked = 0

    def counted(settings: Settings) -> Marks:
        nonlocal asked
        asked += 1
        if asked == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return marks(settings)

    room = Room("room", (ALPHA, ITERATIONS), counted)
    with journal_at(journal) as storage:
        return explore(room, SETTINGS, inputs, storage, Budget(trials, None), silent)


def test_the_best_is_found_and_what_brings_nothing_is_put_back(tmp_path: Path) -> None:
    found = explored(tmp_path / "journal", 40)
    assert set(found.values) == {ALPHA.name}
    assert found.values[ALPHA.name] == pytest.approx(5, rel=0.4)
    assert found.gain == pytest.approx(gain(hill(at(found)), hill(SETTINGS))[0])
    assert found.trials == 40


def at(found: Found) -> Settings:
    return turned(SETTINGS, (ALPHA, ITERATIONS), found.values)


def test_without_trials_nothing_is_proposed(tmp_path: Path) -> None:
    found = explored(tmp_path / "journal", 0)
    assert (found.values, found.trials, found.gain) == ({}, 0, 0.0)


def test_the_same_seed_finds_the_same_killed_or_not(tmp_path: Path) -> None:
    for step in (4, 13):
        killed(explored, tmp_path / "killed", 16, hill, "log", step)
    with (tmp_path / "killed").open("ab") as journal:
        journal.write(b'{"op_code": 4, "half a li')
    (tmp_path / "killed.lock").touch()
    again, whole = explored(tmp_path / "killed", 16), explored(tmp_path / "whole", 16)
    assert (again.values, again.gain, again.trials) == (whole.values, whole.gain, whole.trials)
    assert whole.values
    with journal_at(tmp_path / "killed") as storage:
        (study,) = storage.get_all_studies()
        states = [trial.state for trial in storage.get_all_trials(study._study_id)]
    assert [states.count(state) for state in (TrialState.FAIL, TrialState.RUNNING)] == [2, 0]


def test_done_trials_are_not_done_again_and_more_may_follow(tmp_path: Path) -> None:
    asked: list[float] = []

    def counted(settings: Settings) -> Marks:
        asked.append(settings.train.als.alpha)
        return hill(settings)

    explored(tmp_path / "journal", 12, counted)
    first, asked[:] = len(asked), []
    again = explored(tmp_path / "journal", 12, counted)
    assert first - len(asked) == 12
    assert explored(tmp_path / "journal", 14, counted).trials == 14
    other = explored(tmp_path / "journal", 3, counted, inputs="another log")
    assert (again.trials, other.trials) == (12, 3)


def test_two_runs_do_not_share_a_journal_and_another_file_is_none(tmp_path: Path) -> None:
    with journal_at(tmp_path / "journal"), pytest.raises(LeaseError, match="another caini tune"):
        explored(tmp_path / "journal", 1)
    for text in ("a letter", '{"op_code": 99}\n', '{"op_code"\n', "7\n", '{"op_code": 0}\n'):
        (tmp_path / "other").write_text(text)
        with pytest.raises(ConfigError, match="is no journal of caini tune"):
            explored(tmp_path / "other", 1)
        assert (tmp_path / "other").read_text() == text


def test_what_is_counted_is_trials_or_time() -> None:
    assert budget_of(None, None) == Budget(None, MINUTES * 60)
    assert budget_of(2, None).share(0.5) == Budget(None, 60)
    assert budget_of(None, 7).share(0.5) == Budget(7, None)
    both = budget_of(1, 3)
    assert [both.goes_on(2, 59.0), both.goes_on(3, 0.0), both.goes_on(0, 60.0)] == [
        True, False, False,
    ]  # fmt: skip


def test_a_gain_is_the_mean_over_parts_with_its_standard_error() -> None:
    old = (np.array([0.2, 0.4]), np.array([0.1, 0.1, 0.1]))
    new = (np.array([0.4, 0.2]), np.array([0.2, 0.2, 0.2]))
    mean, error = gain(new, old)
    assert mean == pytest.approx((0 + 1) / 2)
    assert error == pytest.approx(np.sqrt((0.2 / 0.3) ** 2 / 2) / 2)
