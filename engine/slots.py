"""Slots are data: what fills a named place on a page, for whom, read from `config/slots.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.catalogue import ItemKind
from engine.conditions import Fields, Predicate, compiled, parse
from engine.errors import ConfigError, UnknownName
from engine.query import Query
from engine.query_fields import query_fields
from engine.retrievers import RETRIEVERS
from engine.shop import ShopConfig, faults, read_toml

MAX_SIZE: Final = 200
Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class Repeat(StrEnum):
    """Whether a bought item may come again."""

    NEVER = "never"
    WHEN_DUE = "when_due"
    ALWAYS = "always"


class Spread(BaseModel):
    """At most so many of one brand or category before the others have had their turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    brand: int | None = Field(default=None, ge=1)
    category: int | None = Field(default=None, ge=1)


class Title(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str


class Slot(BaseModel):
    """One slot as it is for one kind of customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    LAST_RESORT: ClassVar = "popular"  # the one source that knows every item

    title: Title
    size: int = Field(default=20, ge=1, le=MAX_SIZE)
    sources: dict[str, Weight]  # retriever → weight; scores of a source count in its own means
    depth: int = Field(default=100, ge=1, le=5000)  # asked of each source, more when n is large
    repeat: Repeat = Repeat.NEVER
    within_category: bool = False  # only the request's category and what is below it
    kinds: tuple[ItemKind, ...] | None = None  # None: all
    spread: Spread = Spread()
    fallback: tuple[str, ...] = ("popular_in_segment", "popular")

    def depth_for(self, n: int) -> int:
        """Enough to survive the filters: four times what is shown."""
        return max(self.depth, 4 * n)

    @property
    def names(self) -> tuple[str, ...]:
        """Sources and fallbacks, in the order that a pool's `sources` counts them."""
        return (*self.sources, *self.fallback, self.LAST_RESORT)


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """A slot and its variants; the first whose condition holds is taken."""

    name: str
    base: Slot
    variants: tuple[tuple[Predicate[Query], Slot], ...] = ()

    def slot_for(self, query: Query) -> Slot:
        """The base for customers who opted out: their data must not choose."""
        if not query.customer.personal:
            return self.base
        for holds, variant in self.variants:
            if holds(query):
                return variant
        return self.base


Slots = Mapping[str, SlotPlan]


def find_slot(slots: Slots, name: str) -> SlotPlan:
    """Raises UnknownName with the slots that there are."""
    plan = slots.get(name)
    if plan is None:
        raise UnknownName("slot", name, slots)
    return plan


def read_slots(path: Path, shop: ShopConfig) -> Slots:
    """`shop` names the tiers and segments. Raises ConfigError with every fault, one a line."""
    return check_slots(read_toml(path), path.name, shop)


def check_slots(raw: Mapping[str, Any], file: str, shop: ShopConfig) -> Slots:
    reader = _Reader(query_fields(shop), shop.shop.minor_units)
    problems: list[str] = []
    plans: dict[str, SlotPlan] = {}
    for name, table in raw.items():
        where = f"{file}: {name}"
        try:
            plans[name] = reader.plan(name, table, where)
        except ConfigError as error:
            problems.append(str(error))
            continue
        problems += _unknown_sources(plans[name], where)
    if not raw:
        problems.append(f"{file}: names no slot")
    if problems:
        raise ConfigError("\n".join(problems))
    return plans


@dataclass(frozen=True, slots=True)
class _Reader:
    fields: Fields[Query]
    minor_units: int

    def plan(self, name: str, table: object, where: str) -> SlotPlan:
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: must be a table, written [{name}]")
        own = {key: value for key, value in table.items() if key != "overrides"}
        overrides = table.get("overrides", [])
        if not isinstance(overrides, list):
            raise ConfigError(f"{where}: overrides must be written [[{name}.overrides]]")
        variants = [
            self.variant(own, override, f"{where}.overrides[{place}]")
            for place, override in enumerate(overrides)
        ]
        return SlotPlan(name, _slot(own, where), tuple(variants))

    def variant(
        self, base: Mapping[str, Any], override: object, where: str
    ) -> tuple[Predicate[Query], Slot]:
        if not isinstance(override, dict) or "when" not in override or len(override) == 1:
            raise ConfigError(f"{where}: needs `when` and at least one field of the slot to change")
        condition = parse(
            override["when"], self.fields, f"{where}.when", minor_units=self.minor_units
        )
        changes = {key: value for key, value in override.items() if key != "when"}
        return compiled(condition), _slot({**base, **changes}, where)


def _slot(table: Mapping[str, Any], where: str) -> Slot:
    try:
        return Slot.model_validate(table)
    except ValidationError as error:
        raise ConfigError("\n".join(faults(error, where))) from error


def _unknown_sources(plan: SlotPlan, where: str) -> list[str]:
    used = {name for slot in (plan.base, *(v for _, v in plan.variants)) for name in slot.names}
    return [
        f"{where}: unknown source {name!r}; known: {', '.join(sorted(RETRIEVERS))}"
        for name in sorted(used - set(RETRIEVERS))
    ]
