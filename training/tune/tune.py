"""The longer search that somebody runs once in a while: what it finds is a diff for them to read.

The search inside of training chooses the models' settings each night. This one turns what that
leaves alone (half-lives, weights of looks, lengths, sources of slots), room by room, on a window
before the hold-out, whose customers and purchases it never sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from engine.errors import LogError
from engine.slots import find_slot
from training import tuning
from training.assemble import Say, Source
from training.consent import opted_out, without_people
from training.evaluate import PARTS, split_of
from training.search import hold_out
from training.significance import Comparison, Interval, bootstrap, compare
from training.train import Settings, as_told, in_currency_of
from training.tune.journal import journal_at
from training.tune.knobs import MODELS, Knob, turned, weights_of_looks, weights_of_sources
from training.tune.study import Budget, Found, Room, explore
from training.tune.window import Window, slots_of

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

    @property
    def better(self) -> bool:
        """Surely better in a part, and surely worse in none."""
        figures = self.figures
        surely = any(one.surely_better for one in figures)
        return surely and not any(one.surely_worse for one in figures)


def tune(
    source: Source, settings: Settings, inputs: str, journal: Path, budget: Budget, say: Say
) -> Proposal:
    """`inputs` names the log, and all else that a trial depends on besides the settings.

    Raises LogError for a log without times, or with too few customers to judge.
    """
    window, present = open_window(source, settings, say)
    found, tuned = list[Found](), present
    rooms = rooms_of(window, present, source)
    with journal_at(journal) as storage:
        for room, share in rooms:
            found.append(explore(room, tuned, inputs, storage, budget.share(share), say))
            tuned = turned(tuned, room.knobs, found[-1].values)
    say("confirm")
    knobs = tuple(knob for room, _ in rooms for knob in room.knobs)
    return Proposal(
        knobs=knobs,
        present={knob.name: knob.value_in(present) for knob in knobs},
        values={name: value for result in found for name, value in result.values.items()},
        rooms=tuple(found),
        figures=confirmed(window, present, tuned),
        k=window.k,
    )


def open_window(source: Source, settings: Settings, say: Say) -> tuple[Window, Settings]:
    """The window, and the settings that a training before it would have fitted with.

    The search of that training has its own window still before, so nothing is chosen twice.
    """
    if source.header.timeless:
        raise LogError("this log has no times: nothing of it comes after the rest, to judge by")
    settings = replace(settings, shop=in_currency_of(settings.shop, source.header))
    train = settings.train
    split, _ = split_of(source, train)
    past = source.of(without_people(split.train, opted_out(source.log)))
    rng = np.random.default_rng(train.seed)
    held = hold_out(past.log, train.search, timeless=False, rng=rng)
    known = past.of(held.train)
    present = as_told(settings, tuning.tune(known, settings.shop, train, None, say).told)
    return Window(known, held.test, present, say), present


def rooms_of(window: Window, present: Settings, source: Source) -> list[tuple[Room, float]]:
    """With the share of the time that each may take. Parts that have one slot have one room."""
    knobs = (*MODELS, *weights_of_looks(source.log, present))
    rooms = [(_room("models", knobs, window, PARTS), SHARE_OF_MODELS)]
    slots = slots_of(present.train)
    for name in dict.fromkeys(slots):
        parts = [part for part, slot in zip(PARTS, slots, strict=True) if slot == name]
        sources = weights_of_sources(find_slot(present.slots, name))
        if sources:
            share = (1 - SHARE_OF_MODELS) / len(set(slots))
            rooms.append((_room(f"slot {name}", sources, window, parts), share))
    return rooms


def _room(name: str, knobs: Sequence[Knob], window: Window, parts: Sequence[str]) -> Room:
    return Room(name, knobs, lambda settings: window.marks(settings, window.choosing, parts))


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
