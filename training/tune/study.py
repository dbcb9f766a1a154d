"""Trials of one room of knobs, kept in a journal: a run that was killed goes on where it stopped.

A trial's sampler is seeded by the number of trials before it, so a run that was killed and one that
was not choose the same.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from training.train import Settings
from training.tune.knobs import Knob, Values, slots_as_json, turned
from training.tune.window import Marks, gain

MINUTES: Final = 30.0  # decision: what somebody waits for once in a while
STARTUP: Final = 10  # trials at random before the sampler learns; optuna's own number


@dataclass(frozen=True, slots=True)
class Budget:
    """Of one room: at most so many trials or so much time, whichever comes first."""

    trials: int | None
    seconds: float | None

    def goes_on(self, trials: int, seconds: float) -> bool:
        fewer = self.trials is None or trials < self.trials
        return fewer and (self.seconds is None or seconds < self.seconds)

    def share(self, share: float) -> "Budget":
        return Budget(self.trials, None if self.seconds is None else self.seconds * share)


def budget_of(minutes: float | None, trials: int | None) -> Budget:
    """Of all rooms together, unless only the trials of each are counted."""
    if minutes is None and trials is None:
        minutes = MINUTES
    return Budget(trials, None if minutes is None else minutes * 60)


@dataclass(frozen=True, slots=True)
class Room:
    """Knobs that are turned together, and what judges them."""

    name: str
    knobs: Sequence[Knob]
    marks: Callable[[Settings], Marks]


@dataclass(frozen=True, slots=True)
class Found:
    room: str
    values: dict[str, float]  # knob → value, of those that are worth changing
    trials: int
    seconds: float
    gain: float  # by those who chose


def explore(
    room: Room,
    present: Settings,
    inputs: str,
    storage: JournalStorage,
    budget: Budget,
    say: Callable[[str], None],
) -> Found:
    """The values that the choosing customers like best, without those that bring nothing.

    `inputs` says what else a trial's value depends on: with others, another study begins.
    """
    before = room.marks(present)
    study = _study(room, present, inputs, storage)
    seed = present.train.seed
    ranges = {knob.name: _range(knob) for knob in room.knobs}
    while budget.goes_on(len(done := _done(study)) - 1, _needing(done, len(room.knobs))):
        say(f"{room.name}, trial {len(done)}")
        study.sampler = TPESampler(n_startup_trials=STARTUP, seed=seed + len(done))
        trial = study.ask(ranges)
        values = _values(room.knobs, present, trial.params)
        marks = room.marks(turned(present, room.knobs, values))
        study.tell(trial, gain(marks, before)[0])
    best = _values(room.knobs, present, study.best_trial.params)
    values = _needed(room, present, best, say)
    last = room.marks(turned(present, room.knobs, values))
    return Found(room.name, values, len(done) - 1, round(_seconds(done), 1), gain(last, before)[0])


def _needed(
    room: Room, present: Settings, best: dict[str, float], say: Callable[[str], None]
) -> dict[str, float]:
    """Each knob is put back in turn; it stays so unless the best beats that by a standard error."""
    changed = {k.name: best[k.name] for k in room.knobs if best[k.name] != k.value_in(present)}
    if not changed:
        return {}
    theirs = room.marks(turned(present, room.knobs, changed))
    for name in list(changed):
        say(f"{room.name}, without {name}")
        fewer = {other: value for other, value in changed.items() if other != name}
        mean, error = gain(theirs, room.marks(turned(present, room.knobs, fewer)))
        if mean <= error:
            changed = fewer
    return changed


def _study(room: Room, present: Settings, inputs: str, storage: JournalStorage) -> optuna.Study:
    """Begins with what there is: a gain of nothing over itself."""
    said = [
        inputs,
        [(knob.name, knob.low, knob.high) for knob in room.knobs],
        present.shop.model_dump(mode="json"),
        present.train.model_dump(mode="json"),
        slots_as_json(present.slots),
    ]
    key = sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
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


def _needing(done: Sequence[FrozenTrial], knobs: int) -> float:
    """Seconds so far, and for putting back each knob afterwards, which costs a trial too."""
    return _seconds(done) * (1 + (knobs + 1) / max(len(done) - 1, 1))


def _seconds(trials: Sequence[FrozenTrial]) -> float:
    spans = (trial.duration or timedelta() for trial in trials)
    return sum(span.total_seconds() for span in spans)
