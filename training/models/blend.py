"""All linear models as one item-to-item list: their sum is linear too, so it folds into one.

Each model is divided by the mean of a customer's best scores, so that weights compare influence
and not units.
"""

from typing import Final

import numpy as np
from pydantic import Field

from engine.config import Config
from engine.top import sum_lists
from engine.types import Lists, Scores
from training.interactions import Interactions
from training.models import cooccurrence, ease, local_ridge
from training.models.cooccurrence import CooccurrenceConfig
from training.models.ridge import RidgeConfig
from training.models.top import summed

SAMPLE = 500  # decision: customers whose scores give the unit of a model
BEST = 20  # decision: the places that customers see


TWO_WAYS: Final = (  # the best (b, l, r) of gowalla and of amazon-cds; together good on both
    CooccurrenceConfig(customer_exponent=1, source_exponent=0.75, target_exponent=0.1),
    CooccurrenceConfig(customer_exponent=0.5, source_exponent=0.5, target_exponent=0.3),
)


class BlendConfig(Config):
    cooccurrence: tuple[CooccurrenceConfig, ...] = Field(default=TWO_WAYS, min_length=1)
    ridge: RidgeConfig = RidgeConfig()
    ridge_weight: float = Field(default=0.4, ge=0, le=1)  # co-occurrences share the rest
    ease_limit: int = Field(default=5000, ge=0)  # items up to which EASE takes seconds (measured)
    neighbours: int = Field(default=200, ge=1)  # 200–400 keep 99.6 % of the recall (measured)


def fit(
    data: Interactions, config: BlendConfig, *, trend: Scores | None = None, threads: int = 2
) -> Lists:
    """The list that serves: score(u, j) = Σ_i x_ui S[i, j]. What has no weight is not fitted.

    `trend` (n_items,) multiplies the scores of each target.
    """
    parts: list[tuple[float, Lists]] = []
    if config.ridge_weight < 1:
        share = (1 - config.ridge_weight) / len(config.cooccurrence)
        ways = [
            cooccurrence.fit(data, way, trend=trend, threads=threads) for way in config.cooccurrence
        ]
        parts += [(share, lists) for lists in ways]
    if config.ridge_weight > 0:
        model = ease if data.n_items <= config.ease_limit else local_ridge
        lists = model.fit(data, config.ridge, trend=trend, threads=threads)
        parts.append((config.ridge_weight, lists))
    scaled = [(weight / unit(lists, data), lists) for weight, lists in parts]
    return summed(scaled, config.neighbours, threads)


def unit(lists: Lists, data: Interactions) -> float:
    """The mean of the best scores of some customers, evenly drawn; 1 when there are none."""
    step = max(1, data.n_rows // SAMPLE)
    means = []
    for row in range(0, data.n_rows, step):
        places = slice(int(data.offsets[row]), int(data.offsets[row + 1]))
        weights = np.maximum(data.weights[places], 0)
        found = sum_lists(lists, data.items[places], weights, BEST)
        means.extend([float(found.scores.mean())] if len(found) else [])
    return float(np.mean(means)) if means else 1.0
