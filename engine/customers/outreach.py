"""Who is written to (A1, A2): caps on how often, second waves, and no repeats between lists."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from engine.types import DAY_MS


class CapConfig(BaseModel):
    """At most so many messages to one customer in so many days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: int = Field(default=2, ge=1)  # guess
    days: int = Field(default=7, ge=1)


class OutreachConfig(CapConfig):
    """`[outreach]`: besides the cap, how long an item is not sent again to the same customer."""

    repeat_days: int = Field(default=30, ge=0)  # guess


def under_cap(sent_at: Sequence[int], config: CapConfig, now: int) -> bool:
    start = now - config.days * DAY_MS
    return sum(at > start for at in sent_at) < config.messages


def second_wave(
    shown: Iterable[str], converted: Collection[str], opted_out: Collection[str]
) -> list[str]:
    """Customers whom wave 1 reached without success, by id (A2)."""
    return sorted({who for who in shown if who not in converted and who not in opted_out})


def without_repeats(candidates: Sequence[str], sent: Collection[str], n: int) -> list[str]:
    """The first `n` items that the previous lists did not hold, in order."""
    fresh = [item for item in candidates if item not in sent]
    return fresh[:n]


class Cause(NamedTuple):
    """Why a customer is touched: the same cause never touches twice (A3)."""

    trigger: str
    customer_id: str
    occasion: str  # what makes this time another than the last: a date, an order, a tier


def new_causes(causes: Iterable[Cause], done: Mapping[Cause, int]) -> list[Cause]:
    """Those that did not yet lead to a message, sorted and each once."""
    return sorted({cause for cause in causes if cause not in done})
