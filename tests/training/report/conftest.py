"""The report of a simulated shop, and the same log as a plain SQL table to check it against."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.reasons import Language
from engine.slots import Slots, read_slots
from tests.conftest import CONFIG, Trained, silent
from training.publish import current
from training.report.facts import Facts, gather
from training.report.report import make, speech_of, write
from training.report.speech import Speech
from training.train import open_source

LANGUAGES: tuple[Language, ...] = ("en", "zh")
LATER_MS = 2 * 86_400_000


def speak(bundle: Bundle, slots: Slots, language: Language) -> Speech:
    titles = {name: getattr(plan.base.title, language) for name, plan in slots.items()}
    return speech_of(bundle, language, titles)


@pytest.fixture(scope="session")
def facts(trained: Trained) -> Facts:
    """The log has two days more than the bundle: everybody's last week, bought once more."""
    bundle = read_bundle(trained.bundles / str(current(trained.bundles)))
    slots = read_slots(CONFIG / "slots.toml", bundle.shop)
    source = open_source(trained.log, None)
    at = pl.col("at").dt.epoch("ms")
    again = source.log.filter(
        pl.col("type") == "purchase", at > bundle.manifest.watermark - 7 * 86_400_000
    ).with_columns(
        pl.concat_str(pl.lit("later-"), "event_id").alias("event_id"),
        pl.lit(bundle.manifest.watermark + LATER_MS).cast(pl.Datetime("ms", "UTC")).alias("at"),
    )
    longer = replace(source, log=pl.concat([source.log, again]))
    return gather(bundle, None, longer, slots, k=5, say=silent)


@pytest.fixture(scope="session")
def speeches(facts: Facts) -> Mapping[str, Speech]:
    return {language: speak(facts.bundle, facts.slots, language) for language in LANGUAGES}


@pytest.fixture(scope="session")
def written(
    facts: Facts, speeches: Mapping[str, Speech], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """The pages of both languages; their tables lie beside them."""
    out = tmp_path_factory.mktemp("report")
    return {
        language: write(make(facts, speech, silent), facts, speech, out)
        for language, speech in speeches.items()
    }


@pytest.fixture(scope="session")
def sql(facts: Facts) -> Iterator[sqlite3.Connection]:
    """The log up to the bundle, as it is: table `log`, instants in epoch ms."""
    frame = facts.log.with_columns(pl.col("at").dt.epoch("ms")).collect()
    frame = frame.filter(pl.col("at") <= facts.now)
    connection = sqlite3.connect(":memory:")
    names = ", ".join(f'"{name}"' for name in frame.columns)
    connection.execute(f"create table log ({names})")
    marks = ", ".join("?" for _ in frame.columns)
    connection.executemany(f"insert into log values ({marks})", frame.iter_rows())
    yield connection
    connection.close()
