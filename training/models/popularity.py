"""What sells now: decayed counts of who wanted an item, smoothed so that every item has a place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from engine.top import best
from engine.types import DAY_MS, Candidates, Lists, Mask, Rows
from training.interactions import Interactions
from training.ragged import as_lists, runs_of

Floats = NDArray[np.float64]


class PopularityConfig(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life_days: float = Field(default=7, gt=0)  # measured on online-retail
    long_half_life_days: float = Field(default=120, gt=0)  # guess: what recent counts lean on
    prior: float = Field(default=20, gt=0)  # guess: decayed interactions that the long run is worth
    list_length: int = Field(default=500, ge=1)  # of a category or a segment


def fit(data: Interactions, config: PopularityConfig) -> Candidates:
    """Every item, best first. Scores are shares of all interest: positive, they sum to 1."""
    return best(_every_item(data), _shares(data, config), data.n_items)


def by_segment(data: Interactions, members: Sequence[Mask], config: PopularityConfig) -> Lists:
    """One list for each segment, given who is in it (n_customers,); a small one leans on all."""
    whole = _shares(data, config)
    lines = []
    for mask in members:
        of_all = np.zeros(data.n_rows, bool)
        of_all[: data.n_customers] = mask
        counts = _counts(data, config.half_life_days, of_all)
        scores = _leaning(counts, whole, config.prior)
        lines.append(best(_every_item(data), scores, config.list_length))
    return as_lists(lines)


def _every_item(data: Interactions) -> Rows:
    return np.arange(data.n_items, dtype=np.int32)


def _shares(data: Interactions, config: PopularityConfig) -> Floats:
    """Recent interest that leans on the long run, which leans on every item being equal."""
    everyone = np.ones(data.n_rows, bool)
    equal = np.full(data.n_items, 1 / max(data.n_items, 1))
    long_run = _counts(data, config.long_half_life_days, everyone)
    recent = _counts(data, config.half_life_days, everyone)
    return _leaning(recent, _leaning(long_run, equal, config.prior), config.prior)


def _leaning(counts: Floats, prior: Floats, strength: float) -> Floats:
    """The posterior mean of shares under a Dirichlet prior worth `strength` observations."""
    shares: Floats = (counts + strength * prior) / (counts.sum() + strength)
    return shares


def _counts(data: Interactions, half_life_days: float, members: Mask) -> Floats:
    """Decayed interest of `members` (n_rows,) by item: who, item and day count once, so that no
    robot makes a hit."""
    events = data.events
    ages = (data.watermark - events.at) // DAY_MS
    chosen = _once_a_day(data, ages)
    chosen = chosen[members[events.rows[chosen]]]
    weights = events.weights[chosen] * np.exp2(-ages[chosen] / half_life_days)
    return np.bincount(events.items[chosen], weights, data.n_items).astype(np.float64)


def _once_a_day(data: Interactions, ages: NDArray[np.int64]) -> NDArray[np.intp]:
    """The strongest event of each (who, item, day)."""
    events = data.events
    pair = events.rows.astype(np.int64) * data.n_items + events.items
    order = np.lexsort((-events.weights, ages, pair))
    key = pair[order] * (int(ages.max(initial=0)) + 1) + ages[order]
    return order[runs_of(key)]
