"""The whole search on a small shop: what it may see, what it proposes, and what it leaves alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.errors import LogError
from tests.training.test_train import garbage_of
from training.assemble import Source
from training.evaluate import split_of
from training.train import Settings, open_source, read_settings
from training.tune.opening import World, open_window
from training.tune.study import Budget
from training.tune.tune import Proposal, tune


def tuned(source: Source, settings: Settings, folder: Path, trials: int = 2) -> Proposal:
    return tune(source, settings, "log", folder / "journal", Budget(trials, None), World())


def test_nothing_of_the_hold_out_is_seen(small_log: Path, config: Path, tmp_path: Path) -> None:
    source, settings = open_source(small_log, None), read_settings(config)
    split, _ = split_of(source, settings.train)
    other = replace(source, log=pl.concat([split.train, garbage_of(split.test)]).sort("at"))
    found = [tuned(each, settings, tmp_path / name) for each, name in ((source, "a"), (other, "b"))]
    assert found[0].figures == found[1].figures
    assert found[0].values == found[1].values
    assert found[0].values


def test_who_confirms_has_chosen_nothing(small_log: Path, config: Path) -> None:
    window, *_ = open_window(open_source(small_log, None), read_settings(config), World())
    for choosing in window.choosing.truths:
        for confirming in window.confirming.truths:
            assert not set(choosing.customers) & set(confirming.customers)
    assert all(size > 20 for size in (*window.choosing.sizes, *window.confirming.sizes))


def test_at_most_so_many_customers_are_asked(small_log: Path, config: Path) -> None:
    settings = read_settings(config)
    few = settings.train.search.model_copy(update={"customers": 15})
    settings = replace(settings, train=settings.train.model_copy(update={"search": few}))
    window, *_ = open_window(open_source(small_log, None), settings, World())
    assert window.choosing.sizes[0] == window.confirming.sizes[0] == 15


def test_trials_of_slots_alone_make_no_models(small_log: Path, config: Path) -> None:
    made: list[str] = []
    source, settings = open_source(small_log, None), read_settings(config)
    window, present, _ = open_window(source, settings, World(made.append))
    before = window.marks(present, window.choosing)
    home = present.slots["home"]
    sources = home.base.model_copy(update={"sources": {"popular": 1.0}})
    slots = {**present.slots, "home": replace(home, base=sources, variants=())}
    after = window.marks(replace(present, slots=slots), window.choosing)
    assert made.count("factors") == 1
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before[1], after[1])
    als = present.train.als.model_copy(update={"iterations": 1})
    window.marks(
        replace(present, train=present.train.model_copy(update={"als": als})), window.choosing
    )
    assert made.count("factors") == 2


def test_a_log_that_cannot_be_split_or_judged_by_is_told(small_log: Path, config: Path) -> None:
    source, settings = open_source(small_log, None), read_settings(config)
    timeless = replace(source, header=replace(source.header, timeless=True))
    with pytest.raises(LogError, match="has no times"):
        open_window(timeless, settings, World())
    lonely = source.of(source.log.filter(pl.col("type") != "purchase"))
    with pytest.raises(LogError, match="too few customers bought in the validation window"):
        open_window(lonely, settings, World())


def test_the_search_is_done_once_and_too_little_time_is_told(
    small_log: Path, config: Path, tmp_path: Path
) -> None:
    (config / "train.toml").write_text("[als]\nfactors = 8\n[search]\nfewest_customers = 5\n")
    source, settings = open_source(small_log, None), read_settings(config)

    def ran(seconds: float | None, trials: int | None) -> tuple[Proposal, list[str], list[str]]:
        steps, told = list[str](), list[str]()
        world = World(steps.append, told.append)
        budget = Budget(trials, seconds)
        return tune(source, settings, "log", tmp_path / "journal", budget, world), steps, told

    first, steps, told = ran(0, None)
    assert (first.trials, first.values, first.needed_minutes >= 1) == (0, {}, True)
    assert "search" in steps
    work = f"up to {settings.train.search.budget_s / 10:.0f} s of two cores"
    assert told[0].startswith(f"preparing: first the search of a training, {work}")
    assert "the same command goes on from there" in told[0]
    assert told[1].startswith("prepared in ")
    assert f"{first.needed_minutes} minutes are enough" in told[2]
    again, steps, told = ran(None, 1)
    assert "search" not in steps
    assert again.trials == 3
    assert told[0].startswith("prepared in ")
    assert not any("too little time" in line for line in told)
    assert first.present == again.present
