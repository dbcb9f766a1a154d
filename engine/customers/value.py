"""What a customer is worth: RFM(CL) scores and the pyramid of eight classes (V1, V2)."""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from engine.config import Config
from engine.customers.bought import Bought
from engine.customers.facts import Moments
from engine.customers.thresholds import Thresholds
from engine.types import DAY_MS

BUYING_CLASSES: Final = ("top", "large", "medium", "small")
SHARE_PARTS: Final = 10_000  # shares are compared as parts of this, never as floats


class ValueConfig(Config):
    """`[value]`. The four shares are of the active buyers, and make up the whole."""

    window_days: int = Field(default=365, ge=1, le=3650)  # decision: a year shows every season
    of: Literal["revenue", "margin"] = "revenue"
    top: Decimal = Field(default=Decimal("0.01"), gt=0, lt=1, decimal_places=4)
    large: Decimal = Field(default=Decimal("0.04"), gt=0, lt=1, decimal_places=4)
    medium: Decimal = Field(default=Decimal("0.15"), gt=0, lt=1, decimal_places=4)
    small: Decimal = Field(default=Decimal("0.80"), gt=0, lt=1, decimal_places=4)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = self.top + self.large + self.medium + self.small
        if total != 1:
            kind = "overlap" if total > 1 else "leave a gap"
            raise ValueError(f"top, large, medium and small {kind}: they add up to {total}, not 1")
        return self

    def cumulative(self) -> tuple[int, int, int]:
        """Where top, large and medium end, in parts of SHARE_PARTS."""
        top = int(self.top * SHARE_PARTS)
        large = top + int(self.large * SHARE_PARTS)
        return top, large, large + int(self.medium * SHARE_PARTS)


class Worth(NamedTuple):
    """Measures of one customer at one instant; frequency and money within the window."""

    recency_days: int | None  # None = never ordered
    frequency: int
    monetary_minor: int
    value_minor: int  # revenue or gross margin within the window, as configured
    length_days: int  # from the first order


class Scores(NamedTuple):
    """1 (least) to 5 (best); all 0 for who never ordered."""

    recency: int = 0
    frequency: int = 0
    monetary: int = 0
    breadth: int = 0
    length: int = 0


NO_SCORES: Final = Scores()


def worth_of(bought: Bought, config: ValueConfig, now: int) -> Worth:
    start = now - config.window_days * DAY_MS
    first = bought.since(start)
    money = sum(bought.amount_minor[first:])
    if bought.loose:
        money -= sum(refund.amount_minor for refund in bought.loose if refund.at > start)
    value = money if config.of == "revenue" else money - sum(bought.cost_minor[first:])
    if not bought.at:
        return Worth(None, 0, money, value, 0)
    return Worth(
        recency_days=max(now - bought.at[-1], 0) // DAY_MS,
        frequency=len(bought.at) - first,
        monetary_minor=money,
        value_minor=value,
        length_days=max(now - bought.at[0], 0) // DAY_MS,
    )


def scores_of(worth: Worth, breadth: int, thresholds: Thresholds) -> Scores:
    """Each score is 1 + the number of cuts below the measure; the fewer days since, the better."""
    if worth.recency_days is None:
        return NO_SCORES
    return Scores(
        5 - bisect_left(thresholds.recency, worth.recency_days),
        1 + bisect_left(thresholds.frequency, worth.frequency),
        1 + bisect_left(thresholds.monetary, worth.monetary_minor),
        1 + bisect_left(thresholds.breadth, breadth),
        1 + bisect_left(thresholds.length, worth.length_days),
    )


def class_of(
    bought: Bought,
    worth: Worth,
    moments: Moments,
    thresholds: Thresholds,
    config: ValueConfig,
    now: int,
) -> str:
    """One of the eight classes: they are disjoint and cover everyone."""
    if worth.frequency:
        place = (worth.value_minor, bought.at[-1], bought.key[-1])
        return BUYING_CLASSES[_classes_above(place, thresholds.classes)]
    if worth.recency_days is not None:
        return "inactive"
    if not moments.first_at:
        return "other"
    acted_lately = moments.acted_at > now - config.window_days * DAY_MS
    return "potential" if acted_lately else "suspect"


def _classes_above(place: tuple[int, int, int], cuts: Sequence[tuple[int, int, int]]) -> int:
    """Ties in value go to the later last order, then to the greater order key."""
    for above, cut in enumerate(cuts):
        if place >= cut:
            return above
    return len(cuts)
