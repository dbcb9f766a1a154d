"""The configured schemes made ready: conditions as predicates, money in minor units."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.customers.campaigns import MemberDay, member_days_of
from engine.customers.config import CustomersConfig, names_of
from engine.customers.fields import attributes_asked
from engine.customers.life_stages import LifeStageConfig
from engine.customers.lifecycle import LifecycleConfig
from engine.customers.loyalty import Ladder, Tier, ladder_of
from engine.customers.price_band import Bands, bands_of
from engine.customers.repurchase import RepurchaseConfig
from engine.customers.segments import Segment, read_segments
from engine.customers.value import ValueConfig
from engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Schemes:
    value: ValueConfig
    lifecycle: LifecycleConfig
    ladder: Ladder
    repurchase: RepurchaseConfig
    bands: Bands
    segments: tuple[Segment, ...]
    zone: ZoneInfo
    life_stages: tuple[LifeStageConfig, ...] = ()
    member_days: tuple[MemberDay, ...] = ()
    attributes: tuple[str, ...] = ()  # of a profile, that a segment, tag or trigger asks about

    def tier(self, name: str | None) -> Tier | None:
        return self.ladder.tier(name)


def compile_schemes(config: CustomersConfig, *, minor_units: int, time_zone: str) -> Schemes:
    """Once, at start. Raises ConfigError with every segment's faults."""
    names = names_of(config)
    segments, problems = read_segments(config.segments, names, "segments", minor_units=minor_units)
    if problems:
        raise ConfigError("\n".join(problems))
    named = (*config.segments, *config.tags)
    whens = [*(each.when for each in named), *(each.when for each in config.triggers)]
    return Schemes(
        value=config.value,
        lifecycle=config.lifecycle,
        ladder=ladder_of(config.loyalty, minor_units),
        repurchase=config.repurchase,
        bands=bands_of(config.price_band, minor_units),
        segments=segments,
        zone=ZoneInfo(time_zone),
        life_stages=config.life_stages,
        member_days=member_days_of(config.member_days, names.tiers),
        attributes=tuple(sorted({name for when in whens for name in attributes_asked(when)})),
    )
