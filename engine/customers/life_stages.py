"""Life stages (L4): what an attribute such as a baby's date of birth makes of a customer today.

A stage advances with the calendar; no event is needed.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class StageConfig(BaseModel):
    """From `from_months` up to the next stage's start, or to `until_months` for the last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    from_months: int = Field(ge=0, le=1200)


class LifeStageConfig(BaseModel):
    """One `[[life_stages]]`: stages counted in months from the day that an attribute holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribute: str = Field(min_length=1)
    stages: tuple[StageConfig, ...] = Field(min_length=1)
    until_months: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        faults = [
            f"{later.name} must begin after {earlier.name}"
            for earlier, later in pairwise(self.stages)
            if later.from_months <= earlier.from_months
        ]
        if self.until_months is not None and self.until_months <= self.stages[-1].from_months:
            faults.append("until_months must be after the last stage's start")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def months_since(born: date, today: date) -> int:
    """Whole months; one is complete on the same day of a later month."""
    return (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)


def life_stages_of(
    attributes: Mapping[str, str], stages: Sequence[LifeStageConfig], today: date
) -> tuple[str, ...]:
    """The stages a customer is in today, by what their profile says (JSON values)."""
    found = (_stage(attributes.get(each.attribute), each, today) for each in stages)
    return tuple([name for name in found if name is not None])


def _stage(said: str | None, config: LifeStageConfig, today: date) -> str | None:
    born = None if said is None else _day(said)
    if born is None:
        return None
    months = months_since(born, today)
    if config.until_months is not None and months >= config.until_months:
        return None
    reached = [stage.name for stage in config.stages if stage.from_months <= months]
    return reached[-1] if reached else None


def _day(said: str) -> date | None:
    value = json.loads(said)
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def suits(item_stage: str | None, stages: Sequence[str], config: Sequence[LifeStageConfig]) -> bool:
    """Whether an item for `item_stage` may be shown to a customer in `stages`.

    An item for no stage suits everybody; a customer of whom nothing is known sees everything.
    """
    if item_stage is None or item_stage in stages:
        return True
    kin = next(
        (names for each in config if item_stage in (names := {s.name for s in each.stages})), set()
    )
    return not kin.intersection(stages)
