"""A small shop's retraining: its log, its settings, and a job on them that is quick."""

import itertools
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from caini.demo.shop import simulate
from caini.demo.world import DemoConfig
from caini.demo.write import write_simulated
from tests.conftest import CONFIG, silent
from tests.shared import made_once
from training.job import Job, Outside, Result
from training.log import read_log, write_log
from training.retrain import retrain

END = datetime(2026, 1, 1, tzinfo=UTC)
NOW = int(END.timestamp() * 1000)
SECONDS = itertools.count(1)  # a clock that goes on: versions are ordered by when they were made


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        shop = simulate(DemoConfig(customers=120, items=80, days=120, end=END))
        write_simulated(shop, folder / "log.parquet")

    return made_once(tmp_path_factory, "tiny", make) / "log.parquet"


@pytest.fixture
def job(tiny: Path, tmp_path: Path) -> Job:
    return job_in(tiny, tmp_path)


def job_in(tiny: Path, tmp_path: Path) -> Job:
    """A log, a catalogue and a configuration of its own, all of them quick."""
    for path in (tiny, tiny.with_suffix(".items.parquet")):
        shutil.copy(path, tmp_path / path.name)
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    (config / "train.toml").write_text(
        "[als]\nfactors = 8\n[evaluation]\ncustomers = 20\n"
        "[gate]\ncustomers = 40\nfewest_customers = 5\n[retention]\nversions = 2\n"
        "[report]\nlanguages = []\n"
    )
    return Job(tmp_path / "log.parquet", tmp_path / "bundles", config)


@pytest.fixture(scope="session")
def first(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of everything, with one version live, older than whatever a test makes."""

    def make(folder: Path) -> None:
        ran(job_in(tiny, folder), now=lambda: NOW)

    return made_once(tmp_path_factory, "first", make)


@pytest.fixture
def live(first: Path, tmp_path: Path) -> Job:
    shutil.copytree(first, tmp_path / "live")
    return Job(*(tmp_path / "live" / name for name in ("log.parquet", "bundles", "config")))


def clock() -> int:
    return NOW + next(SECONDS) * 1000


def outside(**given: object) -> Outside:
    told = {
        "now": lambda: NOW + next(SECONDS) * 1000,
        "say": silent,
        "rehearse": lambda _: [],
    } | given
    return Outside(**told)  # type: ignore[arg-type]


def ran(job: Job, **given: object) -> Result:
    result = Result()
    retrain(job, outside(**given), result)
    return result


def longer(job: Job, days: float = 1, **changed: str) -> None:
    """The last event once more, some days later, and changed in what is said."""
    log = read_log(job.log)
    last = log.frame.tail(1).with_columns(
        pl.col("at") + pl.duration(days=days),
        event_id=pl.lit(f"new{len(log)}"),
        **{name: pl.lit(value) for name, value in changed.items()},
    )
    write_log(pl.concat([log.frame, last]), log.header, job.log)


def reused(result: Result) -> dict[str, bool]:
    return {stage: told["reused"] for stage, told in result.stages.items()}
