"""The channel and hour at which each customer answers (R4), for many at once."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.customers.contact import Answers, ContactConfig, Preference, answers_of, preference_of
from engine.customers.facts import Reach
from engine.customers.snapshot import TABLES
from engine.types import Rows

REACH: Final = list(TABLES).index("reach")


def everybodys_answers(bundle: Bundle, channel: str | None) -> dict[tuple[str, int], int]:
    """How often messages were answered by all customers; on one channel, or on each."""
    people = bundle.snapshot
    words, hours, times = people.reach
    pairs, place = np.unique(words * 24 + hours, return_inverse=True)
    sums = np.bincount(place, times, len(pairs)).astype(np.int64)
    found = {
        (people.words[pair // 24], pair % 24): total
        for pair, total in zip(pairs.tolist(), sums.tolist(), strict=True)
    }
    return {key: total for key, total in found.items() if channel in (None, key[0])}


def preferences(
    rows: Rows,
    bundle: Bundle,
    channel: str | None,
    everybody: Answers,
    now: int,
    config: ContactConfig | None = None,
) -> list[Preference | None]:
    """In the order of `rows`; the population's for the many who answered too seldom."""
    config = config or ContactConfig()
    zone = bundle.schemes.zone
    usual = preference_of({}, everybody, config, now, zone)
    starts, stops = bundle.snapshot.offsets[rows, REACH], bundle.snapshot.offsets[rows + 1, REACH]
    found: list[Preference | None] = [usual] * len(rows)
    for place in np.flatnonzero(stops > starts).tolist():
        own = answers_of(_on(channel, bundle.snapshot.history_of(int(rows[place])).reach))
        if sum(own.values()) >= config.fewest:
            found[place] = preference_of(own, everybody, config, now, zone)
    return found


def _on(channel: str | None, reach: Sequence[Reach]) -> list[Reach]:
    return [each for each in reach if channel in (None, each.channel)]
