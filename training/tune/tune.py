"""The longer search that somebody runs once in a while: what it finds is a diff for them to read.

The search inside of training chooses the models' settings each night. This one turns what that
leaves alone (half-lives, weights of looks, lengths, sources of slots), room by room, on a window
before the hold-out, whose customers and purchases it never sees.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from engine.slots import find_slot
from training.assemble import Say, Source
from training.evaluate import PARTS
from training.significance import Comparison, Interval, bootstrap, compare
from training.train import Settings
from training.tune.journal import journal_at, once
from training.tune.knobs import MODELS, Knob, turned, weights_of_looks, weights_of_sources
from training.tune.opening import Costs, World, opened
from training.tune.study import Budget, Found, Limit, Room, explore
from training.tune.window import Window, parts_of, slots_of

SHARE_OF_MODELS: Final = 0.6  # of the time: each trial there fits every model


@dataclass(frozen=True, slots=True)
class Figure:
    """NDCG of one part, by customers who chose nothing."""

    part: str
    slot: str
    customers: int
    present: Interval
    proposed: Interval
    comparison: Comparison

    @property
    def surely_better(self) -> bool:
        return self.comparison.difference.low > 0

    @property
    def surely_worse(self) -> bool:
        return self.comparison.difference.high < 0


@dataclass(frozen=True, slots=True)
class Proposal:
    knobs: tuple[Knob, ...]
    present: dict[str, float]  # knob → value, of all that might be turned
    values: dict[str, float]  # knob → value, of those that should be
    rooms: tuple[Found, ...]
    figures: tuple[Figure, ...]
    k: int
    needed_minutes: int  # of a next run, for a trial in every room

    @property
    def trials(self) -> int:
        return sum(room.trials for room in self.rooms)

    @property
    def better(self) -> bool:
        """Surely better in a part, and surely worse in none."""
        figures = self.figures
        surely = any(one.surely_better for one in figures)
        return surely and not any(one.surely_worse for one in figures)


def tune(
    source: Source, settings: Settings, inputs: str, journal: Path, budget: Budget, world: World
) -> Proposal:
    """`inputs` names the log, and all else that a trial depends on besides the settings.

    Raises LogError for a log without times, or with too few customers to judge.
    """
    ends = world.now() + (math.inf if budget.seconds is None else budget.seconds)
    found = list[Found]()
    with journal_at(journal) as storage:
        kept = partial(once, storage=storage, inputs=inputs)
        window, present, costs = opened(source, settings, replace(world, once=kept), budget.seconds)
        tuned, rooms = present, rooms_of(window, present, source, costs)
        needed = minutes_needed(rooms, costs, budget, world.tell)
        for place, (room, share) in enumerate(rooms):
            left = ends - costs.confirm - world.now()
            mine = left * share / sum(share for _, share in rooms[place:])
            limit = Limit(budget.trials, world.now() + mine, world.now)
            found.append(explore(room, tuned, inputs, storage, limit, world.tell))
            tuned = turned(tuned, room.knobs, found[-1].values)
    world.say("confirm")
    knobs = tuple(knob for room, _ in rooms for knob in room.knobs)
    return Proposal(
        knobs=knobs,
        present={knob.name: knob.value_in(present) for knob in knobs},
        values={name: value for result in found for name, value in result.values.items()},
        rooms=tuple(found),
        figures=confirmed(window, present, tuned),
        k=window.k,
        needed_minutes=needed,
    )


def minutes_needed(
    rooms: Sequence[tuple[Room, float]], costs: Costs, budget: Budget, tell: Say
) -> int:
    """What a next run needs to try something in every room; told with what was measured."""
    each = ", ".join(f"{room.name} {room.trial_s:.1f} s" for room, _ in rooms)
    tell(f"prepared in {costs.prepared:.0f} s; a trial takes at most about: {each}")
    most = max(room.least_s(room.trial_s) / share for room, share in rooms)
    needed = math.ceil((costs.again + costs.confirm + most) / 60)
    if budget.seconds is not None and costs.prepared + costs.confirm + most > budget.seconds:
        tell(
            f"too little time for a trial in every room: now that this log is prepared, {needed} "
            "minutes are enough; in this run only rooms are tried that end in time"
        )
    return needed


def rooms_of(
    window: Window, present: Settings, source: Source, costs: Costs
) -> list[tuple[Room, float]]:
    """With the share of the time that each may take. Parts that have one slot have one room."""
    knobs = (*MODELS, *weights_of_looks(source.log, present))
    rooms = [(_room("models", knobs, window, PARTS, costs.trial_of_models), SHARE_OF_MODELS)]
    slots = slots_of(present.train)
    for name in dict.fromkeys(slots):
        sources = weights_of_sources(find_slot(present.slots, name))
        if sources:
            share = (1 - SHARE_OF_MODELS) / len(set(slots))
            parts = parts_of(name, present.train)
            rooms.append((_room(f"slot {name}", sources, window, parts, costs.slots[name]), share))
    return rooms


def _room(
    name: str, knobs: Sequence[Knob], window: Window, parts: Sequence[str], trial_s: float
) -> Room:
    return Room(
        name, knobs, lambda settings: window.marks(settings, window.choosing, parts), trial_s
    )


def confirmed(window: Window, present: Settings, tuned: Settings) -> tuple[Figure, ...]:
    """Both, by the half of the customers that was not asked yet."""
    rng = np.random.default_rng(present.train.seed)
    old, new = (window.marks(one, window.confirming) for one in (present, tuned))
    return tuple(
        Figure(
            part,
            slot,
            len(ours),
            bootstrap(ours, rng),
            bootstrap(theirs, rng),
            compare(theirs, ours, rng),
        )
        for part, slot, ours, theirs in zip(PARTS, slots_of(present.train), old, new, strict=True)
    )
