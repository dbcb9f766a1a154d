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
from training.tune.journal import journal_at, once
from training.tune.knobs import Knob, turned
from training.tune.study import MINUTES, Budget, Found, Limit, Room, budget_of, explore
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
        return explore(room, SETTINGS, inputs, storage, Limit(trials), silent)


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
    assert budget_of(2, None).after(30) == Budget(None, 90)
    assert budget_of(None, 7).after(30) == Budget(7, None)
    assert budget_of(1, 3) == Budget(3, 60)


class Clock:
    """Each new question to the customers takes ten seconds."""

    def __init__(self) -> None:
        self.at, self.said, self.asked = 0.0, list[str](), list[Settings]()

    def marks(self, settings: Settings) -> Marks:
        if settings not in self.asked:
            self.asked.append(settings)
            self.at += 10
        return hill(settings)

    def explored(self, journal: Path, ends_at: float, trials: int | None = None) -> Found:
        room = Room("room", (ALPHA, ITERATIONS), self.marks, trial_s=10)
        limit = Limit(trials, ends_at, lambda: self.at)
        with journal_at(journal) as storage:
            return explore(room, SETTINGS, "log", storage, limit, self.said.append)


def test_no_trial_begins_that_cannot_end_in_time_with_what_follows_it(tmp_path: Path) -> None:
    for ends_at, trials in ((49.9, 0), (50, 1), (60, 2), (150, 11)):
        clock = Clock()
        found = clock.explored(tmp_path / f"{ends_at}", ends_at)
        assert (found.trials, sum("trial" in line for line in clock.said)) == (trials, trials)
        assert clock.at <= max(ends_at, 10)


def test_both_limits_hold(tmp_path: Path) -> None:
    assert Clock().explored(tmp_path / "few", 1000, trials=3).trials == 3
    assert Clock().explored(tmp_path / "short", 60, trials=30).trials == 2


def test_trials_of_a_run_before_are_kept_and_proposed_once_there_is_time(tmp_path: Path) -> None:
    whole = Clock().explored(tmp_path / "journal", 500)
    assert whole.values
    hurried, patient = Clock(), Clock()
    assert hurried.explored(tmp_path / "journal", 30).values == {}
    assert hurried.said == []
    found = patient.explored(tmp_path / "journal", 50, trials=whole.trials)
    assert (found.values, found.gain) == (whole.values, whole.gain)
    assert not any("trial" in line for line in patient.said)


def test_each_trial_is_told_with_its_value_and_the_best_so_far(tmp_path: Path) -> None:
    clock = Clock()
    found = clock.explored(tmp_path / "journal", 200)
    told = [line for line in clock.said if "trial" in line]
    values = [float(line.split()[3].rstrip("%")) for line in told]
    best = [float(line.split()[-1].rstrip("%")) for line in told]
    assert best == [max(0, *values[: place + 1]) for place in range(len(values))]
    assert told[0].startswith("room, trial 1: ")
    assert told[0].split(" in ")[1].startswith("10.0 s, best ")
    assert f"room, without {ALPHA.name}: " in "".join(clock.said)
    assert found.trials == len(told)


def test_what_is_kept_is_done_once_for_the_same_inputs(tmp_path: Path) -> None:
    done: list[int] = []

    def work() -> dict[str, object]:
        done.append(1)
        return {"times": len(done)}

    for inputs, times in (("a", 1), ("a", 1), ("b", 2), ("a", 1)):
        with journal_at(tmp_path / "journal") as storage:
            assert once("search", work, storage=storage, inputs=inputs) == {"times": times}


def test_a_gain_is_the_mean_over_parts_with_its_standard_error() -> None:
    old = (np.array([0.2, 0.4]), np.array([0.1, 0.1, 0.1]))
    new = (np.array([0.4, 0.2]), np.array([0.2, 0.2, 0.2]))
    mean, error = gain(new, old)
    assert mean == pytest.approx((0 + 1) / 2)
    assert error == pytest.approx(np.sqrt((0.2 / 0.3) ** 2 / 2) / 2)
