"""When customers come, through which channel, and what each run of visits is about."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.seasons import month_of, season_table
from caini.demo.tastes import of_age
from caini.demo.world import (
    HOUR_MS,
    LOCAL_MS,
    Codes,
    Customers,
    DemoConfig,
    Rng,
    World,
)
from engine.types import DAY_MS, Instants, Rows

PAUSE_DAYS: Final = 14  # after a longer pause the earlier interest is gone; guess
FRESH_SHARE: Final = 0.45  # of visits that are about something new; guess
HOUR_NOISE: Final = 1.5  # hours around the preferred one; guess


@dataclass(frozen=True, slots=True)
class Visits:
    """Sorted by customer, then time. An interest is a run of visits about one shelf."""

    customer: Rows
    at: Instants
    channel: Codes
    interest: Rows  # (n_visits,) which run it belongs to
    first: NDArray[np.int64]  # (n_interests,) its first visit …
    last: NDArray[np.int64]  # … and its last
    shelf: Rows  # (n_interests,)


def make_visits(world: World, busy: NDArray[np.float64], rng: Rng) -> Visits:
    customer, at = _arrivals(world.config, world.people, busy, rng)
    channel = (rng.random(len(at))[:, None] > world.people.channels[customer, :3]).sum(axis=1)
    fresh = np.ones(len(at), np.bool_)
    same = customer[1:] == customer[:-1]
    soon = np.diff(at) < PAUSE_DAYS * DAY_MS
    fresh[1:] = ~(same & soon) | (rng.random(len(at) - 1) < FRESH_SHARE)
    first = np.flatnonzero(fresh)
    return Visits(
        customer=customer,
        at=at,
        channel=channel.astype(np.int8),
        interest=(np.cumsum(fresh) - 1).astype(np.int32),
        first=first,
        last=np.append(first[1:], len(at)) - 1,
        shelf=_shelves(world, customer[first], at[first], rng),
    )


def _arrivals(
    config: DemoConfig, people: Customers, busy: NDArray[np.float64], rng: Rng
) -> tuple[Rows, Instants]:
    """One visit at arrival, the others by the shop's calendar at the customer's hour."""
    days = np.arange(config.days + 1)
    begin = np.interp((people.arrived_at - config.start_ms) / DAY_MS, days, busy)
    count = rng.poisson(people.visits * (1 - begin) * config.days / 365)
    who = np.repeat(np.arange(len(people), dtype=np.int32), count)
    share = begin[who] + rng.random(len(who)) * (1 - begin[who])
    at = at_hour(config, people, who, np.interp(share, busy, days), rng)
    who = np.concatenate([np.arange(len(people), dtype=np.int32), who])
    at = np.concatenate([people.arrived_at, at])
    chosen = present(config, people, who, at)
    order = np.lexsort((at[chosen], who[chosen]))
    return who[chosen][order], at[chosen][order]


def at_hour(
    config: DemoConfig, people: Customers, who: Rows, day: NDArray[np.float64], rng: Rng
) -> Instants:
    """Instants on days of the log (0 is the first), about the hour the customer prefers."""
    hour = (people.hour[who] + rng.normal(0, HOUR_NOISE, len(who))) % 24
    midnight = (config.start_ms + LOCAL_MS) // DAY_MS * DAY_MS - LOCAL_MS
    return midnight + np.floor(day).astype(np.int64) * DAY_MS + (hour * HOUR_MS).astype(np.int64)


def present(config: DemoConfig, people: Customers, who: Rows, at: Instants) -> NDArray[np.bool_]:
    """Within the log, after their arrival, and not while they stay away."""
    away = (at >= people.lapsed_from[who]) & (at < people.lapsed_to[who])
    return (at >= people.arrived_at[who]) & (at < config.end_ms) & ~away


def _shelves(world: World, who: Rows, at: Instants, rng: Rng) -> Rows:
    """(n,) what each interest is about: the customer's affinity in the season."""
    wanted = world.people.affinity[who] * season_table()[month_of(at)] * of_age(world, who, at)
    cumulated = np.cumsum(wanted, axis=1)
    mark = rng.random(len(who)) * cumulated[:, -1]
    return np.asarray(
        (mark[:, None] >= cumulated).sum(axis=1).clip(max=wanted.shape[1] - 1), np.int32
    )
