"""How likely a customer buys an item again within some days (C1, C3): a renewal model.

`chance = 1 - exp(-mu)`, where `mu` is the product of

- the days with an order that the customer is expected to have: BG/NBD (`lifetime_value`), so that
  who has not come for long is probably gone;
- the share of them that hold the item: the mean of a Beta posterior, `(x + m · p) / (n + m)`, of x
  repeats in the n order days since the first purchase of it; `p` is the item's own share, drawn to
  the shop's in the same way (empirical Bayes, as in Fader and Hardie's BG/BB model, Marketing
  Science 29, 2010);
- the hazard: what was bought to what was expected in the `horizon` before, by how many purchases
  were due since the last one (`orders since × share`). As a life table counts survivors (Kaplan and
  Meier, JASA 53, 1958), it needs no form of the intervals, and it knows the season's level.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from training.models.lifetime_value import (
    DAYS_A_WEEK,
    LifetimeValueConfig,
    expected_purchases,
    fit_purchases,
    recurrence_of,
)

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DAYS: Final = 100_000  # more than any log has: packs a customer and a day into one number
STEPS: Final = 30  # the factors then move by less than a thousandth
MISSED: Final = (1e-4, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.5)  # edges of the hazard's classes


class AgainConfig(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    item_prior: float = Field(default=50, gt=0)  # order days; chosen on earlier windows
    own_prior: float = Field(default=8, gt=0)  # chosen on earlier windows
    hazard_prior: float = Field(default=20, gt=0)  # purchases; guess


@dataclass(frozen=True, slots=True)
class Purchases:
    """Who bought what on which day, each once, sorted by customer, item and day."""

    customers: Integers
    items: Integers
    days: Integers

    def before(self, day: int) -> "Purchases":
        return self.between(0, day)

    def between(self, start: int, end: int) -> "Purchases":
        kept = (self.days >= start) & (self.days < end)
        return Purchases(self.customers[kept], self.items[kept], self.days[kept])

    @property
    def keys(self) -> Integers:
        """One number for a customer and an item."""
        return self.customers << 32 | self.items


@dataclass(frozen=True, slots=True)
class Pairs:
    """Each customer and item that they bought before a day."""

    keys: Integers
    customers: Integers
    items: Integers
    repeats: Integers  # days with a purchase after the first
    orders: Integers  # days with any order of the customer after that first one
    missed: Integers  # those of them after the last purchase
    idle: Integers  # days since that

    def bought_in(self, later: Purchases) -> Flags:
        return np.isin(self.keys, later.keys)


def pairs_of(past: Purchases, day: int) -> Pairs:
    """`past` is what was bought before `day`."""
    keys, starts, counts = np.unique(past.keys, return_index=True, return_counts=True)
    customers = past.customers[starts]
    first, last = past.days[starts], past.days[starts + counts - 1]
    visits = np.unique(past.customers * DAYS + past.days)
    ends = np.searchsorted(visits, (customers + 1) * DAYS)
    return Pairs(
        keys=keys,
        customers=customers,
        items=past.items[starts],
        repeats=counts - 1,
        orders=ends - np.searchsorted(visits, customers * DAYS + first, side="right"),
        missed=ends - np.searchsorted(visits, customers * DAYS + last, side="right"),
        idle=day - last,
    )


def chances(past: Purchases, day: int, horizon: int, config: AgainConfig | None = None) -> Floats:
    """For each of `pairs_of(past, day)`, to be bought from `day` on within `horizon` days.

    Nothing from `day` on is looked at. Raises LogError where too few customers came back.
    """
    config = config or AgainConfig()
    earlier = past.before(day - horizon)
    before = pairs_of(earlier, day - horizon)
    expected, share = _expected(earlier, before, day - horizon, horizon, config)
    bought = before.bought_in(past.between(day - horizon, day))
    hazard = _hazard(bought, expected, _group(before, share), config.hazard_prior)
    pairs = pairs_of(past, day)
    expected, share = _expected(past, pairs, day, horizon, config)
    return np.asarray(-np.expm1(-expected * hazard[_group(pairs, share)]))


def _hazard(bought: Flags, expected: Floats, group: Integers, prior: float) -> Floats:
    """Of each class the factor by which as many are expected as were bought.

    The shop's own comes first, and few purchases are drawn to it. A pair counts once, however often
    it is bought, so the factors are found by steps: each makes up for what is still missing.
    """
    size = len(MISSED) + 1

    def factor(groups: Integers, classes: int, start: Floats) -> Floats:
        found, had = start, np.bincount(groups, bought, classes) + prior
        for _ in range(STEPS):
            met = -np.expm1(-expected * found[groups])
            found = found * had / (np.bincount(groups, met, classes) + prior * found / start)
        return found

    shop = factor(np.zeros_like(group), 1, np.ones(1))
    return factor(group, size, np.full(size, shop[0]))


def _group(pairs: Pairs, share: Floats) -> Integers:
    return np.searchsorted(MISSED, pairs.missed * share, side="right")


def _expected(
    past: Purchases, pairs: Pairs, day: int, horizon: int, config: AgainConfig
) -> tuple[Floats, Floats]:
    """Purchases without the hazard, and the item's share of the customer's order days."""
    visits = np.unique(past.customers * DAYS + past.days)
    data = recurrence_of(visits // DAYS, visits % DAYS, np.ones(len(visits)), day - 1)
    model = fit_purchases(data, LifetimeValueConfig())
    orders = np.zeros(int(past.customers.max(initial=-1)) + 1)
    orders[data.customers] = expected_purchases(model, data, horizon / DAYS_A_WEEK)
    size = int(past.items.max(initial=-1)) + 1
    times = np.bincount(pairs.items, pairs.orders, size)
    repeats = np.bincount(pairs.items, pairs.repeats, size)
    of_shop = repeats.sum() / max(times.sum(), 1)
    of_item = (repeats + config.item_prior * of_shop) / (times + config.item_prior)
    prior = config.own_prior
    share = (pairs.repeats + prior * of_item[pairs.items]) / (pairs.orders + prior)
    return orders[pairs.customers] * share, share
