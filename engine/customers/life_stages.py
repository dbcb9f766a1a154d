"""Life stages (L4): what an attribute such as a baby's date of birth makes of a customer today.

A stage advances with the calendar; no event is needed.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Self
from unicodedata import normalize

import numpy as np
from pydantic import Field, model_validator

from engine.catalogue import Catalogue
from engine.config import Config
from engine.types import Mask, Rows


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


def named_twice(tables: Sequence[Any]) -> Iterator[str]:
    """A stage is known by its name alone. Of tables as they are written, however wrong."""
    first: dict[str, str] = {}
    for i, table in enumerate(tables):
        listed = table.get("stages") if isinstance(table, Mapping) else None
        for k, stage in enumerate(listed if isinstance(listed, list | tuple) else ()):
            name = stage.get("name") if isinstance(stage, Mapping) else None
            place = f"life_stages[{i}].stages[{k}].name"
            if isinstance(name, str) and first.setdefault(name, place) != place:
                yield f"{place}: {name} is the name of {first[name].removesuffix('.name')} already"


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


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom the title of an item names: stages, of one table or of several."""

    stages: frozenset[str]
    tables: frozenset[str]  # all stages of the tables that these are of

    def suits(self, own: Collection[str]) -> bool:
        """Whether such items may be shown to a customer in the stages `own`: any that is named
        will do, and who is in no stage of those tables sees everything."""
        return not self.stages.isdisjoint(own) or self.tables.isdisjoint(own)


def meant_for(stages: Collection[str], config: Sequence[LifeStageConfig]) -> Meant:
    named = frozenset(stages)
    tables = (frozenset(stage.name for stage in each.stages) for each in config)
    return Meant(named, frozenset().union(*(names for names in tables if names & named)))


@dataclass(frozen=True, slots=True)
class ItemStages:
    """The stages that each item is for. An item for none suits everybody."""

    of: Rows  # (n_items,) places in `meant`; -1 = none
    meant: tuple[Meant, ...]  # each combination of stages once

    def suit(self, rows: Rows, own: Collection[str]) -> Mask:
        """(len(rows),) which may be shown to a customer in the stages `own`."""
        flags = np.array([*(each.suits(own) for each in self.meant), True])  # -1 takes the last
        return flags[self.of[rows]]


def item_stages(catalogue: Catalogue, config: Sequence[LifeStageConfig]) -> ItemStages:
    """What the titles say in the categories of each table; one that names two is for both."""
    named: defaultdict[int, set[str]] = defaultdict(set)
    for each in config:
        patterns = [(stage.name, _pattern(stage.words)) for stage in each.stages]
        inside = np.zeros(len(catalogue), np.bool_)
        for path in each.categories:
            inside |= catalogue.within(catalogue.categories.row(path))
        for row in np.flatnonzero(inside).tolist():
            title = normalize("NFKC", catalogue.titles[row]).casefold()
            hits = [name for name, pattern in patterns if pattern.search(title)]
            if hits:
                named[row].update(hits)
    places: dict[frozenset[str], int] = {}
    of = np.full(len(catalogue), -1, np.int32)
    for row in sorted(named):
        of[row] = places.setdefault(frozenset(named[row]), len(places))
    return ItemStages(of, tuple(meant_for(stages, config) for stages in places))


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Whole words: "stage 1" is not in "stage 10", nor "1段" in "11段"."""
    folded = [re.escape(normalize("NFKC", word).casefold()) for word in words]
    return re.compile(rf"(?<![0-9a-z])(?:{'|'.join(folded)})(?![0-9a-z])" if folded else r"(?!)")
