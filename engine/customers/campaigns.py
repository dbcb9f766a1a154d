"""When members are invited to what (P4, P5, P6): readiness, waves, member days, redemption."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike
from pydantic import AwareDatetime, Field, model_validator

from engine.config import Config
from engine.customers.birthday import day_of
from engine.customers.labels import Label
from engine.customers.loyalty import LoyaltyConfig
from engine.types import DAY_MS, Mask


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    members: int
    needed: int


def readiness(members: int, config: LoyaltyConfig) -> Readiness:
    """Campaigns start at so many members (P4)."""
    return Readiness(members >= config.ready_members, members, config.ready_members)


class CampaignConfig(Config):
    """One `[[campaigns]]`: opened to the highest tier first, `wave_days` later to the next (P5).

    Its items are shown to nobody to whom it has not opened yet, and to everybody after its end. One
    without items is for lists alone.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    label: Label
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    wave_days: float = Field(default=1, ge=0, le=365)
    items: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()  # and what is below them

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise ValueError("starts_at must be before ends_at")
        return self

    @property
    def has_items(self) -> bool:
        return bool(self.items or self.brands or self.categories)


def starts_at(config: CampaignConfig) -> int:
    return round(config.starts_at.timestamp() * 1000)


def opens_at(config: CampaignConfig, tier_rank: int, top_rank: int) -> int:
    """The instant from which a tier is invited: never before a higher tier."""
    waves = max(top_rank - tier_rank, 0)
    return starts_at(config) + round(waves * config.wave_days * DAY_MS)


def ends_at(config: CampaignConfig) -> int:
    return round(config.ends_at.timestamp() * 1000)


def invited(config: CampaignConfig, tier_rank: int, top_rank: int, now: int) -> bool:
    return opens_at(config, tier_rank, top_rank) <= now < ends_at(config)


def late_wave(config: CampaignConfig, top_rank: int) -> str | None:
    """What is wrong when the last wave, of who has no tier, opens after the end; else None."""
    if opens_at(config, 0, top_rank) < ends_at(config):
        return None
    return (
        f"wave_days: with {top_rank} tiers the last of {top_rank + 1} waves would open "
        f"{top_rank * config.wave_days:g} days after starts_at, not before ends_at"
    )


class MemberDayConfig(Config):
    """One `[[member_days]]`: days of each month, for a tier and those above it (P6).

    A day that a month does not have is none.
    """

    days: tuple[int, ...] = Field(min_length=1)  # of the month
    tier: str | None = None  # the lowest one when left out

    @model_validator(mode="after")
    def _of_a_month(self) -> Self:
        if not all(1 <= day <= 31 for day in self.days):
            raise ValueError(f"days are 1 to 31, not {list(self.days)}")
        return self


@dataclass(frozen=True, slots=True)
class MemberDay:
    days: frozenset[int]
    from_rank: int


def member_days_of(
    config: Sequence[MemberDayConfig], tiers: Sequence[str]
) -> tuple[MemberDay, ...]:
    """`tiers` lowest first; every tier that is named is there."""
    ranks = {name: rank for rank, name in enumerate(tiers, start=1)}
    return tuple(
        MemberDay(frozenset(each.days), 1 if each.tier is None else ranks[each.tier])
        for each in config
    )


def rank_of_the_day(member_days: Sequence[MemberDay], now: int, zone: ZoneInfo) -> int | None:
    """The lowest tier whose member day it is; None on other days."""
    if not member_days:
        return None
    today = day_of(now, zone).day
    return min((each.from_rank for each in member_days if today in each.days), default=None)


def is_member_day(
    member_days: Sequence[MemberDay], tier_rank: int, now: int, zone: ZoneInfo
) -> bool:
    lowest = rank_of_the_day(member_days, now, zone)
    return lowest is not None and tier_rank >= lowest


class RedemptionConfig(Config):
    """`[redemption]`: the months in which points are taken for items (回馈月), and for which."""

    months: tuple[int, ...] = Field(default=(12,), min_length=1)  # guess
    items: dict[str, int] = Field(default_factory=dict)  # item id → points

    @model_validator(mode="after")
    def _possible(self) -> Self:
        faults = []
        if not all(1 <= month <= 12 for month in self.months):
            faults.append(f"months are 1 to 12, not {list(self.months)}")
        faults += [
            f"items.{name}: must cost 1 point or more, not {points}"
            for name, points in self.items.items()
            if points < 1
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def redeemable(
    needed_points: ArrayLike, points: int, config: RedemptionConfig, now: int, zone: ZoneInfo
) -> Mask:
    """Which items for points may be shown: only in the window, only within the balance."""
    needed = np.asarray(needed_points)
    if day_of(now, zone).month not in config.months:
        return np.zeros(needed.shape, np.bool_)
    within: Mask = needed <= points
    return within


def campaign_faults(
    campaigns: Mapping[str, CampaignConfig],
    member_days: Mapping[str, Mapping[str, Any]],
    tiers: Sequence[str],
) -> list[str]:
    """What only shows beside the tiers; both by where they stand in the file, days as written."""
    found = [
        f"{where}.{wrong}"
        for where, campaign in campaigns.items()
        if (wrong := late_wave(campaign, len(tiers))) is not None
    ]
    asked = {where: each.get("tier") for where, each in member_days.items()}
    return found + [
        f"{where}.tier: {tier!r} is no tier; known: {', '.join(tiers) or 'none'}"
        for where, tier in asked.items()
        if isinstance(tier, str) and tier not in tiers
    ]
