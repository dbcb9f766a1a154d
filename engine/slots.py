"""Slots are data: what fills a named place on a page, for whom, read from `config/slots.toml`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, InstanceOf, PlainSerializer, ValidationError, field_validator

from engine.catalogue import ItemKind
from engine.conditions import Fields, Predicate, compiled, read
from engine.config import Config
from engine.customers.lock_in import LockInConfig
from engine.customers.offers import DeliveredValueConfig, ScarcityConfig
from engine.errors import ConfigError, UnknownName
from engine.faults import faults, unknown_key
from engine.item_fields import ItemRule, read_item_rule
from engine.query import Query
from engine.query_fields import query_fields
from engine.retrievers import RETRIEVERS
from engine.shop import NO_FOLDER, ShopConfig, read_toml
from engine.slot_settings import Lead, Share, ShareOf, wrong_shares

MAX_SIZE: Final = 200
A_FIELD: Final = "field of a slot"
Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


ItemsShown = Annotated[InstanceOf[ItemRule], PlainSerializer(lambda rule: json.loads(rule.said))]


class Repeat(StrEnum):
    """Whether a bought item may come again."""

    NEVER = "never"
    WHEN_DUE = "when_due"
    ALWAYS = "always"


class Spread(Config):
    """At most so many of one brand or category before the others have had their turn."""

    brand: int | None = Field(default=None, ge=1)
    category: int | None = Field(default=None, ge=1)


class Title(Config):
    en: str
    zh: str


class Slot(Config):
    """One slot as it is for one kind of customer."""

    LAST_RESORT: ClassVar = "popular"  # the one source that knows every item

    title: Title
    size: int = Field(default=20, ge=1, le=MAX_SIZE)
    sources: dict[str, Weight]  # retriever → weight; scores of a source count in its own means
    depth: int = Field(default=100, ge=1, le=5000)  # of each source, or 4 times n
    repeat: Repeat = Repeat.NEVER
    within_category: bool = False  # only the request's category and what is below it
    kinds: tuple[ItemKind, ...] | None = None  # None: all
    items: ItemsShown | None = None  # what else an item must be; None: anything
    spread: Spread = Spread()
    fallback: tuple[str, ...] = ("popular_in_segment", "popular")
    complaints: bool = True  # what was complained about is hidden, with its like (A5)
    life_stages: bool = True  # items for another life stage are hidden (L4)
    scarce: ScarcityConfig | None = None  # scarce stock is kept for the best classes (S2)
    lock_in: LockInConfig | None = None  # settled brands rise, rivals fall (C4)
    delivered: DeliveredValueConfig | None = None  # what costs much falls, by price band (S4)
    shares: tuple[Share, ...] = ()  # of the places shown (S1, G6)
    lead: Lead | None = None  # what stands before everything else
    ranker: str | None = None  # the slot whose learned ranker orders the best, where it has one

    @field_validator("shares")
    @classmethod
    def _keepable(cls, shares: tuple[Share, ...]) -> tuple[Share, ...]:
        wrong = wrong_shares(shares)
        if wrong is not None:
            raise ValueError(wrong)
        return shares

    @field_validator("sources")
    @classmethod
    def _some(cls, sources: dict[str, float]) -> dict[str, float]:
        if not sources:
            raise ValueError(f"names no source; known: {', '.join(sorted(RETRIEVERS))}")
        return sources

    def depth_for(self, n: int) -> int:
        """Enough to survive the filters: four times what is shown."""
        return max(self.depth, 4 * n)

    @property
    def names(self) -> tuple[str, ...]:
        """All that may give an item, in the order that a pool's `sources` counts them."""
        shares = (self.share_source(share) for share in self.shares)
        return (*self.sources, *self.fallback, self.LAST_RESORT, *shares)

    @staticmethod
    def share_source(share: Share) -> str:
        """Where more of a kind comes from when the sources found too few."""
        return SHARE_SOURCES[share.of]

    @property
    def ruled(self) -> bool:
        """Something is to be done with the finished list."""
        return self.lead is not None or bool(self.shares)


SHARE_SOURCES: Final = {
    ShareOf.ON_SALE: "on_sale",
    ShareOf.NEW: "new_arrivals",
    ShareOf.GOODS: "popular",
    ShareOf.CONTENT: "content",
    ShareOf.SERVICE: "service",
}


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

    @property
    def slots(self) -> tuple[Slot, ...]:
        """As it is for each kind of customer."""
        return (self.base, *(slot for _, slot in self.variants))

    @property
    def rankers(self) -> frozenset[str]:
        """Slots whose learned ranker this one or a variant of it uses."""
        return frozenset(slot.ranker for slot in self.slots if slot.ranker is not None)

    def repeating(self, policy: Repeat) -> "SlotPlan":
        """With another repeat policy, in the slot and all of its variants."""
        return self._with({"repeat": policy})

    def unranked(self) -> "SlotPlan":
        """Without a learned ranker."""
        return self._with({"ranker": None})

    def _with(self, change: Mapping[str, object]) -> "SlotPlan":
        variants = ((holds, slot.model_copy(update=change)) for holds, slot in self.variants)
        return SlotPlan(self.name, self.base.model_copy(update=change), tuple(variants))


