"""The whole search on a small shop: what it may see, what it proposes, and what it leaves alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.errors import LogError
from tests.conftest import silent
from tests.training.test_train import garbage_of
from training.assemble import Source
from training.evaluate import split_of
from training.train import Settings, open_source, read_settings
from training.tune.study import Budget
from training.tune.tune import Proposal, open_window, tune


def tuned(source: Source, settings: Settings, folder: Path, trials: int = 2) -> Proposal:
    return tune(source, settings, "log", folder / "journal", Budget(trials, None), silent)


def test_nothing_of_the_hold_out_is_seen(small_log: Path, config: Path, tmp_path: Path) -> None:
    source, settings = open_source(small_log, None), read_settings(config)
    split, _ = split_of(source, settings.train)
    other = replace(source, log=pl.concat([split.train, garbage_of(split.test)]).sort("at"))
    found = [tuned(each, settings, tmp_path / name) for each, name in ((source, "a"), (other, "b"))]
    assert found[0].figures == found[1].figures
    assert found[0].values == found[1].values
    assert found[0].values


def test_who_confirms_has_chosen_nothing(small_log: Path, config: Path) -> None:
    window, _ = open_window(open_source(small_log, None), read_settings(config), silent)
    for choosing in window.choosing.truths:
        for confirming in window.confirming.truths:
            assert not set(choosing.customers) & set(confirming.customers)
    assert all(size > 20 for size in (*window.choosing.sizes, *window.confirming.sizes))


def test_at_most_so_many_customers_are_asked(small_log: Path, config: Path) -> None:
    settings = read_settings(config)
    few = settings.train.search.model_copy(update={"customers": 15})
    settings = replace(settings, train=settings.train.model_copy(update={"search": few}))
    window, _ = open_window(open_source(small_log, None), settings, silent)
    assert window.choosing.sizes[0] == window.confirming.sizes[0] == 15


def test_trials_of_slots_alone_make_no_models(small_log: Path, config: Path) -> None:
    made: list[str] = []
    source, settings = open_source(small_log, None), read_settings(config)
    window, present = open_window(source, settings, made.append)
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
        open_window(timeless, settings, silent)
    lonely = source.of(source.log.filter(pl.col("type") != "purchase"))
    with pytest.raises(LogError, match="too few customers bought in the validation window"):
        open_window(lonely, settings, silent)
