"""What a customer may see and what it is worth to them (S2, S4)."""

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from engine.config import Config
from engine.customers.labels import PRICE_BANDS, VALUE_CLASSES
from engine.types import Mask


class ScarcityConfig(Config):
    """Stock below `threshold` is kept for the best classes."""

    threshold: int = Field(default=10, ge=0)
    classes: tuple[str, ...] = ("top", "large")

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = sorted(set(self.classes) - set(VALUE_CLASSES))
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)} is no value class; allowed: {', '.join(VALUE_CLASSES)}"
            )
        return self


def may_see(stock: NDArray[np.int64], value_class: str, config: ScarcityConfig) -> Mask:
    """One flag an item; a stock below 0 is not counted and hides nothing (S2)."""
    if value_class in config.classes:
        return np.ones(len(stock), np.bool_)
    plenty: Mask = (stock < 0) | (stock >= config.threshold)
    return plenty


MOST_TIMES: Final = 5.0  # decision: the usual price; one that is dearer sinks no deeper
LEAST: Final = 0.01  # decision: of the mean score; no score is 0 or less


class DeliveredValueConfig(Config):
    """How much a price matters, by price band: of what an item is worth to a customer, times its
    price over the usual one."""

    weight: dict[str, float] = Field(
        default_factory=lambda: {"sensitive": 0.5, "neutral": 0.2, "insensitive": 0.0}  # guess
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = sorted(set(self.weight) - set(PRICE_BANDS))
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)} is no price band; allowed: {', '.join(PRICE_BANDS)}"
            )
        return self


def delivered_value(
    benefit: NDArray[np.float64],
    price_minor: NDArray[np.int64],
    band: str,
    config: DeliveredValueConfig,
) -> NDArray[np.float64]:
    """Benefit less what it costs, both in means of all: scores of items as scores (S4).

    `price_minor` below 0 = unknown, and then the usual price, the median. A tier's discount is the
    same for all of them, so it changes nothing. What shipping costs and how long it takes no
    catalogue says. Where one would fall below a hundredth of the mean, all are lifted until none
    does: what fills up a slate scores parts of the least.
    """
    known = price_minor >= 0
    weight = config.weight.get(band, config.weight.get("neutral", 0.0))
    if not weight or not known.any():
        return benefit
    usual = max(float(np.median(price_minor[known])), 1.0)
    cost = np.where(known, np.minimum(price_minor / usual, MOST_TIMES), 1.0)
    mean = float(np.abs(benefit).mean())
    value = benefit - weight * mean * cost
    return np.asarray(value + max(LEAST * mean - float(value.min()), 0.0))
