"""Where and when to reach a customer (R4): the channel and hour where they answer most."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from engine.config import Config
from engine.customers.facts import Reach

Answers = Mapping[tuple[str, int], int]
"""How often a message was answered, by channel and hour of the day (UTC)."""


class ContactConfig(Config):
    fewest: int = Field(default=5, ge=1)  # answers; below, the population decides
    prior: float = Field(default=5, ge=0)  # guess; answers that the population is worth


class Preference(NamedTuple):
    channel: str
    hour: int  # of the day, in the shop's zone


def answers_of(reach: Iterable[Reach]) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for each in reach:
        found[each.channel, each.hour] = found.get((each.channel, each.hour), 0) + each.times
    return found


def preference_of(
    own: Answers, population: Answers, config: ContactConfig, now: int, zone: ZoneInfo
) -> Preference | None:
    """The likeliest channel and hour, own answers smoothed towards the population's.

    None when nobody ever answered. Ties go to the first channel and hour by name and clock (UTC).
    Answers are counted by hour of UTC: where the zone is whole hours ahead or behind, theirs are
    those of the answer named. Elsewhere an hour of UTC begins within an hour of the zone, and the
    full hour in it is named: of answers at 21:00 that is 21, of answers from 21:30 on (21:45 where
    the zone is a quarter to) 22. The zone's clock is that of `now`: answers from before it
    was put forward or back are told by the clock of today.
    """
    total, everybody = sum(own.values()), sum(population.values())
    use_own = own if total >= config.fewest else {}
    weight = config.prior / everybody if everybody else 0.0
    chances = {
        place: use_own.get(place, 0) + weight * population.get(place, 0)
        for place in {*use_own, *population}
    }
    if not chances:
        return None
    channel, hour = min(chances, key=lambda place: (-chances[place], place))
    return Preference(channel, (hour + _hours_ahead(now, zone)) % 24)


def _hours_ahead(now: int, zone: ZoneInfo) -> int:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now)
    ahead = instant.astimezone(zone).utcoffset() or timedelta()
    return ceil(ahead / timedelta(hours=1))
