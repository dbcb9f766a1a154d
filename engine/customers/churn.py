"""Lost customers on record (L3): when, presumably why, and whether they came back.

What was sent to them meanwhile is in the ledger of what was sent (`training.sent`).
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from engine.customers.bought import bought_of
from engine.customers.facts import History
from engine.customers.labels import Label
from engine.customers.lifecycle import LifecycleConfig
from engine.types import DAY_MS

BEFORE_MS: Final = 30 * DAY_MS  # guess: what annoys a customer shows within a month
CHURN_CAUSES: Final[Mapping[str, Label]] = {
    "complaint": Label(en="after a complaint", zh="投诉之后"),
    "refund": Label(en="after a refund", zh="退款之后"),
    "promotion_ended": Label(en="last bought on promotion", zh="末次为促销购买"),
    "unknown": Label(en="unknown", zh="不明"),
}


class Churn(NamedTuple):
    since: int  # the instant from which the customer was dormant
    cause: str  # presumed: one of CHURN_CAUSES
    returned_at: int  # 0 = not yet


def churns(history: History, config: LifecycleConfig, now: int) -> tuple[Churn, ...]:
    """Every time the customer went dormant, oldest first."""
    bought = bought_of(history)
    found = []
    for place, at in enumerate(bought.at):
        since = at + config.dormant_days * DAY_MS + 1
        later = bought.at[place + 1] if place + 1 < len(bought.at) else 0
        if since < (later or now + 1):
            cause = _cause(history, at, since, promoted=bought.promoted[place] > 0)
            found.append(Churn(since, cause, later))
    return tuple(found)


def _cause(history: History, last_order_at: int, since: int, *, promoted: bool) -> str:
    if any(last_order_at <= complaint.at < since for complaint in history.complaints):
        return "complaint"  # one from before did not keep them from ordering
    if any(last_order_at - BEFORE_MS <= refund.at < since for refund in history.refunds):
        return "refund"
    return "promotion_ended" if promoted else "unknown"
