"""Lost customers on record (L3): when, presumably why, what was tried, what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.customers.bought import bought_of
from engine.customers.facts import History
from engine.customers.lifecycle import LifecycleConfig
from engine.types import DAY_MS

BEFORE_MS: Final = 30 * DAY_MS  # guess: what annoys a customer shows within a month
CAUSES: Final = ("complaint", "refund", "promotion_ended", "unknown")


@dataclass(frozen=True, slots=True)
class Touch:
    """What was tried: a message or an offer that was sent to the customer."""

    at: int
    action: str


@dataclass(frozen=True, slots=True)
class Churn:
    since: int  # the instant from which the customer was dormant
    cause: str  # presumed: one of CAUSES
    tried: tuple[Touch, ...]
    returned_at: int  # 0 = not yet


def churns(
    history: History, touches: Sequence[Touch], config: LifecycleConfig, now: int
) -> tuple[Churn, ...]:
    """Every time the customer went dormant, oldest first."""
    bought = bought_of(history)
    found = []
    for place, at in enumerate(bought.at):
        since = at + config.dormant_days * DAY_MS + 1
        later = bought.at[place + 1] if place + 1 < len(bought.at) else 0
        if since < (later or now + 1):
            until = later or now
            tried = tuple(touch for touch in sorted_touches(touches) if since <= touch.at <= until)
            cause = _cause(history, at, since, promoted=bought.promoted[place] > 0)
            found.append(Churn(since, cause, tried, later))
    return tuple(found)


def sorted_touches(touches: Sequence[Touch]) -> list[Touch]:
    return sorted(touches, key=lambda touch: (touch.at, touch.action))


def _cause(history: History, last_order_at: int, since: int, *, promoted: bool) -> str:
    start = last_order_at - BEFORE_MS
    if any(start <= complaint.at < since for complaint in history.complaints):
        return "complaint"
    if any(start <= refund.at < since for refund in history.refunds):
        return "refund"
    return "promotion_ended" if promoted else "unknown"
