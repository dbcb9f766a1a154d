"""What a customer will probably buy again, and when: a renewal model, asked with a clock (C1, C3).

`chance = 1 - exp(-mu)`, where `mu` is the product of

- the days with an order that the customer is expected to have within `horizon_days`: BG/NBD's rate
  by how likely they still are a customer (Fader, Hardie and Lee, Marketing Science 24, 2005); who
  is lost within the horizon is left to the last factor, which changes no chance on online-retail
  by more than a hundred-thousandth;
- the share of them that hold the item: the mean of a Beta posterior, `(x + m · p) / (n + m)`, of x
  repeats in the n order days since the first purchase of it; `p` is the item's own share;
- the hazard: what was bought to what was expected in the last such days, by how much of the cycle
  had passed. As a life table counts survivors (Kaplan and Meier, JASA 53, 1958), it needs no form
  of the intervals, and it knows the season's level.

`training.renewal` learns what is in `Renewal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.customers.repurchase import (
    Cycles,
    Floats,
    RepurchaseConfig,
)
from engine.types import DAY_MS, ItemHistory, Mask, Rows, Scores

OWN_PRIOR: Final = 8  # order days that an item's share is worth; chosen on earlier windows
EDGES: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.2, 1.5, 2.0, 3.0, 5.0)  # in cycles; guess


@dataclass(frozen=True, slots=True)
class Renewal:
    """What is known of everybody, learned by `training.renewal`."""

    timing: Floats  # (4,) BG/NBD's r, alpha (days), a, b; a = 0 where nobody is ever lost
    shares: Scores  # (n_items,) p: of the order days after a first purchase, those with the item
    group: Rows  # (n_items,) row of `hazard`: the category, or the last one
    hazard: NDArray[np.float32]  # (n_groups, n_classes)
    cyclic: Mask  # (n_items,) due in the shop's window alone; the others from a day after on
    edges: Floats  # (n_classes - 1,) of progress through the cycle; class k is below edges[k]


class Visits(NamedTuple):
    """Days with an order of the customers of some items: of one customer, or one entry an item."""

    repeats: Floats | int  # x: after the first one
    between: Floats | int  # t_x: days from the first to the last
    age: Floats | float  # T: days from the first to now
    since: NDArray[np.int64]  # (n,) those after the first purchase of the item


class Repurchase(NamedTuple):
    """All that says when something is bought again."""

    cycles: Cycles
    renewal: Renewal
    config: RepurchaseConfig


def unlearned(group: Rows, groups: int, config: RepurchaseConfig) -> Renewal:
    """For a shop whose log says too little: an order a cycle, half of them with the item.

    What is due is what the shop's window says. All guesses.
    """
    return Renewal(
        timing=np.array([1.0, config.cycle_days, 0.0, 1.0]),
        shares=np.full(len(group), 0.5, np.float32),
        group=group,
        hazard=np.ones((groups, len(EDGES) + 1), np.float32),
        cyclic=np.ones(len(group), np.bool_),
        edges=np.array(EDGES),
    )


def days_of(ordered_at: Sequence[int]) -> list[int]:
    """Each day once, ascending."""
    return sorted({at // DAY_MS for at in ordered_at})


def visits_of(days: Sequence[int], history: ItemHistory, now: int) -> Visits:
    """Of one customer, who ordered on these days, whatever came back; ascending, each once."""
    earlier = np.array(days).searchsorted(history.first_bought_at // DAY_MS, side="right")
    return Visits(
        repeats=len(days) - 1,
        between=days[-1] - days[0],
        age=max(now / DAY_MS - days[0], 0.0),
        since=len(days) - earlier,
    )


def expected_orders(visits: Visits, renewal: Renewal, horizon: int) -> Floats | float:
    """Days with an order within the horizon, of whoever is still a customer and is not lost.

    Operators alone: the same for one customer, in plain numbers, and for many.
    """
    r, alpha, a, b = renewal.timing.tolist()
    x = visits.repeats
    rate = horizon * (r + x) / (alpha + visits.age)
    stayed = ((alpha + visits.between) / (alpha + visits.age)) ** (r + x)
    lost = (x > 0) * a / (b + x - 1 + (x == 0))
    found: Floats | float = rate * stayed / (stayed + lost) if a else rate
    return found


def repeats_of(history: ItemHistory, visits: Visits) -> NDArray[np.int64]:
    """(n,) order days after the first purchase that held the item: two orders of a day are one."""
    return np.minimum(history.orders - 1, visits.since)


def expected(history: ItemHistory, visits: Visits, renewal: Renewal, horizon: int) -> Floats:
    """(n,) mu without the hazard."""
    share = repeats_of(history, visits) + OWN_PRIOR * renewal.shares.take(history.rows)
    orders = expected_orders(visits, renewal, horizon)
    return np.asarray(orders * share / (visits.since + OWN_PRIOR))


def cells_of(rows: Rows, passed: Floats, renewal: Renewal) -> NDArray[np.int64]:
    """(n,) place in `hazard`, counted through all groups."""
    kind = renewal.edges.searchsorted(passed, side="right")
    return renewal.group.take(rows) * np.int64(renewal.hazard.shape[1]) + kind


def chances_of(history: ItemHistory, visits: Visits, passed: Floats, known: Repurchase) -> Floats:
    """(n,) to be bought again within `horizon_days`; `passed` is the progress through the cycle."""
    renewal = known.renewal
    hazard = renewal.hazard.take(cells_of(history.rows, passed, renewal))
    mu = expected(history, visits, renewal, known.config.horizon_days) * hazard
    return -np.expm1(-mu)


def in_window(passed: Floats, config: RepurchaseConfig) -> Mask:
    """Around the end of the cycle: what is named due to people, wherever they read it."""
    near: Mask = (passed >= config.due_from) & (passed <= config.due_until)
    return near


def at_any_time(history: ItemHistory, renewal: Renewal, now: int) -> Mask:
    """What has no cycle; but not within a day, for that was one order."""
    lately = now - history.last_bought_at < DAY_MS
    free: Mask = ~(renewal.cyclic.take(history.rows) | lately)
    return free
