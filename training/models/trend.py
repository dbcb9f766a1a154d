"""What rises and what falls: the interest of the last days against that of the whole log.

A season, a fashion or a new arrival moves faster than the histories that lists are counted from.
Multiplying what is proposed by its trend was the largest gain on a log with times: NDCG@10 of new
items on a validation part of online-retail rose from 0.095 to 0.122.
"""

import numpy as np
from pydantic import Field

from engine.config import Config
from engine.types import Scores
from training.interactions import Interactions
from training.models.daily import FOREVER, Daily, Floats, decayed


class TrendConfig(Config):
    half_life_days: float = Field(default=7, gt=0)  # 7 is better than 3 and 14 on online-retail
    exponent: float = Field(default=0.3, ge=0, le=1)  # 0: no trend; 0.25 to 0.5 measured
    prior: float = Field(default=5, gt=0)  # events of the long run; 1 to 20 measured alike


def fit(data: Interactions, interest: Daily, config: TrendConfig) -> Scores:
    """(n_items,) (lift ** exponent): above 1 for what sells more than it used to, 1 where age says
    nothing.

    lift = (recent + prior × r) / (long + prior) / r with r = Σ recent / Σ long, so an item of
    steady interest, and one that nobody has met, has about 1.
    """
    if data.timeless or config.exponent == 0:
        return np.ones(data.n_items, np.float32)
    return (lift(interest, config) ** config.exponent).astype(np.float32)


def lift(interest: Daily, config: TrendConfig) -> Floats:
    long = decayed(interest, FOREVER)
    recent = decayed(interest, config.half_life_days)
    rate = recent.sum() / max(float(long.sum()), 1e-12) or 1.0
    shrunk: Floats = (recent + config.prior * rate) / (long + config.prior) / rate
    return shrunk
