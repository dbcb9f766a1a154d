"""A shop's own settings, read from `config/shop.toml` and kept in each bundle as trained."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator

from engine.config import Config
from engine.customers.config import (
    MOST_DECIMALS,
    CustomersConfig,
    customer_problems,
    segment_names,
    stage_names,
    tier_names,
)
from engine.customers.life_stages import LifeStageConfig, StageConfig
from engine.customers.loyalty import DIAMOND, LoyaltyConfig
from engine.customers.schemes import Schemes, compile_schemes
from engine.customers.segments import SegmentConfig
from engine.errors import ConfigError, FileAway
from engine.faults import faults
from engine.interactions import InteractionConfig

OF_LISTS: Final = frozenset({"outreach", "festivals", "triggers", "tags"})
NO_FOLDER: Final = "name the folder with --config"


class ShopIdentity(Config):
    name: str = Field(default="shop", pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    currency: str = Field(default="CNY", pattern=r"^[A-Z]{3}$")
    minor_units: int = Field(default=2, ge=0, le=4)  # decimals of the currency
    language: Literal["en", "zh"] = "en"  # of reasons, where the request names none
    time_zone: str = "Asia/Shanghai"  # of days, hours and birthdays

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is no time zone; write it like Asia/Shanghai") from error
        return name


class ShopConfig(CustomersConfig):
    """`[shop]`, `[interactions]` and the sections of `engine.customers`."""

    shop: ShopIdentity = ShopIdentity()
    interactions: InteractionConfig = InteractionConfig()


def schemes_of(shop: ShopConfig) -> Schemes:
    """The shop's customer rules, compiled. Raises ConfigError with every segment's faults."""
    identity = shop.shop
    return compile_schemes(shop, minor_units=identity.minor_units, time_zone=identity.time_zone)


def read_toml(path: Path, missing: str = "") -> dict[str, Any]:
    """Raises ConfigError with the file and the place of the fault; FileAway, which is one, where it
    cannot be read.

    `missing` says what to do where there is no such file.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        told = f"{path}: cannot be read: {error.strerror}"
        raise FileAway(f"{told}; {missing}" if missing else told) from error
    except OSError as error:
        raise FileAway(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1} cannot be read"
        raise ConfigError(f"{path}: not TOML in UTF-8: {place}; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        hint = _full_width(path.read_text(encoding="utf-8-sig"), str(error))
        raise ConfigError(f"{path}: not TOML in UTF-8: {error}{hint}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: tables or lists within each other a thousand deep") from error


def _full_width(text: str, problem: str) -> str:
    """What a Chinese keyboard put into the line of the fault, outside of texts."""
    place = re.search(r"at line (\d+)", problem)
    if place is None:  # at the end of the file
        return ""
    line = text.split("\n")[int(place[1]) - 1]
    bare = re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", line)
    found = [each for each in dict.fromkeys(bare) if each in FULL_WIDTH]
    told = ", ".join(f"{each} stands where {FULL_WIDTH[each]} belongs" for each in found)
    return f": line {place[1]}: {told}" if told else ""


FULL_WIDTH: Final = dict(zip("，“”‘’＝［］｛｝【】．", ",\"\"''=[]{}[].", strict=True))


def read_shop(path: Path) -> ShopConfig:
    """Raises ConfigError with every fault of the file, one a line."""
    return check_shop(read_toml(path, NO_FOLDER), path.name)


def as_far_as_read(path: Path) -> ShopConfig:
    """What another file may name of a shop.toml, also of one with faults: tiers, life stages
    and segments.

    What cannot be read at all is known by no name, and then any name is good.
    """
    try:
        return read_shop(path)
    except ConfigError:
        raw = _toml_of(path)
    tiers = [DIAMOND.model_copy(update={"name": name}) for name in tier_names(raw)]
    stages = [StageConfig.model_construct(name=name, from_months=0) for name in stage_names(raw)]
    segments = [
        SegmentConfig.model_construct(name=name, label=DIAMOND.label, when={})
        for name in segment_names(raw)
    ]
    return ShopConfig.model_construct(
        shop=ShopIdentity.model_construct(minor_units=MOST_DECIMALS),
        loyalty=LoyaltyConfig.model_construct(tiers=tuple(tiers)),
        segments=tuple(segments),
        life_stages=(LifeStageConfig.model_construct(attribute="", stages=tuple(stages)),),
    )


def _toml_of(path: Path) -> Mapping[str, Any]:
    try:
        return read_toml(path)
    except ConfigError:
        return {"loyalty": {"tiers": []}}


def check_shop(raw: Mapping[str, Any], file: str) -> ShopConfig:
    problems = customer_problems(raw, file, _decimals(raw))
    try:
        shop = ShopConfig.model_validate(raw)
    except ValidationError as error:
        own = [fault for fault in faults(error, file, ShopConfig) if not _said(fault, problems)]
        raise ConfigError("\n".join([*problems, *own])) from error
    if problems:
        raise ConfigError("\n".join(problems))
    return shop


def _decimals(raw: Mapping[str, Any]) -> int:
    """Of the currency, as far as the section can be read."""
    try:
        return ShopIdentity.model_validate(raw.get("shop", {})).minor_units
    except ValidationError:
        return MOST_DECIMALS


def untrained(now: ShopConfig, trained: ShopConfig, searched: Mapping[str, Any]) -> tuple[str, ...]:
    """Sections that say something else `now` than when a bundle was trained.

    A bundle is served by the rules it was trained with: its segments, tiers and thresholds belong
    together. Currency and minor units are the log's and are not compared, nor is what lists and
    triggers alone follow, who read the file as it is. `searched` is the manifest's account of the
    search, which may have weighed looks otherwise than the file that it began with.
    """
    if "interactions" in searched:
        began = InteractionConfig.model_validate(searched["interactions"])
        trained = trained.model_copy(update={"interactions": began})
    return tuple(
        name
        for name in ShopConfig.model_fields
        if name not in OF_LISTS and _told(now, name) != _told(trained, name)
    )


def _told(shop: ShopConfig, section: str) -> Any:
    ours = {"shop": {"currency", "minor_units"}}
    return shop.model_dump(include={section}, exclude=ours if section == "shop" else None)


def _said(fault: str, problems: Sequence[str]) -> bool:
    """True when the fault's section is among the problems that are told in other words."""
    section = fault.split(": ")[1].split(".", maxsplit=1)[0]
    told = {re.split(r"[.\[]", problem.split(": ")[1], maxsplit=1)[0] for problem in problems}
    return section in told
