"""When members are invited to what (P4, P5, P6): readiness, waves, member days, redemption."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from engine.customers.loyalty import LoyaltyConfig
from engine.types import DAY_MS


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    members: int
    needed: int


def readiness(members: int, config: LoyaltyConfig) -> Readiness:
    """Campaigns start at so many members (P4)."""
    return Readiness(members >= config.ready_members, members, config.ready_members)


class CampaignConfig(BaseModel):
    """One campaign, opened to the highest tier first and `wave_days` later to the next (P5)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    wave_days: float = Field(default=1, ge=0, le=365)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise ValueError("starts_at must be before ends_at")
        return self


def opens_at(config: CampaignConfig, tier_rank: int, top_rank: int) -> int:
    """The instant from which a tier is invited: never before a higher tier."""
    waves = max(top_rank - tier_rank, 0)
    return round(config.starts_at.timestamp() * 1000) + round(waves * config.wave_days * DAY_MS)


def invited(config: CampaignConfig, tier_rank: int, top_rank: int, now: int) -> bool:
    end = round(config.ends_at.timestamp() * 1000)
    return opens_at(config, tier_rank, top_rank) <= now < end


class MemberDayConfig(BaseModel):
    """A day of each month for members of a tier or above (P6)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[int, ...] = Field(default=(8,), min_length=1)  # guess; of the month
    from_rank: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _of_a_month(self) -> Self:
        if not all(1 <= day <= 31 for day in self.days):
            raise ValueError(f"days are 1 to 31, not {list(self.days)}")
        return self


class RedemptionConfig(BaseModel):
    """The months in which points are taken for items (回馈月)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    months: tuple[int, ...] = Field(default=(12,), min_length=1)  # guess

    @model_validator(mode="after")
    def _of_a_year(self) -> Self:
        if not all(1 <= month <= 12 for month in self.months):
            raise ValueError(f"months are 1 to 12, not {list(self.months)}")
        return self


def local(now: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now)).astimezone(zone)


def is_member_day(config: MemberDayConfig, tier_rank: int, now: int, zone: ZoneInfo) -> bool:
    return tier_rank >= config.from_rank and local(now, zone).day in config.days


def redeemable(
    needed_points: Sequence[int], points: int, config: RedemptionConfig, now: int, zone: ZoneInfo
) -> list[bool]:
    """Which items for points may be shown: only in the window, only within the balance."""
    opened = local(now, zone).month in config.months
    return [opened and needed <= points for needed in needed_points]
