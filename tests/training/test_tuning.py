"""The search as a step of training: what it sees, where it starts, and what is kept of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.bundle import Manifest
from engine.bundle_files import read_bundle, read_manifest
from tests.conftest import CONFIG, Trained, searching, silent
from tests.training.test_train import garbage_of
from training.assemble import Source, read_source
from training.bank import Bank
from training.config import TrainConfig
from training.evaluate import split_of
from training.log import LogHeader, conform
from training.looks import LOOKS, has_looks, weigh_looks, with_looks
from training.models.daily import daily
from training.publish import current
from training.setting import Setting
from training.split import Split, by_time, cut_off, new_only, truth_of
from training.train import open_source, read_settings, searched, without_search
from training.tuning import (
    budget_of,
    configured,
    start_of,
    tune,
    wanted_by,
    with_setting,
    with_told,
)

Frame = Callable[[Sequence[dict[str, object]]], pl.LazyFrame]
SETTINGS = searching(read_settings(CONFIG))


def live(trained: Trained) -> Manifest:
    return read_manifest(trained.bundles / str(current(trained.bundles)))


def test_the_bundle_is_fitted_with_what_was_chosen(trained: Trained) -> None:
    manifest = live(trained)
    chosen = Setting.model_validate(manifest.search["chosen"])
    fitted = TrainConfig.model_validate(manifest.settings)
    apart = {"als_share": Setting().als_share, "looks": Setting().looks}
    assert configured(fitted) == chosen.model_copy(update=apart)
    bundle = read_bundle(trained.bundles / manifest.version)
    assert bundle.factors.item.shape[1] == chosen.als.factors
    assert bundle.shop.interactions == with_looks(SETTINGS.shop, chosen.looks).interactions
    assert with_told(SETTINGS.train, dict(manifest.search)) == fitted
    assert manifest.search["configured"] == configured(SETTINGS.train).model_dump(mode="json")
    trials = manifest.search["trials"]
    assert isinstance(trials, list)
    assert len(trials) > 20


def test_nothing_after_the_hold_outs_cut_reaches_the_search(trained: Trained) -> None:
    """Two logs of one past and two futures: the same trials with the same marks."""
    source = open_source(trained.log, None)
    split, _ = split_of(source, SETTINGS.train)
    other = source.of(pl.concat([split.train, garbage_of(split.test)]).sort("at", "event_id"))
    one, two = (searched(each, SETTINGS, None, silent) for each in (source, other))
    assert one.told == two.told
    assert one.told == dict(live(trained).search)
    blind = searched(source.of(split.train), SETTINGS, None, silent)
    assert blind.told != one.told, "another past has other marks"


def test_without_search_the_configuration_holds(trained: Trained) -> None:
    source = open_source(trained.log, None)
    off = without_search(SETTINGS)
    tuned = searched(source, off, live(trained), silent)
    assert (tuned.train, tuned.told) == (off.train, {})
    assert with_told(off.train, {}) == off.train


def with_log(manifest: Manifest, **change: object) -> Manifest:
    told = dict(manifest.search)
    return manifest.model_copy(update={"search": {**told, **change}})


def test_the_next_search_starts_from_the_last_choice(trained: Trained) -> None:
    manifest, wanted = live(trained), wanted_by(SETTINGS.shop, SETTINGS.train)
    own, chosen = wanted.setting, wanted.setting.with_trend(14, 0.6)
    manifest = with_log(manifest, chosen=chosen.model_dump(mode="json"))
    log, seed = dict(manifest.search["log"]), manifest.seed  # type: ignore[arg-type]
    longer = {**log, "events": 1 + int(str(log["events"]))}
    assert start_of(None, wanted, log, seed) == own
    assert start_of(manifest, wanted, longer, seed) == chosen
    assert start_of(manifest, wanted, log, seed) == own, "the same log: as that run began"
    assert start_of(manifest, wanted, log, seed + 1) == chosen
    edited = replace(wanted, setting=own.with_ridge(0.9))
    assert start_of(manifest, edited, longer, seed) == edited.setting, "what the shop sets holds"
    dearer = with_looks(SETTINGS.shop, 2).interactions
    other = replace(wanted, interactions=dearer)
    assert start_of(manifest, other, longer, seed) == own, "looks were weighed by other weights"
    unheard = with_log(manifest, chosen={"unheard": 1})
    assert start_of(unheard, wanted, longer, seed) == own
    untold = dict(manifest.search)
    del untold["interactions"]
    older = manifest.model_copy(update={"search": untold})
    assert start_of(older, wanted, longer, seed) == own, "of a version that kept no weights"


def test_a_choice_is_put_into_the_configuration() -> None:
    chosen = Setting().with_trend(14, 0.5).with_ridge(0.8).with_als(5, 64, 0.2)
    train = with_setting(SETTINGS.train, chosen)
    assert train.trend.exponent == 0.5
    assert train.similar.ridge_weight == 0.8
    assert (train.als.alpha, train.als.factors) == (5, 64)
    assert train.evaluation == SETTINGS.train.evaluation


def test_too_few_customers_choose_nothing(trained: Trained) -> None:
    judged = dict(live(trained).search)["customers"]
    assert isinstance(judged, int)
    source = open_source(trained.log, None)
    for fewest, chosen in ((judged, True), (judged + 1, False)):
        search = SETTINGS.train.search.model_copy(update={"fewest_customers": fewest})
        train = SETTINGS.train.model_copy(update={"search": search})
        tuned = searched(source, replace(SETTINGS, train=train), None, silent)
        assert bool(tuned.told) is chosen
        assert chosen or tuned.train == train


def test_a_larger_log_is_worth_more_work(trained: Trained) -> None:
    class Sized:
        def __init__(self, pairs: int) -> None:
            self.items = range(pairs)

    config = SETTINGS.train.search
    shares = [
        budget_of(config, Sized(pairs)) / config.budget_s  # type: ignore[arg-type]
        for pairs in (10, 500_000, 10**7)
    ]
    assert shares == [0.1, 0.5, 1.0]


def little(days: list[int]) -> Source:
    """One customer who buys another item each day."""
    lines = pl.DataFrame(
        {
            "event_id": [f"e{n}" for n in range(len(days))],
            "type": "purchase",
            "at": [day * 86_400_000 for day in days],
            "customer_id": "c",
            "item_id": [f"i{n}" for n in range(len(days))],
            "quantity": 1,
        }
    )
    return Source(conform(lines).lazy(), LogHeader(timeless=False), None)


@pytest.mark.parametrize("days", [[3], [3, 3], []])
def test_a_log_that_cannot_be_split_is_not_searched(days: list[int], tmp_path: Path) -> None:
    tuned = tune(little(days), SETTINGS.shop, SETTINGS.train, None, silent)
    assert (tuned.train, tuned.told) == (SETTINGS.train, {})


def test_a_log_whose_end_nobody_knew_before_is_not_searched() -> None:
    source = little([1, 2, 3, 100])
    strangers = source.log.with_columns(
        customer_id=pl.when(pl.col("at").dt.epoch("ms") > 10 * 86_400_000)
        .then(pl.lit("stranger"))
        .otherwise("customer_id")
    )
    tuned = tune(replace(source, log=strangers), SETTINGS.shop, SETTINGS.train, None, silent)
    assert tuned.told == {}


def test_only_looks_are_multiplied() -> None:
    before, after = (
        shop.interactions.weights for shop in (SETTINGS.shop, with_looks(SETTINGS.shop, 0.5))
    )
    assert {kind for kind in before if before[kind] != after[kind]} == set(LOOKS)
    assert all(after[kind] == before[kind] / 2 for kind in LOOKS)
    assert with_looks(SETTINGS.shop, 1) is SETTINGS.shop


def browsing(frame: Frame, *, telling: bool) -> pl.LazyFrame:
    """Two tastes of twenty items, which show in what is looked at, or in what is bought, long
    before the end; the rest are staples. At the end everybody buys of their taste."""
    rng = np.random.default_rng(2)
    lines: list[dict[str, object]] = []
    for who in range(80):
        own = [f"i{20 * (who % 2) + k:02}" for k in rng.permutation(20)]
        staples = [f"s{k}" for k in rng.permutation(6)]
        told = {"view": own, "purchase": staples} if telling else {"view": staples, "purchase": own}
        for day in range(6):
            for kind, items in told.items():
                line = {"day": 5 * day, "customer": f"c{who}", "item": items[day], "type": kind}
                lines.append(line)
        lines += [{"day": 39, "customer": f"c{who}", "item": item} for item in own[6:10]]
    return frame(lines)


def weighed(frame: Frame, *, telling: bool) -> tuple[Setting, dict[str, float]]:
    log = browsing(frame, telling=telling)
    assert has_looks(log)
    held = split_by_time(log)
    known = Source(held.train, LogHeader(), None)

    def banks(setting: Setting) -> Bank:
        data = read_source(known, with_looks(SETTINGS.shop, setting.looks))
        truth = new_only(truth_of(held.test, data), data)
        bank = Bank(data, daily(data), truth, 60, 1)
        bank.open(setting, k=5, threads=1, alone=True)
        return bank

    chosen, trials = weigh_looks(Setting(), banks)
    return chosen, {trial.name: trial.ndcg for trial in trials}


def test_looks_count_for_as_much_as_they_foretell(frame: Frame) -> None:
    for telling, most, least in ((True, 3.0, 0.0), (False, 0.0, 3.0)):
        chosen, marks = weighed(frame, telling=telling)
        assert marks[f"looks × {most:g}"] > marks[f"looks × {least:g}"] + 0.1
        assert chosen == Setting(looks=chosen.looks)
        assert chosen.looks >= 1 if telling else chosen.looks <= 1


def split_by_time(log: pl.LazyFrame) -> Split:
    return by_time(log, cut_off(log, days=8, largest_share=0.5))
