"""Who is written to (A1, A3): caps on how often, and what a message was sent for."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field

from engine.config import Config
from engine.types import DAY_MS


class CapConfig(Config):
    """At most so many messages to one customer in so many days."""

    messages: int = Field(default=2, ge=1)  # guess
    days: int = Field(default=7, ge=1)


class OutreachConfig(CapConfig):
    """`[outreach]`: besides the cap, how long an item is not sent again to the same customer, and
    how long files of one name are one list.
    """

    repeat_days: int = Field(default=30, ge=0)  # guess
    list_hours: int = Field(default=12, ge=0)  # decision: a list of every day is a new one each day

    @property
    def list_ms(self) -> int:
        return self.list_hours * DAY_MS // 24


def under_cap(sent_at: Sequence[int], config: CapConfig, now: int) -> bool:
    start = now - config.days * DAY_MS
    return sum(at > start for at in sent_at) < config.messages


class Cause(NamedTuple):
    """Why a customer is touched: the same cause never touches twice (A3)."""

    trigger: str
    customer_id: str
    occasion: str  # what makes this time another than the last: a date, an order, a tier
