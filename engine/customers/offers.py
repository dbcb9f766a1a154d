"""What a customer may see and what it is worth to them (S2, S3, S4)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.customers.labels import PRICE_BANDS, VALUE_CLASSES, Label
from engine.types import Mask


class PromotionKind(StrEnum):
    """What a promotion gives (S3)."""

    DISCOUNT = "discount"
    BUNDLE = "bundle"
    REBATE = "rebate"
    GIFT = "gift"
    POINTS = "points"
    TRIAL = "trial"


PROMOTIONS: Final[Mapping[PromotionKind, Label]] = MappingProxyType(
    {
        PromotionKind.DISCOUNT: Label(en="discount", zh="折扣"),
        PromotionKind.BUNDLE: Label(en="bundle", zh="组合装"),
        PromotionKind.REBATE: Label(en="rebate", zh="返利"),
        PromotionKind.GIFT: Label(en="gift", zh="赠品"),
        PromotionKind.POINTS: Label(en="points", zh="积分"),
        PromotionKind.TRIAL: Label(en="trial", zh="试用"),
    }
)


class ScarcityConfig(BaseModel):
    """Stock below `threshold` is kept for the best classes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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


class DeliveredValueConfig(BaseModel):
    """How much each cost matters, by price band; an hour costs `hour` of the currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hour: float = Field(default=5, ge=0)  # guess
    weight: dict[str, float] = Field(
        default_factory=lambda: {"sensitive": 1.0, "neutral": 0.5, "insensitive": 0.2}  # guess
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
    cost_minor: NDArray[np.int64],
    hours: NDArray[np.float64],
    band: str,
    config: DeliveredValueConfig,
    *,
    minor_units: int,
) -> NDArray[np.float64]:
    """Benefit (in the currency) less what it costs in money, at the tier and shipped, and time."""
    money = cost_minor / 10**minor_units + hours * config.hour
    weight = config.weight.get(band, config.weight.get("neutral", 0.0))
    return np.asarray(benefit - weight * money)
