"""Interest by item and day: who, item and day count once, so that no robot makes a hit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import DAY_MS, Mask, Rows, Scores
from training.interactions import Interactions
from training.ragged import runs_of

Floats = NDArray[np.float64]
FOREVER = 1e9  # days: no decay


@dataclass(frozen=True, slots=True)
class Daily:
    """The strongest event of each (who, item, day)."""

    rows: Rows  # who
    items: Rows
    ages: NDArray[np.int64]  # full days before the watermark
    weights: Scores
    n_items: int


def daily(data: Interactions) -> Daily:
    events = data.events
    ages = (data.watermark - events.at) // DAY_MS
    pair = events.rows.astype(np.int64) * data.n_items + events.items
    key = pair * (int(ages.max(initial=0)) + 1) + ages
    order = np.lexsort((-events.weights, key))
    chosen = order[runs_of(key[order])]
    return Daily(
        events.rows[chosen],
        events.items[chosen],
        ages[chosen],
        events.weights[chosen],
        data.n_items,
    )


def decayed(interest: Daily, half_life_days: float, members: Mask | None = None) -> Floats:
    """Σ weight × ½^(age / half-life) of each item (n_items,), of `members` (n_rows,) or all."""
    weights = interest.weights * np.exp2(-interest.ages / half_life_days)
    if members is not None:
        weights = np.where(members[interest.rows], weights, 0)
    return np.bincount(interest.items, weights, interest.n_items).astype(np.float64)
