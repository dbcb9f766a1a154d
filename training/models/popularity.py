"""What sells now: decayed counts of who wanted an item, smoothed so that every item has a place."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from engine.config import Config
from engine.top import best
from engine.types import Candidates, Lists, Mask, Rows
from training.models.daily import Daily, Floats, decayed
from training.ragged import as_lists


class PopularityConfig(Config):
    half_life_days: float = Field(default=7, gt=0)  # measured on online-retail
    long_half_life_days: float = Field(default=120, gt=0)  # guess: what recent counts lean on
    prior: float = Field(default=20, gt=0)  # guess: decayed interactions that the long run is worth
    list_length: int = Field(default=500, ge=1)  # of a category or a segment


def fit(interest: Daily, config: PopularityConfig) -> Candidates:
    """Every item, best first. Scores are shares of all interest: positive, they sum to 1."""
    return best(_every_item(interest), _shares(interest, config), interest.n_items)


def by_segment(interest: Daily, members: Sequence[Mask], config: PopularityConfig) -> Lists:
    """One list for each segment, given who is in it (n_customers,); a small one leans on all."""
    whole = _shares(interest, config)
    n_rows = int(interest.rows.max(initial=-1)) + 1
    lines = []
    for mask in members:
        of_all = np.zeros(max(n_rows, len(mask)), bool)
        of_all[: len(mask)] = mask
        counts = decayed(interest, config.half_life_days, of_all)
        scores = _leaning(counts, whole, config.prior)
        lines.append(best(_every_item(interest), scores, config.list_length))
    return as_lists(lines)


def _every_item(interest: Daily) -> Rows:
    return np.arange(interest.n_items, dtype=np.int32)


def _shares(interest: Daily, config: PopularityConfig) -> Floats:
    """Recent interest that leans on the long run, which leans on every item being equal."""
    equal = np.full(interest.n_items, 1 / max(interest.n_items, 1))
    long_run = decayed(interest, config.long_half_life_days)
    recent = decayed(interest, config.half_life_days)
    return _leaning(recent, _leaning(long_run, equal, config.prior), config.prior)


def _leaning(counts: Floats, prior: Floats, strength: float) -> Floats:
    """The posterior mean of shares under a Dirichlet prior worth `strength` observations."""
    shares: Floats = (counts + strength * prior) / (counts.sum() + strength)
    return shares
