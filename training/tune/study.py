"""Trials of one room of knobs, kept in a journal: a run that was killed goes on where it stopped.

A trial's sampler is seeded by the number of trials before it, so a run that was killed and one that
was not choose the same.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from training.train import Settings
from training.tune.knobs import Knob, Values, digest_of_json, settings_as_json, turned
from training.tune.window import Marks, gain

MINUTES: Final = 30.0  # decision: what somebody waits for once in a while
STARTUP: Final = 10  # trials at random before the sampler learns; optuna's own number
LATEST: Final = 3  # trials whose slowest foretells the next


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many trials in each room, and so much time for the whole command, all together."""

    trials: int | None
    seconds: float | None

    def after(self, seconds: float) -> "Budget":
        return Budget(self.trials, None if self.seconds is None else self.seconds - seconds)


def budget_of(minutes: float | None, trials: int | None) -> Budget:
    """The time is limited unless only trials are counted."""
    if minutes is None and trials is None:
        minutes = MINUTES
    return Budget(trials, None if minutes is None else minutes * 60)


@dataclass(frozen=True, slots=True)
class Limit:
    """Of one room: when it has to have ended, in seconds of `now`."""

    trials: int | None
    ends_at: float = math.inf
    now: Callable[[], float] = time.monotonic

    def leaves(self, seconds: float) -> bool:
        return self.now() + seconds <= self.ends_at


@dataclass(frozen=True, slots=True)
class Room:
    """Knobs that are turned together, and what judges them."""

    name: str
    knobs: Sequence[Knob]
    marks: Callable[[Settings], Marks]
    trial_s: float = 0.0  # a trial's time, as far as it is known before the first

    def least_s(self, trial_s: float) -> float:
        """Of one more trial, the best one again, and putting back each of its knobs."""
        return trial_s * (2 + len(self.knobs))


@dataclass(frozen=True, slots=True)
class Found:
    room: str
    values: dict[str, float]  # knob → value, of those that are worth changing
    trials: int  # with those of earlier runs
    seconds: float  # of this run
    gain: float  # by those who chose


def explore(
    room: Room,
    present: Settings,
    inputs: str,
    storage: JournalStorage,
    limit: Limit,
    tell: Callable[[str], None],
) -> Found:
    """The values that the choosing customers like best, without those that bring nothing.

    `inputs` says what else a trial's value depends on: with others, another study begins.
    No trial begins that cannot end in time together with what has to follow it.
    """
    began = limit.now()
    before = room.marks(present)
    study = _study(room, present, inputs, storage)
    ranges = {knob.name: _range(knob) for knob in room.knobs}
    took: list[float] = []
    while _goes_on(room, limit, len(done := _done(study)) - 1, took):
        started = limit.now()
        study.sampler = TPESampler(n_startup_trials=STARTUP, seed=present.train.seed + len(done))
        trial = study.ask(ranges)
        values = _values(room.knobs, present, trial.params)
        value = gain(room.marks(turned(present, room.knobs, values)), before)[0]
        study.tell(trial, value)
        took.append(limit.now() - started)
        best = f"best {study.best_value:+.2%}"
        tell(f"{room.name}, trial {len(done)}: {value:+.2%} in {took[-1]:.1f} s, {best}")
    best_values = _values(room.knobs, present, study.best_trial.params)
    in_time = bool(took) or limit.leaves(room.least_s(room.trial_s))
    found = _needed(room, present, best_values, tell) if in_time else {}
    last = room.marks(turned(present, room.knobs, found))
    seconds = round(limit.now() - began, 1)
    return Found(room.name, found, len(done) - 1, seconds, gain(last, before)[0])


def _goes_on(room: Room, limit: Limit, trials: int, took: Sequence[float]) -> bool:
    if limit.trials is not None and trials >= limit.trials:
        return False
    return limit.leaves(room.least_s(max(took[-LATEST:], default=room.trial_s)))


def _needed(
    room: Room, present: Settings, best: dict[str, float], tell: Callable[[str], None]
) -> dict[str, float]:
    """Each knob is put back in turn; it stays so unless the best beats that by a standard error.

    Those of training first: most of the models are then the best's.
    """
    turned_now = [knob for knob in room.knobs if best[knob.name] != knob.value_in(present)]
    changed = {knob.name: best[knob.name] for knob in turned_now}
    if not changed:
        return {}
    theirs = room.marks(turned(present, room.knobs, changed))
    for name in [knob.name for knob in sorted(turned_now, key=lambda knob: knob.file == "shop")]:
        fewer = {other: value for other, value in changed.items() if other != name}
        mean, error = gain(theirs, room.marks(turned(present, room.knobs, fewer)))
        if mean <= error:
            changed = fewer
        put = "put back" if mean <= error else "stays"
        tell(f"{room.name}, without {name}: {-mean:+.2%}, {put}")
    return changed


def _study(room: Room, present: Settings, inputs: str, storage: JournalStorage) -> optuna.Study:
    """Begins with what there is: a gain of nothing over itself."""
    said = [
        inputs,
        [(knob.name, knob.low, knob.high) for knob in room.knobs],
        *settings_as_json(present),
    ]
    key = digest_of_json(said)
    study = optuna.create_study(
        storage=storage,
        study_name=f"{room.name} {key}",
        direction="maximize",
        load_if_exists=True,
    )
    for killed in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(killed.number, state=TrialState.FAIL)
    if not _done(study):
        study.add_trial(
            create_trial(
                params={knob.name: _within(knob, knob.value_in(present)) for knob in room.knobs},
                distributions={knob.name: _range(knob) for knob in room.knobs},
                value=0.0,
            )
        )
    return study


def _done(study: optuna.Study) -> list[FrozenTrial]:
    """The first of them is what there is, which nobody tried."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _range(knob: Knob) -> BaseDistribution:
    return FloatDistribution(knob.low, knob.high, log=True)


def _within(knob: Knob, value: float) -> float:
    return min(max(value, knob.low), knob.high)


def _values(knobs: Sequence[Knob], present: Settings, params: Values) -> dict[str, float]:
    """Rounded; what a knob has now is taken as it is, also from beyond its ends."""
    found = {}
    for knob in knobs:
        now, asked = knob.value_in(present), params[knob.name]
        found[knob.name] = now if asked == _within(knob, now) else knob.rounded(asked)
    return found
