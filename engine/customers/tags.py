"""Tags (标签, A4): given when a condition holds, and gone after their days."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from engine.conditions import Predicate
from engine.customers.fields import Facts
from engine.customers.segments import SegmentConfig
from engine.types import DAY_MS

GOAL: Final = 0.9  # of the orders carry a tag; the rules of the shop


class TagConfig(SegmentConfig):
    """One `[[tags]]`: as a segment, and how many days it stays after its condition last held."""

    days: int = Field(default=30, ge=1, le=3650)


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    holds: Predicate[Facts]
    days: int


def retagged(
    given: Mapping[str, int], facts: Facts, tags: Sequence[Tag], now: int
) -> dict[str, int]:
    """Tag → the instant it expires. One that holds is renewed, one past its days is dropped."""
    kept = {name: until for name, until in given.items() if until > now}
    renewed = {tag.name: now + tag.days * DAY_MS for tag in tags if tag.holds(facts)}
    return dict(sorted({**kept, **renewed}.items()))


def tagged_share(orders: Iterable[str], tagged: Collection[str]) -> float:
    """The share of orders (by their customer) that carry a tag; 0 without orders."""
    customers = list(orders)
    return sum(who in tagged for who in customers) / len(customers) if customers else 0.0
