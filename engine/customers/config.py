"""The sections of shop.toml that say who a customer is."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from engine.conditions import read
from engine.config import Config
from engine.customers.campaigns import (
    CampaignConfig,
    MemberDayConfig,
    RedemptionConfig,
    campaign_faults,
)
from engine.customers.fields import Names, customer_fields
from engine.customers.identity import IdentityConfig
from engine.customers.life_stages import LifeStageConfig, named_twice
from engine.customers.lifecycle import LifecycleConfig
from engine.customers.loyalty import LoyaltyConfig
from engine.customers.outreach import OutreachConfig
from engine.customers.price_band import BOUNDS, PriceBandConfig
from engine.customers.repurchase import RepurchaseConfig
from engine.customers.section_config import ProfileConfig
from engine.customers.segments import SegmentConfig
from engine.customers.tags import TagConfig
from engine.customers.triggers import FestivalConfig, TriggerConfig
from engine.customers.value import ValueConfig
from engine.faults import faults_in, given_in, place_of, problem_of
from engine.further_faults import further_faults
from engine.money import TOO_FINE, in_minor

Section = TypeVar("Section", bound=BaseModel)

MOST_DECIMALS: Final = 4  # no currency has more; for what is read where its own are not known


class CustomersConfig(Config):
    value: ValueConfig = ValueConfig()
    lifecycle: LifecycleConfig = LifecycleConfig()
    loyalty: LoyaltyConfig = LoyaltyConfig()
    repurchase: RepurchaseConfig = RepurchaseConfig()
    price_band: PriceBandConfig = PriceBandConfig()
    outreach: OutreachConfig = OutreachConfig()
    identity: IdentityConfig = IdentityConfig()
    redemption: RedemptionConfig = RedemptionConfig()
    profile: ProfileConfig = ProfileConfig()
    segments: tuple[SegmentConfig, ...] = ()
    tags: tuple[TagConfig, ...] = ()
    campaigns: tuple[CampaignConfig, ...] = ()
    member_days: tuple[MemberDayConfig, ...] = ()
    life_stages: tuple[LifeStageConfig, ...] = ()
    festivals: tuple[FestivalConfig, ...] = ()
    triggers: tuple[TriggerConfig, ...] = ()


SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "value": ValueConfig,
    "lifecycle": LifecycleConfig,
    "loyalty": LoyaltyConfig,
    "repurchase": RepurchaseConfig,
    "price_band": PriceBandConfig,
    "outreach": OutreachConfig,
    "identity": IdentityConfig,
    "redemption": RedemptionConfig,
    "profile": ProfileConfig,
}


def customer_problems(
    raw: Mapping[str, Any], file: str, minor_units: int = MOST_DECIMALS
) -> list[str]:
    """Every fault of these sections at once, also where one section names what another holds.

    `minor_units` are the decimals of the currency, which no amount may exceed.
    """
    problems: list[str] = []
    for name, model in SECTIONS.items():
        section = _checked(model, raw.get(name, {}), f"{file}: {name}", problems)
        for place, amount in _amounts(section):
            if in_minor(amount, 10**minor_units) is None:
                problems.append(f"{file}: {name}.{place}: {amount} {TOO_FINE} ({minor_units})")
    tables = _listed(raw, "life_stages", file, problems)
    for i, each in enumerate(tables):
        _checked(LifeStageConfig, each, f"{file}: life_stages[{i}]", problems)
    problems += [f"{file}: {fault}" for fault in named_twice(tables)]
    known = Names(tier_names(raw), stage_names(raw))
    for name, kind in (("segments", SegmentConfig), ("tags", TagConfig)):
        listed = _listed(raw, name, file, problems)
        problems += _condition_problems(kind, listed, known, f"{file}: {name}", minor_units)
    problems += _campaign_problems(raw, known.tiers, file)
    return problems + _trigger_problems(raw, known, file, minor_units)


def _amounts(section: BaseModel | None) -> Iterator[tuple[str, Decimal]]:
    """All money of a section, with where it stands."""
    match section:
        case LoyaltyConfig():
            yield from (
                (f"tiers[{i}].voucher", each.voucher) for i, each in enumerate(section.tiers)
            )
        case PriceBandConfig():
            for i, band in enumerate(section.bands):
                bounds = {name: getattr(band, name) for name in BOUNDS}
                yield from (
                    (f"bands[{i}].{name}", at) for name, at in bounds.items() if at is not None
                )


def _listed(raw: Mapping[str, Any], name: str, file: str, problems: list[str]) -> Sequence[Any]:
    listed = raw.get(name, ())
    if isinstance(listed, list | tuple):
        return listed
    problems.append(f"{file}: {name}: is no list; write [[{name}]]")
    return ()


def _condition_problems(
    kind: type[BaseModel],
    listed: Sequence[Any],
    known: Names,
    where: str,
    minor_units: int,
) -> list[str]:
    """Of tables that have a name and a condition, which is read whatever else is wrong."""
    problems: list[str] = []
    fields = customer_fields(known)
    for i, raw in enumerate(listed):
        place = f"{where}[{i}]"
        _checked(kind, raw, place, problems)
        when = raw.get("when") if isinstance(raw, Mapping) else None
        if isinstance(when, Mapping):
            problems += read(when, fields, f"{place}.when", minor_units=minor_units)[1]
    return problems + _twice(listed, where)


def _twice(listed: Sequence[Any], where: str) -> list[str]:
    names = [raw["name"] for raw in listed if isinstance(raw, Mapping) and "name" in raw]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    return [f"{where}: {name} is there twice" for name in twice]


def _campaign_problems(raw: Mapping[str, Any], tiers: Sequence[str], file: str) -> list[str]:
    problems: list[str] = []
    campaigns = _listed(raw, "campaigns", file, problems)
    whole = {
        where: campaign
        for i, each in enumerate(campaigns)
        for where in [f"{file}: campaigns[{i}]"]
        if (campaign := _checked(CampaignConfig, each, where, problems)) is not None
    }
    days = {
        f"{file}: member_days[{i}]": each
        for i, each in enumerate(_listed(raw, "member_days", file, problems))
    }
    for where, each in days.items():
        _checked(MemberDayConfig, each, where, problems)
    days = {where: each for where, each in days.items() if isinstance(each, Mapping)}
    problems += campaign_faults(whole, days, tiers)
    return problems + _twice(campaigns, f"{file}: campaigns")


def _trigger_problems(
    raw: Mapping[str, Any], known: Names, file: str, minor_units: int
) -> list[str]:
    problems: list[str] = []
    festivals = _listed(raw, "festivals", file, problems)
    for i, each in enumerate(festivals):
        _checked(FestivalConfig, each, f"{file}: festivals[{i}]", problems)
    problems += _twice(festivals, f"{file}: festivals")
    triggers = _listed(raw, "triggers", file, problems)
    where = f"{file}: triggers"
    problems += _condition_problems(TriggerConfig, triggers, known, where, minor_units)
    allowed = sorted(set(_names(festivals)))
    for i, each in enumerate(triggers):
        asked = each.get("festivals") if isinstance(each, Mapping) else None
        names = (
            {name for name in asked if isinstance(name, str)}
            if isinstance(asked, list | tuple)
            else set()
        )
        problems += [
            f"{where}[{i}].festivals: {name!r} is no festival; allowed: {', '.join(allowed)}"
            for name in sorted(names - set(allowed))
        ]
    return problems


def _checked(model: type[Section], raw: object, where: str, problems: list[str]) -> Section | None:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        found = faults_in(error)
        found += further_faults(model, raw, found)
        problems += [
            f"{where}{_path(place_of(fault))}: {problem_of(fault, model)}{given_in(fault)}"
            for fault in found
        ]
        return None


def _path(place: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)


def tier_names(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """As far as the section can be read; conditions are checked against it."""
    loyalty = raw.get("loyalty", {})
    tiers = loyalty.get("tiers") if isinstance(loyalty, Mapping) else None
    if not isinstance(tiers, list | tuple):
        return tuple(tier.name for tier in LoyaltyConfig().tiers)
    return _names(tiers)


def stage_names(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Of all `[[life_stages]]`, as far as the section can be read."""
    tables = raw.get("life_stages")
    found = [
        _names(table["stages"])
        for table in (tables if isinstance(tables, list | tuple) else ())
        if isinstance(table, Mapping) and isinstance(table.get("stages"), list | tuple)
    ]
    return tuple(chain.from_iterable(found))


def names_of(config: CustomersConfig) -> Names:
    """What conditions may name."""
    stages = chain.from_iterable(table.stages for table in config.life_stages)
    return Names([tier.name for tier in config.loyalty.tiers], [stage.name for stage in stages])


def segment_names(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """As far as the section can be read."""
    listed = raw.get("segments")
    return _names(listed) if isinstance(listed, list | tuple) else ()


def _names(listed: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(each.get("name")) for each in listed if isinstance(each, Mapping))
