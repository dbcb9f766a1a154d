"""How an event lies in Redis: compact JSON without empty fields, the same in stream and tails.

A tail's entry is `<stream id> <event>`, so that what a bundle already holds is passed over
without being parsed.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final, NamedTuple

import orjson

from engine.customers.referrals import Referral, derived
from engine.events import EventType
from engine.happened import Happened

_TYPES: Final = {kind.value: kind for kind in EventType}
_FIELDS: Final = tuple(field.name for field in fields(Happened))
_OMITTED: Final[dict[str, Any]] = {
    field.name: field.default for field in fields(Happened) if field.name != "properties"
}


class StreamId(NamedTuple):
    """Compares as Redis orders its stream: by millisecond, then by number within it."""

    ms: int
    number: int

    def __str__(self) -> str:
        return f"{self.ms}-{self.number}"


BEGINNING: Final = StreamId(0, 0)


def stream_id(text: str | bytes) -> StreamId:
    ms, _, number = text.partition("-" if isinstance(text, str) else b"-")  # type: ignore[arg-type]
    return StreamId(int(ms), int(number or 0))


def pack(event: Happened) -> bytes:
    packed = {
        name: value
        for name in _FIELDS
        if (value := getattr(event, name)) != _OMITTED.get(name) and value != {}
    }
    if event.properties:
        packed["properties"] = dict(event.properties)
    return orjson.dumps(packed)


def unpack(payload: bytes) -> Happened | None:
    """None for what a newer server wrote and this one does not know."""
    try:
        packed = orjson.loads(payload)
        packed["type"] = _TYPES[packed["type"]]
        return Happened(**packed)
    except (ValueError, KeyError, TypeError):
        return None


def tail_events(
    entries: Iterable[bytes], after: StreamId = BEGINNING, customer_id: str | None = None
) -> tuple[Happened, ...]:
    """What was accepted after `after`, in the order of acceptance.

    A starred entry is an order of someone whom `customer_id` referred, and is told as such.
    """
    kept: list[tuple[StreamId, bool, bytes]] = []
    for entry in entries:
        accepted, _, payload = entry.partition(b" ")
        starred = accepted.endswith(b"*")
        at = stream_id(accepted[:-1] if starred else accepted)
        if at > after:
            kept.append((at, starred, payload))
    kept.sort()
    told = (_tell(payload, customer_id if starred else None) for _, starred, payload in kept)
    return tuple(event for event in told if event is not None)


def not_among(entries: Iterable[bytes], others: Iterable[bytes]) -> list[bytes]:
    """Those of `entries` whose event is not one of `others`' own, by its id."""
    own = {_id_part(entry) for entry in others if not is_starred(entry)}
    return [entry for entry in entries if _id_part(entry) not in own]


def is_starred(entry: bytes) -> bool:
    """An order of somebody whom the owner of the tail referred."""
    return entry.partition(b" ")[0].endswith(b"*")


def customer_of(entry: bytes) -> str | None:
    event = unpack(entry.partition(b" ")[2])
    return None if event is None else event.customer_id


def _id_part(entry: bytes) -> bytes:
    """`pack` writes the id first and the type next; within a JSON text no quote stands bare."""
    return entry.partition(b" ")[2].partition(b',"type":')[0]


def _tell(payload: bytes, referrer_id: str | None) -> Happened | None:
    event = unpack(payload)
    if event is None or referrer_id is None:
        return event
    return derived(event, Referral(referrer_id, at=0))
