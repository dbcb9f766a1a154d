"""Life stages (L4): what an attribute such as a baby's date of birth makes of a customer today.

A stage advances with the calendar; no event is needed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Self
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from engine.catalogue import Catalogue
from engine.config import Config
from engine.types import Mask


class StageConfig(Config):
    """From `from_months` up to the next stage's start, or to `until_months` for the last."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    from_months: int = Field(ge=0, le=1200)
    words: tuple[str, ...] = ()  # in a title they say that the item is for this stage


class LifeStageConfig(Config):
    """One `[[life_stages]]`: stages counted in months from the day that an attribute holds."""

    attribute: str = Field(min_length=1)
    categories: tuple[str, ...] = ()  # where titles are looked at, with all that is below
    stages: tuple[StageConfig, ...] = Field(min_length=1)
    until_months: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        faults = [
            f"{later.name} must begin after {earlier.name}"
            for earlier, later in pairwise(self.stages)
            if later.from_months <= earlier.from_months
        ]
        if any(stage.words for stage in self.stages) and not self.categories:
            faults.append("words need categories, for a word means other things elsewhere")
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
    kin = next((names for each in config if item_stage in (names := _names(each))), [])
    return not set(kin).intersection(stages)


def _names(config: LifeStageConfig) -> list[str]:
    return [stage.name for stage in config.stages]


def item_stages(catalogue: Catalogue, config: Sequence[LifeStageConfig]) -> NDArray[np.int16]:
    """(n_items,) which of all stages, counted through `config`, each item is for; -1 = none."""
    found = np.full(len(catalogue), -1, np.int16)
    first = 0
    for each in config:
        patterns = [_pattern(stage.words) for stage in each.stages]
        inside = np.zeros(len(catalogue), np.bool_)
        for path in each.categories:
            inside |= catalogue.within(catalogue.categories.row(path))
        for row in np.flatnonzero(inside).tolist():
            title = normalize("NFKC", catalogue.titles[row]).casefold()
            hits = [place for place, pattern in enumerate(patterns) if pattern.search(title)]
            if len(hits) == 1:  # a title that names two stages suits both
                found[row] = first + hits[0]
        first += len(each.stages)
    return found


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Whole words: "stage 1" is not in "stage 10", nor "1段" in "11段"."""
    folded = [re.escape(normalize("NFKC", word).casefold()) for word in words]
    return re.compile(rf"(?<![0-9a-z])(?:{'|'.join(folded)})(?![0-9a-z])" if folded else r"(?!)")


def barred_stages(stages: Sequence[str], config: Sequence[LifeStageConfig]) -> Mask:
    """One flag a stage as `item_stages` counts them, and False for -1 at the end."""
    names = [name for each in config for name in _names(each)]
    return np.array([*(not suits(name, stages, config) for name in names), False])
