"""Small worlds of events: instants are days since a fixed one, money is in yuan."""

from collections.abc import Sequence
from typing import Any

from engine.customers.config import CustomersConfig
from engine.customers.facts import EMPTY_HISTORY, History
from engine.customers.history import fold_all
from engine.customers.schemes import Schemes, compile_schemes
from engine.customers.state import CustomerState, assess
from engine.customers.thresholds import NO_THRESHOLDS, Thresholds
from engine.events import EventType
from engine.happened import Happened
from engine.types import DAY_MS

START = 1_704_067_200_000  # 2024-01-01 UTC


def at(day: float) -> int:
    return START + round(day * DAY_MS)


def event(kind: EventType, day: float, event_id: str, **more: Any) -> Happened:
    return Happened(event_id=event_id, type=kind, at=at(day), customer_id="ann", **more)


def purchase(day: float, yuan: float, event_id: str | None = None, **more: Any) -> Happened:
    """One line of one unit; its own order unless `order_id` says otherwise."""
    return event(
        EventType.PURCHASE,
        day,
        event_id or f"purchase of {yuan} on {day}",
        item_id="tea",
        unit_price_minor=round(yuan * 100),
        **more,
    )


def refund(day: float, yuan: float, event_id: str | None = None, **more: Any) -> Happened:
    return event(
        EventType.REFUND,
        day,
        event_id or f"refund of {yuan} on {day}",
        item_id="tea",
        unit_price_minor=round(yuan * 100),
        **more,
    )


def history_of(*events: Happened) -> History:
    return fold_all(EMPTY_HISTORY, events)


def schemes(**sections: Any) -> Schemes:
    config = CustomersConfig.model_validate(sections)
    return compile_schemes(config, minor_units=2, time_zone="Asia/Shanghai")


DEFAULTS = schemes()


def state_of(
    events: Sequence[Happened],
    day: float,
    *,
    under: Schemes = DEFAULTS,
    thresholds: Thresholds = NO_THRESHOLDS,
) -> CustomerState:
    return assess(history_of(*events), thresholds, under, at(day))
