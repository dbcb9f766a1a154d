"""The search as a step of training: what it sees, where it starts, and what is kept of it."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.bundle import Manifest
from engine.bundle_files import read_manifest
from tests.conftest import CONFIG, Trained, silent
from tests.training.test_train import garbage_of
from training.assemble import Source
from training.config import TrainConfig
from training.evaluate import split_of
from training.log import LogHeader
from training.publish import current
from training.setting import Setting
from training.train import open_source, read_settings, searched, without_search
from training.tuning import budget_of, configured, start_of, tune, with_setting, with_told

SETTINGS = read_settings(CONFIG)


def live(trained: Trained) -> Manifest:
    return read_manifest(trained.bundles / str(current(trained.bundles)))


def test_the_bundle_is_fitted_with_what_was_chosen(trained: Trained) -> None:
    manifest = live(trained)
    chosen = Setting.model_validate(manifest.search["chosen"])
    fitted = TrainConfig.model_validate(manifest.settings)
    assert configured(fitted) == chosen.model_copy(update={"als_share": Setting().als_share})
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
    manifest, wanted = live(trained), configured(SETTINGS.train)
    chosen = wanted.with_trend(14, 0.6)
    manifest = with_log(manifest, chosen=chosen.model_dump(mode="json"))
    log, seed = dict(manifest.search["log"]), manifest.seed  # type: ignore[arg-type]
    longer = {**log, "events": 1 + int(str(log["events"]))}
    assert start_of(None, wanted, log, seed) == wanted
    assert start_of(manifest, wanted, longer, seed) == chosen
    assert start_of(manifest, wanted, log, seed) == wanted, "the same log: as that run began"
    assert start_of(manifest, wanted, log, seed + 1) == chosen
    edited = wanted.with_ridge(0.9)
    assert start_of(manifest, edited, longer, seed) == edited, "what the shop sets holds"
    unheard = with_log(manifest, chosen={"unheard": 1})
    assert start_of(unheard, wanted, longer, seed) == wanted


def test_a_choice_is_put_into_the_configuration() -> None:
    chosen = Setting().with_trend(14, 0.5).with_ridge(0.8).with_als(5, 64, 0.2)
    train = with_setting(SETTINGS.train, chosen)
    assert train.trend.exponent == 0.5
    assert train.similar.ridge_weight == 0.8
    assert (train.als.alpha, train.als.factors) == (5, 64)
    assert train.evaluation == SETTINGS.train.evaluation


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
    log = pl.LazyFrame(
        {
            "event_id": [f"e{n}" for n in range(len(days))],
            "type": "purchase",
            "at": [day * 86_400_000 for day in days],
            "customer_id": "c",
            "item_id": [f"i{n}" for n in range(len(days))],
            "quantity": 1,
        }
    ).with_columns(
        pl.col("at").cast(pl.Datetime("ms", "UTC")),
        *(
            pl.lit(None, pl.String).alias(name)
            for name in ("visitor_id", "order_id", "channel", "query", "properties")
        ),
        unit_price_minor=pl.lit(None, pl.Int64),
    )
    return Source(log, LogHeader(timeless=False), None)


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
