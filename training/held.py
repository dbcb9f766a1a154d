"""Which part of a log judges, as a person says it: time:28d, last, or given with a second log."""

import re
from typing import Final

from engine.errors import ConfigError
from training.assemble import Source
from training.config import TrainConfig
from training.evaluate import Held, split_of
from training.split import Split, by_time, cut_off, last_out

WAYS: Final = "time:28d (the last days of the log), last (the last visit of each) or given"
TIME: Final = re.compile(r"time:(\d+(?:\.\d+)?)d")


def held_out(source: Source, train: TrainConfig, way: str | None, test: Source | None) -> Held:
    """`way` None is what the configuration says. Raises ConfigError for what cannot be meant."""
    if (test is not None) != (way == "given"):
        raise ConfigError("--split given needs --test LOG, and --test LOG needs --split given")
    if test is not None:
        return Held(source, test.log, "in the log that was given")
    split, described = split_of(source, train) if way is None else _split(source, train, way)
    return Held(source.of(split.train), split.test, described)


def _split(source: Source, train: TrainConfig, way: str) -> tuple[Split, str]:
    if source.header.timeless:
        raise ConfigError(f"--split {way}: this log has no times; leave it out, or give a test log")
    if way == "last":
        return last_out(source.log), "the last visit of each customer"
    found = TIME.fullmatch(way)
    if found is None:
        raise ConfigError(f"--split {way}: there are {WAYS}")
    days = float(found[1])
    cut = cut_off(source.log, days, train.evaluation.largest_share)
    return by_time(source.log, cut), f"the last {days:g} days"
