"""How events become the weight of a (customer, item) pair: the same sums offline and online."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from engine.config import Config
from engine.events import INTERACTIONS, EventType
from engine.types import DAY_MS, Rows, Scores

Floats = NDArray[np.float64]

MAX_DOUBLINGS: Final = 8  # decision: an event is never worth more than 256 of the watermark's

DEFAULT_WEIGHTS: Final[Mapping[EventType, float]] = MappingProxyType(
    {  # guesses, in units of one purchase; training learns what the sources make of them
        EventType.VIEW: 0.1,
        EventType.CLICK: 0.1,
        EventType.FAVOURITE: 0.3,
        EventType.CART: 0.4,
        EventType.UNCART: -0.2,
        EventType.PURCHASE: 1.0,
        EventType.REFUND: -1.0,
        EventType.ENQUIRY: 0.3,
        EventType.RATING: 0.2,
        EventType.DISLIKE: -2.0,
    }
)


class InteractionConfig(Config):
    """`weight = saturate(Σ event weight × decay(age))`; a refund's weight is that of its share.

    −1 undoes the purchases of what came back, 0 leaves them as they were.
    """

    weights: dict[EventType, float] = Field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    half_life_days: float = Field(default=180, gt=0)  # measured on two shops
    frequency_half_life_days: float = Field(default=120, gt=0)  # 90–180 measured on online-retail
    saturation: float = Field(default=3, gt=0)  # guess: the 10th view says little more
    history_limit: int = Field(default=300, ge=1)  # the most recent items that are scored

    @field_validator("weights")
    @classmethod
    def _only_interactions(cls, weights: dict[EventType, float]) -> dict[EventType, float]:
        wrong = sorted(set(weights) - INTERACTIONS)
        if wrong:
            raise ValueError(
                f"{', '.join(wrong)} can never be an item interaction; "
                f"allowed: {', '.join(sorted(INTERACTIONS))}"
            )
        return dict(DEFAULT_WEIGHTS) | weights


def sum_weight(kind: EventType, config: InteractionConfig) -> float:
    """What an event adds to the sum of its pair; a refund adds nothing, see `interest`."""
    return 0.0 if kind is EventType.REFUND else config.weights.get(kind, 0.0)


def decay(age_ms: Floats, half_life_days: float) -> Floats:
    """1 at age 0, ½ after one half-life, 2 one half-life ahead: so that sums made at one
    watermark and events that come later simply add. Capped where a clock must be wrong.
    """
    halvings = age_ms / (half_life_days * DAY_MS)
    return np.exp2(-np.maximum(halvings, -MAX_DOUBLINGS))


def interest(
    sums: Scores, purchased: Scores, bought: Rows, returned: Rows, config: InteractionConfig
) -> Scores:
    """What sources score with: purchases count by the share of units that were kept, then saturate.

    `bought` is net of `returned`, so a refund undoes its purchase however old that is.
    """
    if not np.count_nonzero(returned):
        return saturate(sums, config.saturation)
    given = np.maximum(bought.astype(np.float64) + returned, 1)
    share = np.minimum(returned / given, 1)
    undone = -config.weights.get(EventType.REFUND, 0.0) * purchased * share
    return saturate((sums - undone).astype(np.float32), config.saturation)


def saturate(sums: Scores, saturation: float) -> Scores:
    """Grows like the sum at first and like its logarithm later; what is negative stays as it is."""
    grown = saturation * np.log1p(np.maximum(sums, 0) / saturation)
    return np.minimum(grown, sums, dtype=np.float32)
