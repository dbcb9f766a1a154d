"""A ranker that has proved itself is in the twin that is measured and in what is published."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.types import DAY_MS
from tests.conftest import CONFIG
from tests.training.conftest import START
from tests.training.jobs import ran
from tests.training.loyal import DAYS, Line, loyal, visits
from training.job import Job
from training.log import LogHeader, conform, write_log
from training.publish import current
from training.records import twin_of
from training.train import open_source, rankers, read_settings

Frame = Callable[[Sequence[Line]], pl.LazyFrame]
SLOTS = """
[my]
title = { en = "x", zh = "x" }
sources = { again = 1, popular = 1 }
ranker = "my"
repeat = "always"
[home]
title = { en = "x", zh = "x" }
sources = { popular = 1 }
"""
TRAIN = """
[als]
factors = 8
iterations = 2
[search]
enabled = false
[ranker]
learn = "when it helps"
fewest_customers = 100
fewest_in_leaf = 50
k = 3
[report]
languages = []
"""


@pytest.fixture
def job(frame: Frame, tmp_path: Path) -> Job:
    write_log(
        conform(frame(visits(loyal)).collect()), LogHeader("CNY", 2), tmp_path / "log.parquet"
    )
    config = tmp_path / "config"
    config.mkdir()
    (config / "shop.toml").write_bytes((CONFIG / "shop.toml").read_bytes())
    (config / "slots.toml").write_text(SLOTS)
    (config / "train.toml").write_text(TRAIN)
    return Job(tmp_path / "log.parquet", tmp_path / "bundles", config)


def same_ranker(one: Bundle, two: Bundle) -> bool:
    return np.array_equal(one.forests.edges, two.forests.edges) and np.array_equal(
        one.forests.values, two.forests.values
    )


def test_what_was_judged_and_measured_is_what_is_published(job: Job) -> None:
    end = START + (DAYS + 1) * DAY_MS
    result = ran(job, now=lambda: end)
    assert result.status == "published"
    version = str(current(job.bundles))
    made, twin = (
        read_bundle(path) for path in (job.bundles / version, twin_of(job.bundles, version))
    )
    assert set(made.rankers) == set(twin.rankers) == {"my"}
    assert same_ranker(made, twin)
    assert made.manifest.ranker == twin.manifest.ranker
    told = made.manifest.ranker["my"]
    assert isinstance(told, dict)
    assert told["on"] is True


def test_nothing_of_the_hold_out_reaches_the_ranker(job: Job, frame: Frame, tmp_path: Path) -> None:
    """Another future, in which nobody is loyal: the same ranker."""
    settings = read_settings(job.config)
    one = rankers(open_source(job.log, None), settings, lambda _: None)
    cut = DAYS - 28
    lines = [
        line | {"item": "i00"} if float(str(line["day"])) > cut else line for line in visits(loyal)
    ]
    write_log(conform(frame(lines).collect()), LogHeader("CNY", 2), tmp_path / "other.parquet")
    two = rankers(open_source(tmp_path / "other.parquet", None), settings, lambda _: None)
    assert one.told == two.told
    assert np.array_equal(one.forests.values, two.forests.values)
