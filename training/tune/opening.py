"""What all trials share, made once: the settings that they start from, and the first models."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from engine.errors import LogError
from training import tuning
from training.assemble import Say, Source, read_source, unheard
from training.consent import opted_out, without_people
from training.evaluate import split_of
from training.search import hold_out
from training.stages import Document
from training.train import Settings, as_told, in_currency_of
from training.tune.knobs import digest_of_json
from training.tune.window import Window, parts_of, slots_of

SCARCE: Final = 0.5  # guess: share of the time that the search may take before somebody is warned


class Once(Protocol):
    """The result of `work`, done now or kept from before; `name` says what it depends on."""

    def __call__(self, name: str, work: Callable[[], Document]) -> Document: ...


def anew(name: str, work: Callable[[], Document]) -> Document:  # noqa: ARG001  # a signature
    return work()


@dataclass(frozen=True, slots=True)
class World:
    """What a run needs besides log and settings."""

    say: Say = unheard  # each step
    tell: Say = unheard  # what is worth keeping on a screen
    once: Once = anew
    now: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds, as measured with the settings that there are."""

    prepared: float  # all that came before the first trial
    again: float  # the same of a next run, for which the search is kept
    models: float
    slots: Mapping[str, float]  # slates of those who choose
    confirm: float  # slates of the others, and models once more

    @property
    def trial_of_models(self) -> float:
        """Fits them all, and judges every slot by them."""
        return self.models + sum(self.slots.values())


def opened(
    source: Source, settings: Settings, world: World, within_s: float | None
) -> tuple[Window, Settings, Costs]:
    """What `open_window` gives, and what it cost; `within_s` is the time of the whole run."""
    began = world.now()

    def seconds(work: Callable[[], object]) -> float:
        started = world.now()
        work()
        return world.now() - started

    window, present, searched = open_window(source, settings, world, within_s)
    models = seconds(lambda: window.bundle(present))
    slots = dict.fromkeys(slots_of(present.train), 0.0)
    for name in slots:
        parts = parts_of(name, present.train)
        slots[name] = seconds(lambda: window.marks(present, window.choosing, parts))  # noqa: B023
    confirm = seconds(lambda: window.marks(present, window.confirming))
    prepared = world.now() - began
    return window, present, Costs(prepared, prepared - searched, models, slots, confirm + models)


def open_window(
    source: Source, settings: Settings, world: World, within_s: float | None = None
) -> tuple[Window, Settings, float]:
    """The window, the settings that a training before it would have fitted with, and how many
    seconds it took to find them.

    The search of that training has its own window still before, so nothing is chosen twice.
    Raises LogError for a log without times, or with too few customers to judge.
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
    started = world.now()
    told = world.once(_name(settings), lambda: _searched(known, settings, world, within_s))
    present = as_told(settings, told)
    searched = world.now() - started
    return Window(known, held.test, present, world.say), present, searched


def _name(settings: Settings) -> str:
    """What the search depends on besides the log."""
    said = (settings.shop.model_dump(mode="json"), settings.train.model_dump(mode="json"))
    return f"search {digest_of_json(said)}"


def _searched(known: Source, settings: Settings, world: World, within_s: float | None) -> Document:
    shop, train = settings.shop, settings.train
    if train.search.enabled:
        work_s = tuning.budget_of(train.search, read_source(known, shop))
        world.tell(_forewarning(work_s, within_s))
    return tuning.tune(known, shop, train, None, world.say).told


def _forewarning(work_s: float, within_s: float | None) -> str:
    """`work_s` is of two cores, a search's whole budget."""
    said = (
        f"preparing: first the search of a training, up to {work_s:.0f} s of two cores; it is kept"
    )
    if within_s is not None and work_s > SCARCE * within_s:
        said += (
            f"; of {within_s:.0f} s that leaves little, and what has no time is not "
            "tried: the same command goes on from there"
        )
    return said
