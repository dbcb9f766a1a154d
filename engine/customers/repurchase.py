"""When something runs out (C1, C2) and when it is due again (C3)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.types import DAY_MS, NO_CANDIDATES, Candidates, Instants, ItemHistory, Mask


class RepurchaseConfig(BaseModel):
    """`[repurchase]`. Rates are days that one unit lasts, by item id or by category."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cycle_days: float = Field(default=20, gt=0, le=3650)  # where nothing is known of the item
    due_from: float = Field(default=0.9, gt=0, le=1)  # of the cycle: day 18 of 20
    due_until: float = Field(default=1.2, ge=1, le=10)  # day 24 of 20
    care_share: float = Field(default=0.9, gt=0, le=1)  # of the first unit: day 6–7 of 7
    care_units: int = Field(default=3, ge=1, le=1000)
    observations: int = Field(default=5, ge=1, le=10_000)  # intervals that an item's own rate needs
    prior: float = Field(default=5, ge=0, le=1000)  # guess; intervals the category is worth
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


def runs_out_at(
    bought_at: Instants, units: NDArray[np.int32], days: NDArray[np.float32], per_unit: Mask
) -> Instants:
    """When what was bought last is used up."""
    lasting = days.astype(np.float64) * np.where(per_unit, np.maximum(units, 1), 1)
    return bought_at + np.rint(lasting * DAY_MS).astype(np.int64)


def due(history: ItemHistory, cycles: Cycles, config: RepurchaseConfig, now: int) -> Candidates:
    """Items around the end of their cycle; ties by row.

    First what the customer orders most often, then the more overdue: on online-retail what was
    ordered once is bought again a third as often as what was ordered more.
    """
    held = (history.bought > 0) & (history.last_bought_at > 0)
    if not held.any():
        return NO_CANDIDATES
    rows, at, units = history.rows[held], history.last_bought_at[held], history.last_units[held]
    ends = runs_out_at(at, units, cycles.days[rows], cycles.per_unit[rows])
    progress = (now - at) / np.maximum(ends - at, 1)
    near = (progress >= config.due_from) & (progress <= config.due_until)
    rows, often = rows[near], np.maximum(history.frequency[held][near], 0)
    scores = (often * progress[near]).astype(np.float32)
    order = np.lexsort((rows, -scores))
    return Candidates(rows[order], scores[order])


def used_up(history: ItemHistory, cycles: Cycles, config: RepurchaseConfig, now: int) -> Mask:
    """True for what is due or overdue, however long; what was never bought counts as used up."""
    ends = runs_out_at(
        history.last_bought_at,
        history.last_units,
        cycles.days[history.rows],
        cycles.per_unit[history.rows],
    )
    lasted = now - history.last_bought_at
    ready: Mask = lasted >= config.due_from * (ends - history.last_bought_at)
    return ready


def care_at(bought_at: int, units: int, days: float, config: RepurchaseConfig) -> int | None:
    """When to ask a new customer how it goes: as the first of several units runs out (C2)."""
    if units < config.care_units:
        return None
    return bought_at + round(days * config.care_share * DAY_MS)
