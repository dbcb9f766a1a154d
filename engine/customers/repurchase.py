"""How long what was bought lasts (C1), and when it is used up (C2, C3)."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from engine.config import Config
from engine.item_history import units_left
from engine.types import DAY_MS, ItemHistory, Mask

Floats = NDArray[np.float64]


SHORTEST: Final = 1 / 24  # days; what is ordered twice at once lasts longer than no time


class RepurchaseConfig(Config):
    """`[repurchase]`. Rates are days that one unit lasts, by item id or by category."""

    cycle_days: float = Field(default=20, gt=0, le=3650)  # where nothing is known of the item
    due_from: float = Field(default=0.9, gt=0, le=1)  # of the cycle: day 18 of 20
    due_until: float = Field(default=1.2, ge=1, le=10)  # day 24 of 20
    window_purchases: int = Field(default=50, ge=1, le=10**9)  # guess; that may say it is none
    durable_below: float = Field(default=0.1, ge=0, le=1)  # of who holds it, buy it again; 0: off
    care_share: float = Field(default=0.9, gt=0, le=1)  # of the first unit: day 6–7 of 7
    care_units: int = Field(default=3, ge=1, le=1000)
    stock_days: float = Field(default=365, gt=0, le=3650)  # decision: no more is bought ahead
    observations: int = Field(default=5, ge=1, le=10_000)  # intervals that an item's own rate needs
    own_observations: int = Field(default=3, ge=1, le=1000)  # guess; a customer's own of an item
    prior: float = Field(default=5, ge=0, le=1000)  # guess; intervals that what is above is worth
    horizon_days: int = Field(default=14, ge=1, le=365)  # decision: due is what is likely by then
    item_days: dict[str, float] = Field(default_factory=dict)
    category_days: dict[str, float] = Field(default_factory=dict)  # {"formula milk" = 7}

    @model_validator(mode="after")
    def _positive(self) -> Self:
        faults = [
            f"{table}.{name}: a unit must last more than 0 days"
            for table, days in (
                ("item_days", self.item_days),
                ("category_days", self.category_days),
            )
            for name, value in days.items()
            if not 0 < value <= 3650
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


@dataclass(frozen=True, slots=True)
class Cycles:
    """Days that a purchase of each item lasts: of one unit where `per_unit`, else of any number."""

    days: NDArray[np.float32]  # (n_items,)
    per_unit: Mask  # (n_items,)


def lasting(history: ItemHistory, cycles: Cycles, config: RepurchaseConfig) -> Floats:
    """(n,) days that what was bought last lasts: the item's, or the customer's own.

    Their own is the mean interval between their orders of the item, per unit where the item counts
    so, once there are `own_observations`; drawn to the item's as `config.prior` says.
    """
    days = cycles.days.take(history.rows).astype(np.float64)
    counted = cycles.per_unit.take(history.rows).nonzero()[0]
    if len(counted):
        one = days.take(counted)
        all_units = one * np.maximum(units_left(history).take(counted), 1)
        days[counted] = np.minimum(all_units, np.maximum(one, config.stock_days))
    often = has_own_cycle(history, config).nonzero()[0]
    if len(often):
        days[often] = _own(history, often, days.take(often), cycles, config.prior)
    return days


def has_own_cycle(history: ItemHistory, config: RepurchaseConfig) -> Mask:
    """(n,) whether the customer's own intervals count in `lasting`."""
    own: Mask = history.orders > config.own_observations
    return own


def _own(
    history: ItemHistory, often: NDArray[np.intp], days: Floats, cycles: Cycles, prior: float
) -> Floats:
    """Of these entries, each ordered more than once."""
    intervals = history.orders.take(often) - 1
    each = 1.0 / intervals
    per_unit = cycles.per_unit.take(history.rows.take(often)).nonzero()[0]
    if len(per_unit):
        units = np.maximum(units_left(history).take(often[per_unit]), 1)
        before = history.bought.take(often[per_unit]) - units
        each[per_unit] = units / np.maximum(before, intervals[per_unit])
    span = history.last_bought_at.take(often) - history.first_bought_at.take(often)
    own = span / DAY_MS * each
    return np.asarray(np.maximum((intervals * own + prior * days) / (intervals + prior), SHORTEST))


def progress(history: ItemHistory, days: Floats, now: int) -> Floats:
    """(n,) how much of `days` has passed since the last purchase; above 1 = overdue."""
    return (now - history.last_bought_at) / (days * DAY_MS)
