"""Simulated events as the wire knows them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import JsonValue, TypeAdapter

from caini.demo.world import BASKET, CHANNELS, MINOR, TYPES, Simulated
from engine.events import Event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROPERTIES: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


def id_width(simulated: Simulated) -> int:
    """Event ids count up in the order of time, all equally long, so that they sort like it."""
    return len(str(len(simulated.events)))


def wire_events(simulated: Simulated, start: int, stop: int) -> Iterator[Event]:
    """The events of rows start … stop - 1, each checked by the schema."""
    for row in range(start, min(stop, len(simulated.events))):
        yield Event.model_validate(_fields(simulated, row))


def _fields(simulated: Simulated, row: int) -> dict[str, object]:
    events = simulated.events
    order, price = int(events.order[row]), int(events.price[row])
    position = int(events.position[row])
    properties = int(events.properties[row])
    return {
        "event_id": f"e{row:0{id_width(simulated)}d}",
        "type": TYPES[events.kind[row]],
        "at": _EPOCH + timedelta(milliseconds=int(events.at[row])),
        "customer_id": _text(simulated.customers.ids, events.customer[row]),
        "visitor_id": visitor_id(int(events.visitor[row]), order),
        "item_id": _text(simulated.items.ids, events.item[row]),
        "quantity": int(events.quantity[row]),
        "unit_price": None if price < 0 else Decimal(price) / MINOR,
        "order_id": None if order < 0 else f"o{order}",
        "channel": _text(CHANNELS, events.channel[row]),
        "position": None if position < 0 else position,
        "query": _text(simulated.queries, events.query[row]),
        "properties": {}
        if properties < 0
        else _PROPERTIES.validate_json(simulated.properties[properties]),
    }


def visitor_id(visitor: int, order: int) -> str | None:
    """A device's id; an unnamed till receipt is a basket of its own."""
    if visitor == BASKET:
        return f"basket:o{order}"
    return None if visitor < 0 else f"v{visitor}"


def _text(table: Sequence[str], position: int) -> str | None:
    return None if position < 0 else table[position]
