"""What is new and finding its first customers."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.config import Config
from engine.item_history import NEVER
from engine.top import best
from engine.types import DAY_MS, NO_CANDIDATES, Candidates, Mask
from training.interactions import Interactions

LEAST_LISTED: Final = 0.5  # decision: of the items met, so that the catalogue is the shop's


class NewArrivalsConfig(Config):
    window_days: float = Field(default=30, gt=0)  # decision: an item is new for a month
    prior_days: float = Field(default=7, gt=0)  # guess: what a first sale leans on
    list_length: int = Field(default=500, ge=1)


def fit(data: Interactions, config: NewArrivalsConfig, listed: Mask | None = None) -> Candidates:
    """Items first met within the window, by customers a day since then (smoothed), best first.

    A log that is not twice as long as the window cannot tell new from old: it has none. An item
    of the catalogue that nobody has met yet has no first day and is not here.

    `listed` (n_items,) is what the catalogue holds, None without one. What it lacks is more often a
    slip of a feed than news, and has no title to be shown by: it is not here, unless the catalogue
    lacks more than half of what was met and so says little.
    """
    if not len(data.events.at):
        return NO_CANDIDATES
    window = config.window_days * DAY_MS
    started = int(data.events.at.min())
    if data.watermark - started < 2 * window:
        return NO_CANDIDATES
    first_at = _first_at(data)
    new = (first_at > data.watermark - window) & (first_at <= data.watermark)
    if listed is not None and np.mean(listed[first_at != NEVER]) >= LEAST_LISTED:
        new &= listed
    rates = _customers(data) / _days(data, first_at, config)
    rows = np.flatnonzero(new).astype(np.int32)
    return best(rows, rates[rows], config.list_length)


def _first_at(data: Interactions) -> NDArray[np.int64]:
    """Never met: the end of time."""
    first = np.full(data.n_items, NEVER)
    np.minimum.at(first, data.events.items, data.events.at)
    return first


def _customers(data: Interactions) -> NDArray[np.int64]:
    return np.bincount(data.items[data.weights > 0], minlength=data.n_items)


def _days(
    data: Interactions, first_at: NDArray[np.int64], config: NewArrivalsConfig
) -> NDArray[np.float64]:
    return (data.watermark - first_at) / DAY_MS + config.prior_days
