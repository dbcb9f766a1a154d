"""An event as the inside sees it: instants in milliseconds, money in minor units, all checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from engine.events import Event, EventType

NO_PROPERTIES: Final[Mapping[str, JsonValue]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Happened:
    """One checked event. `at` is epoch milliseconds UTC; `unit_price_minor` integer minor units."""

    event_id: str
    type: EventType
    at: int
    customer_id: str | None = None
    visitor_id: str | None = None
    item_id: str | None = None
    quantity: int = 1
    unit_price_minor: int | None = None
    order_id: str | None = None
    channel: str | None = None
    slate_id: str | None = None
    position: int | None = None
    query: str | None = None
    properties: Mapping[str, JsonValue] = field(default_factory=lambda: NO_PROPERTIES)

    @property
    def amount_minor(self) -> int:
        """What the line is worth; 0 without a price."""
        return self.quantity * (self.unit_price_minor or 0)


def from_event(event: Event, minor_units: int) -> Happened:
    """`minor_units` is the number of decimals of the shop's currency (2 for CNY, 0 for JPY)."""
    return Happened(
        event_id=event.event_id,
        type=event.type,
        at=round(event.at.timestamp() * 1000),
        customer_id=event.customer_id,
        visitor_id=event.visitor_id,
        item_id=event.item_id,
        quantity=event.quantity,
        unit_price_minor=to_minor(event.unit_price, minor_units),
        order_id=event.order_id,
        channel=event.channel,
        slate_id=event.slate_id,
        position=event.position,
        query=event.query,
        properties=event.properties or NO_PROPERTIES,
    )


def to_minor(price: Decimal | None, minor_units: int) -> int | None:
    """Half to even, so that rounding many prices has no drift."""
    if price is None:
        return None
    return int(price.scaleb(minor_units).to_integral_value(ROUND_HALF_EVEN))
