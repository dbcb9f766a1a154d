"""Splits as a person asks for them, marks by group, and the verb that prints both."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from caini.verbs.evaluate import Steps, Wanted, judged, megabytes
from engine.bundle_files import read_bundle
from engine.errors import ConfigError, UnknownName
from engine.types import DAY_MS
from tests.conftest import CONFIG, Trained, searching, silent
from training.breakdown import breakdown, length_band
from training.evaluate import EVER, PERSONAL, POPULAR, every_source
from training.held import held_out
from training.log import LogHeader, read_log, write_log
from training.publish import current
from training.train import Settings, open_source, read_settings, without_search

SETTINGS = searching(read_settings(CONFIG))
FEW = SETTINGS.train.model_copy(
    update={"evaluation": SETTINGS.train.evaluation.model_copy(update={"customers": 60})}
)
QUICK: Settings = without_search(replace(SETTINGS, train=FEW))
AT = pl.col("at").dt.epoch("ms")


def first_and_last(frame: pl.LazyFrame) -> tuple[int, int]:
    return frame.select(first=AT.min(), last=AT.max()).collect().row(0)


def test_the_last_days_judge_when_asked_for(small_log: Path) -> None:
    source = open_source(small_log, None)
    held = held_out(source, SETTINGS.train, "time:7d", None)
    end = first_and_last(source.log)[1]
    assert first_and_last(held.past.log)[1] < end - 7 * DAY_MS <= first_and_last(held.future)[0]
    assert held.described == "the last 7 days"


def test_the_last_visit_of_each_judges_when_asked_for(small_log: Path) -> None:
    source = open_source(small_log, None)
    held = held_out(source, SETTINGS.train, "last", None)
    visits = held.future.group_by("customer_id").agg(pl.col("at").n_unique()).collect()
    assert visits["at"].max() == 1


def test_a_second_log_judges_when_it_is_given(small_log: Path) -> None:
    source = open_source(small_log, None)
    held = held_out(source, SETTINGS.train, "given", source)
    assert (held.past, held.future) == (source, source.log)


def test_left_out_the_configuration_says(small_log: Path) -> None:
    source = open_source(small_log, None)
    held = held_out(source, SETTINGS.train, None, None)
    assert held.described.startswith("from 20")


@pytest.mark.parametrize("way", ["tomorrow", "time:x", "time:28", "given"])
def test_what_cannot_be_meant_is_refused(small_log: Path, way: str) -> None:
    with pytest.raises(ConfigError, match="--split"):
        held_out(open_source(small_log, None), SETTINGS.train, way, None)


def test_a_test_log_without_its_split_is_refused(small_log: Path) -> None:
    source = open_source(small_log, None)
    with pytest.raises(ConfigError, match="--split given needs --test"):
        held_out(source, SETTINGS.train, "last", source)


@pytest.mark.parametrize("way", ["last", "time:7d"])
def test_a_log_without_times_cannot_be_split_by_them(small_log: Path, way: str) -> None:
    source = replace(open_source(small_log, None), header=LogHeader(timeless=True))
    with pytest.raises(ConfigError, match="this log has no times"):
        held_out(source, SETTINGS.train, way, None)


def test_groups_are_means_of_their_customers_and_everybody_is_in_one(trained: Trained) -> None:
    bundle = read_bundle(trained.bundles / str(current(trained.bundles)))
    customers = np.arange(50, dtype=np.int32)
    marks = {"ndcg@10": np.arange(50.0)}
    groups = breakdown(customers, marks, bundle)
    for kind in ("segment", "tier", "stage", "history"):
        mine = [group for group in groups if group.kind == kind]
        assert sum(group.customers for group in mine) == 50
        total = sum(group.customers * group.marks["ndcg@10"] for group in mine)
        assert total == pytest.approx(np.arange(50).sum())
        assert [g.customers for g in mine] == sorted((g.customers for g in mine), reverse=True)


@pytest.mark.parametrize(
    ("length", "band"),
    [(0, "no items"), (1, "1 to 5 items"), (6, "6 to 20 items"), (101, "more than 100 items")],
)
def test_histories_are_in_bands(length: int, band: str) -> None:
    class Asking:
        history = range(length)

    assert length_band(Asking()) == band  # type: ignore[arg-type]


def test_the_verb_judges_models_against_baselines_on_a_given_log(
    small_log: Path, tmp_path: Path
) -> None:
    log = read_log(small_log)
    cut = log.frame["at"].dt.epoch("ms").max() - 20 * DAY_MS  # type: ignore[operator]
    for name, part in (("a", cut > AT), ("b", cut <= AT)):
        write_log(log.frame.filter(part), log.header, tmp_path / f"{name}.parquet")
    models = [PERSONAL, "similar", POPULAR, EVER]
    wanted = Wanted("given", tmp_path / "b.parquet", models, segments=True)
    told = judged(tmp_path / "a.parquet", None, wanted, QUICK, silent)
    lines = {line.name: line for line in told.evaluation.lines}
    assert list(lines) == models
    assert lines[PERSONAL].everything["recall@20"] > lines[EVER].everything["recall@20"]
    assert lines[POPULAR].everything != lines[EVER].everything
    for line in lines.values():
        for metric, values in line.marks["everything"].items():
            assert values.mean() == pytest.approx(line.everything[metric])
    assert {group.kind for group in told.groups} == {"segment", "tier", "stage", "history"}
    assert {"factors", "similar items", "judge"} <= set(told.fit_s)
    assert told.megabytes["similar"] > 0


def test_a_model_that_there_is_not_is_refused_with_those_there_are(small_log: Path) -> None:
    with pytest.raises(UnknownName, match="similar"):
        judged(small_log, None, Wanted(models=["deep"]), QUICK, silent)


def test_what_a_model_takes_is_what_its_sources_read(trained: Trained) -> None:
    bundle = read_bundle(trained.bundles / str(current(trained.bundles)))
    plans = every_source(SETTINGS.slots, SETTINGS.train, 0.3)
    sizes = {name: megabytes(pair, bundle) for name, pair in plans.items()}
    assert sizes["blend"] == pytest.approx(sizes["similar"] + sizes["als"], abs=0.11)
    assert sizes[POPULAR] == 0


def test_steps_are_timed_and_passed_on() -> None:
    heard: list[str] = []
    steps = Steps(heard.append)
    for step in ("hold-out: read", "hold-out: factors", "done"):
        steps.say(step)
    assert heard == ["hold-out: read", "hold-out: factors", "done"]
    assert set(steps.seconds) == {"read", "factors"}
