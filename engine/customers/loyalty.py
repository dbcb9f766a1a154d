"""The loyalty ladder (P1–P3, P6–P8): points, tiers, vouchers and the tier's price.

Points are counted in parts small enough that every rate is whole: no rounding, ever, so a refund
takes back exactly what its purchase gave.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import lcm
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from engine.config import Config
from engine.customers.labels import Label

PRICE_PARTS: Final = 10_000  # a tier's price is stored as parts of this: 0.85 is 8,500

Reset = Literal["zero", "carry", "never"]


class TierConfig(Config):
    """One `[[loyalty.tiers]]`: reached at `points`, pays `price` × the item's price."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: Label
    points: int = Field(ge=1, le=10**12)
    price: Decimal = Field(gt=0, le=1, decimal_places=4)
    voucher: Decimal = Field(default=Decimal(0), ge=0, le=10**9, decimal_places=4)


STAR_1: Final = TierConfig(
    name="star_1",
    label=Label(en="star 1", zh="一星会员"),
    points=3_000,
    price=Decimal("0.90"),
    voucher=Decimal(200),
)
STAR_2: Final = TierConfig(
    name="star_2",
    label=Label(en="star 2", zh="二星会员"),
    points=6_000,
    price=Decimal("0.85"),
    voucher=Decimal(500),
)
DIAMOND: Final = TierConfig(
    name="diamond",
    label=Label(en="diamond", zh="钻石会员"),
    points=9_000,
    price=Decimal("0.70"),
    voucher=Decimal(1_000),
)


class LoyaltyConfig(Config):
    """`[loyalty]`: one point for so many units of currency, and the tiers, lowest first."""

    own_per_point: int = Field(default=1, ge=1, le=10_000)
    referred_per_point: int = Field(default=2, ge=1, le=10_000)
    reset: Reset = "zero"  # what is left of the balance when the highest tier is reached
    ready_members: int = Field(default=5_000, ge=0)  # campaigns start at so many members
    tiers: tuple[TierConfig, ...] = (STAR_1, STAR_2, DIAMOND)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        faults = []
        for i, (lower, upper) in enumerate(pairwise(self.tiers), start=1):
            if upper.points <= lower.points:
                faults.append(f"tiers[{i}].points: {upper.name} must need more than {lower.name}")
            if upper.price > lower.price:
                faults.append(f"tiers[{i}].price: {upper.name} may not pay more than {lower.name}")
        names = [tier.name for tier in self.tiers]
        faults += [
            f"tiers: {name} is there twice" for name in sorted({*names}) if names.count(name) > 1
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


@dataclass(frozen=True, slots=True)
class Tier:
    rank: int  # 1 is the lowest
    name: str
    label: Label
    points: int
    price_parts: int
    voucher_minor: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """LoyaltyConfig in whole numbers."""

    tiers: tuple[Tier, ...]
    steps: tuple[int, ...]  # where each tier begins, in parts
    point: int  # parts of one point
    own: int  # parts for a minor unit of own purchases
    referred: int  # parts for a minor unit of a referred customer's purchases
    reset: Reset

    def tier(self, name: str | None) -> Tier | None:
        return next((tier for tier in self.tiers if tier.name == name), None)


def ladder_of(config: LoyaltyConfig, minor_units: int) -> Ladder:
    minor = 10**minor_units
    whole = lcm(config.own_per_point, config.referred_per_point)
    tiers = tuple(
        Tier(
            rank=rank,
            name=tier.name,
            label=tier.label,
            points=tier.points,
            price_parts=int(tier.price * PRICE_PARTS),
            voucher_minor=int(tier.voucher * minor),
        )
        for rank, tier in enumerate(config.tiers, start=1)
    )
    return Ladder(
        tiers=tiers,
        steps=tuple(tier.points * whole * minor for tier in tiers),
        point=whole * minor,
        own=whole // config.own_per_point,
        referred=whole // config.referred_per_point,
        reset=config.reset,
    )


def tier_price(price_minor: int, tier: Tier | None) -> int:
    """What the tier pays: half a minor unit goes to the even one; never above the price."""
    if tier is None:
        return price_minor
    whole, rest = divmod(price_minor * tier.price_parts, PRICE_PARTS)
    up = rest * 2 > PRICE_PARTS or (rest * 2 == PRICE_PARTS and whole % 2 == 1)
    return min(whole + up, price_minor)


def tier_prices(prices_minor: NDArray[np.int64], tier: Tier | None) -> NDArray[np.int64]:
    """`tier_price` of many; a price below 0 (none known) stays as it is."""
    if tier is None:
        return prices_minor
    whole, rest = np.divmod(prices_minor * tier.price_parts, PRICE_PARTS)
    up = (rest * 2 > PRICE_PARTS) | ((rest * 2 == PRICE_PARTS) & (whole % 2 == 1))
    return np.where(prices_minor < 0, prices_minor, np.minimum(whole + up, prices_minor))


def rank_at(standing: int, steps: Sequence[int]) -> int:
    """How many tiers a standing (in parts) has reached."""
    return bisect_right(steps, standing)