Slots = Mapping[str, SlotPlan]


def find_slot(slots: Slots, name: str) -> SlotPlan:
    """Raises UnknownName with the slots that there are."""
    plan = slots.get(name)
    if plan is None:
        raise UnknownName("slot", name, slots)
    return plan


def read_slots(path: Path, shop: ShopConfig) -> Slots:
    """`shop` names the tiers and segments. Raises ConfigError with every fault, one a line."""
    return check_slots(read_toml(path, NO_FOLDER), path.name, shop)


def check_slots(raw: Mapping[str, Any], file: str, shop: ShopConfig) -> Slots:
    named = [name for name, table in raw.items() if not _only_overrides(table)]
    reader = _Reader(query_fields(shop), shop.shop.minor_units, tuple(named), [])
    plans = {name: reader.plan(name, table, f"{file}: {name}") for name, table in raw.items()}
    if not raw:
        reader.problems.append(f"{file}: names no slot")
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return {name: plan for name, plan in plans.items() if plan is not None}


def _only_overrides(table: object) -> bool:
    return isinstance(table, dict) and set(table) == {"overrides"}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads on after a fault, so that all of them are told at once."""

    fields: Fields[Query]
    minor_units: int
    named: tuple[str, ...]  # slots that are more than overrides
    problems: list[str]

    def plan(self, name: str, table: object, where: str) -> SlotPlan | None:
        """None for one that has a fault."""
        if not isinstance(table, dict):
            self.problems.append(f"{where}: must be a table, written [{name}]")
            return None
        if _only_overrides(table):
            known = ", ".join(self.named) or "none"
            self.problems.append(f"{where}: overrides a slot that there is not; known: {known}")
            return None
        own = {key: value for key, value in table.items() if key != "overrides"}
        overrides = table.get("overrides", [])
        if not isinstance(overrides, list):
            self.problems.append(f"{where}: overrides must be written [[{name}.overrides]]")
            overrides = []
        before = len(self.problems)
        base = self.slot(own, where)
        told = [problem.removeprefix(where) for problem in self.problems[before:]]
        variants = [
            self.variant(own, override, f"{where}.overrides[{place}]", told)
            for place, override in enumerate(overrides)
        ]
        whole = tuple(variant for variant in variants if variant is not None)
        return None if base is None else SlotPlan(name, base, whole)

    def variant(
        self, base: Mapping[str, Any], override: object, where: str, told: Sequence[str]
    ) -> tuple[Predicate[Query], Slot] | None:
        """`told`: the base's own faults, which are not told a second time."""
        if not isinstance(override, dict) or "when" not in override or len(override) == 1:
            needed = "needs `when` and at least one field of the slot to change"
            self.problems.append(f"{where}: {needed}")
            return None
        condition, wrong = read(
            override["when"], self.fields, f"{where}.when", minor_units=self.minor_units
        )
        self.problems.extend(wrong)
        before = len(self.problems)
        changes = {key: value for key, value in override.items() if key != "when"}
        slot = self.slot({**base, **changes}, where)
        self.problems[before:] = [
            each for each in self.problems[before:] if each.removeprefix(where) not in told
        ]
        return None if condition is None or slot is None else (compiled(condition), slot)

    def slot(self, table: Mapping[str, Any], where: str) -> Slot | None:
        fields = {key: value for key, value in table.items() if key in Slot.model_fields}
        strange = [key for key in table if key not in fields]
        self.problems.extend(
            f"{where}: {unknown_key(key, Slot.model_fields, A_FIELD)}" for key in strange
        )
        unread = "items" in fields and not self.items(fields, where)
        self.problems.extend(f"{where}: {fault}" for fault in _wrong_names(fields, self.named))
        try:
            slot = Slot.model_validate(fields)
        except ValidationError as error:
            self.problems.extend(faults(error, where, Slot))
            return None
        return None if strange or unread else slot

    def items(self, fields: dict[str, Any], where: str) -> bool:
        """Puts the rule in the place of what is written; nothing and False where it has a fault."""
        rule, wrong = read_item_rule(fields.pop("items"), f"{where}.items", self.minor_units)
        self.problems.extend(wrong)
        fields |= {} if rule is None else {"items": rule}
        return rule is not None


def _wrong_names(fields: Mapping[str, Any], slots: Sequence[str]) -> Iterator[str]:
    """Of sources and of a slot, as they are written, whatever else is wrong."""
    ranker = fields.get("ranker")
    if isinstance(ranker, str) and ranker not in slots:
        yield f"ranker: there is no slot {ranker!r}; known: {', '.join(slots)}"
    sources, fallback, lead = (fields.get(name) for name in ("sources", "fallback", "lead"))
    named = list(sources) if isinstance(sources, dict) else []
    more = fallback if isinstance(fallback, list | tuple) else ()
    for name in sorted({name for name in (*named, *more) if isinstance(name, str)}):
        if name not in RETRIEVERS:
            yield f"unknown source {name!r}; known: {', '.join(sorted(RETRIEVERS))}"
    first = lead.get("source") if isinstance(lead, dict) else None
    if named and isinstance(first, str) and first not in named:
        yield (f"lead.source: {first!r} is not among the slot's sources: {', '.join(named)}")
