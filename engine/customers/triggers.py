"""Triggers (A3): when a shop writes to a customer by itself, each a condition and an action."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Self

from pydantic import Field, field_validator, model_validator

from engine.conditions import Condition, read
from engine.config import Config
from engine.customers.birthday import month_and_day
from engine.customers.fields import Facts, Names, customer_fields
from engine.customers.labels import Label
from engine.customers.offers import ScarcityConfig

TERMS: Final = (
    "小寒", "大寒", "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至",
    "小暑", "大暑", "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至",
)  # fmt: skip


class On(StrEnum):
    """What brings a trigger about."""

    BIRTHDAY = "birthday"
    FESTIVAL = "festival"
    CARE = "care"  # the first of several units runs out (C2)
    DUE = "due"  # something is to be bought again (C3)
    WAKE_UP = "wake_up"  # no order for long (C5)
    TIER = "tier"  # a tier was reached (P2)


NAMING: Final = (On.CARE, On.DUE)
"""What names items."""


class FestivalConfig(Config):
    """One `[[festivals]]`: `solar` or `lunar` month and day ("08-15"), or a solar `term` (清明).

    A lunar month has 29 or 30 days: "12-last" and "12-30" are both its last day, New Year's Eve.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    label: Label
    solar: str | None = None
    lunar: str | None = Field(default=None, pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|30|last)$")
    term: str | None = None  # one of TERMS

    @field_validator("solar")
    @classmethod
    def _a_day(cls, said: str | None) -> str | None:
        if said is not None and (
            re.fullmatch(r"\d\d-\d\d", said) is None or month_and_day(f'"{said}"') is None
        ):
            raise ValueError(f"{said!r} is no day of a year; write it like 11-11")
        return said

    @model_validator(mode="after")
    def _one(self) -> Self:
        if [self.solar, self.lunar, self.term].count(None) != 2:
            raise ValueError("needs exactly one of solar, lunar and term")
        if self.term is not None and self.term not in TERMS:
            raise ValueError(f"{self.term!r} is no solar term; allowed: {', '.join(TERMS)}")
        return self


class TriggerConfig(Config):
    """One `[[triggers]]`. `when` narrows it to some customers, as in `[[segments]]`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    label: Label
    on: On
    action: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")  # what the message sender does
    days_before: int = Field(default=0, ge=0, le=60)  # of a birthday or a festival
    late_days: int = Field(default=2, ge=0, le=60)  # guess; a job that stood still may catch up
    festivals: tuple[str, ...] = ()  # of [[festivals]]; all of them when left out
    scarce: ScarcityConfig | None = None  # scarce stock is named to the best classes alone (S2)
    when: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _suits(self) -> Self:
        faults = []
        if self.festivals and self.on is not On.FESTIVAL:
            faults.append(f"festivals do not suit on = {self.on.value!r}")
        if self.days_before and self.on not in (On.BIRTHDAY, On.FESTIVAL):
            faults.append(f"days_before does not suit on = {self.on.value!r}")
        if self.scarce is not None and self.on not in NAMING:
            faults.append(f"scarce does not suit on = {self.on.value!r}, which names no item")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def read_trigger_conditions(
    triggers: Sequence[TriggerConfig], names: Names, where: str, *, minor_units: int
) -> tuple[list[Condition[Facts] | None], list[str]]:
    """The condition of each trigger (None: everybody), and every fault."""
    fields, conditions, faults = customer_fields(names), [], []
    for i, trigger in enumerate(triggers):
        condition = None
        if trigger.when is not None:
            place = f"{where}[{i}].when"
            condition, wrong = read(trigger.when, fields, place, minor_units=minor_units)
            faults += wrong
        conditions.append(condition)
    return conditions, faults
