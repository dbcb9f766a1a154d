"""Events on their way in: each is checked by itself, then all good ones become durable at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.bundle import Bundle
from engine.customers.referral_graph import Edge, edges_above
from engine.events import LINKS, MONEY, SENDABLE, Event, EventType
from engine.faults import place_of, problem_of, unknown_key
from engine.happened import Happened, from_event
from engine.nearest import nearest
from engine.other_names import OTHER_TYPES
from serving.problems import FIELD, field_of
from serving.shop import Shop
from serving.store.packing import pack
from serving.store.referral import told
from serving.store.store import ERASED, Accepting

MAX_PACKED: Final = 16_384  # bytes of one event as kept; decision: properties are notes, not files
MOST_TOLD: Final = 10  # errors of one event
MOST_GUESSED: Final = 5  # decision: names of a batch; to look for the nearest of one takes 0.1 ms
HOUR_MS: Final = 3_600_000
_REFERRING: Final = MONEY | {EventType.REFERRAL}
Status = Literal["accepted", "duplicate", "invalid"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event of a batch."""

    event_id: str | None
    status: Status
    errors: tuple[str, ...] = ()


async def take_in(shop: Shop, raw: Sequence[Any]) -> list[Outcome]:
    """In the order given. StoreError when the store fails: sending all again counts none twice."""
    bundle = shop.bundles.live.bundle
    guessed: set[str] = set()
    checked = [_check(shop, bundle, one, guessed) for one in raw]
    good = [one for one in checked if isinstance(one, Happened)]
    accepted = await shop.store.accept([accepting(bundle, event) for event in good])
    for event, at in zip(good, accepted, strict=True):
        if at:
            shop.consents.note(event, at)
    receipts = iter(accepted)
    outcomes = [
        _outcome(one, next(receipts)) if isinstance(one, Happened) else one for one in checked
    ]
    for status in ("accepted", "duplicate", "invalid"):
        shop.metrics.events.labels(status).inc(sum(one.status == status for one in outcomes))
    return outcomes


def _check(shop: Shop, bundle: Bundle, raw: Any, guessed: set[str]) -> Happened | Outcome:
    try:
        event = from_event(Event.model_validate(raw), bundle.shop.shop.minor_units)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        return _invalid(raw, _told(raw, faults, guessed))
    if event.at > shop.now() + shop.settings.future_hours * HOUR_MS:
        return _invalid(raw, [f"at: is more than {shop.settings.future_hours} hours ahead"])
    if event.type in LINKS:
        return _invalid(raw, [f"type: a {event.type} is told to POST /customers/{event.type}"])
    problem = _unpackable(event) if event.properties else None
    return event if problem is None else _invalid(raw, [problem])


def _told(raw: Any, faults: Sequence[ErrorDetails], guessed: set[str]) -> list[str]:
    """The nearest names are told of an event's type and of its first strange field."""
    strange = next((one for one in faults if one["type"] == "extra_forbidden"), None)
    if strange is not None and not _may_guess(str(strange["loc"][-1]), guessed):
        strange = None
    told = []
    for one in faults[:MOST_TOLD]:
        if one["type"] == "enum" and one["loc"] == ("type",):
            said = _unknown_type(raw["type"], guessed)
        else:
            said = problem_of(one, Event if one is strange else None, FIELD)
        told.append(f"{field_of(place_of(one))}: {said}")
    return told


def _may_guess(name: str, guessed: set[str]) -> bool:
    """Of the first different names of a batch."""
    if name not in guessed and len(guessed) == MOST_GUESSED:
        return False
    guessed.add(name)
    return True


def _unknown_type(sent: Any, guessed: set[str]) -> str:
    """What may not be sent here is not proposed."""
    guess = isinstance(sent, str) and _may_guess(sent, guessed)
    if guess and nearest(sent, SENDABLE, OTHER_TYPES):
        return unknown_key(sent, SENDABLE, "type of event", OTHER_TYPES)
    return f"is none of {', '.join(SENDABLE)}"


def _unpackable(event: Happened) -> str | None:
    try:
        size = len(pack(event))
    except TypeError as error:  # orjson's: a number beyond 64 bits, or nested too deeply
        return f"properties: cannot be kept: {error}"
    return (
        f"properties: the event takes more than {MAX_PACKED} bytes" if size > MAX_PACKED else None
    )


def _invalid(raw: Any, errors: list[str]) -> Outcome:
    named = raw.get("event_id") if isinstance(raw, dict) else None
    return Outcome(named[:256] if isinstance(named, str) else None, "invalid", tuple(errors))


def _outcome(event: Happened, receipt: bytes | None) -> Outcome:
    if receipt == ERASED:
        said = "at: is from before all that was known of this customer was erased"
        return Outcome(event.event_id, "invalid", (said,))
    return Outcome(event.event_id, "duplicate" if receipt is None else "accepted")


def accepting(bundle: Bundle, event: Happened) -> Accepting:
    """The event with what the bundle knows of who referred its customer, and whoever is above."""
    if event.type not in _REFERRING or event.customer_id is None:
        return Accepting(event)
    named = told(event).partition(" ")[2]
    return Accepting(event, known_above(bundle, [event.customer_id, *([named] if named else [])]))


def known_above(bundle: Bundle, names: Iterable[str]) -> dict[str, Edge]:
    """By newcomer; what rings are told by (F1)."""

    def edge_of(newcomer: str) -> Edge | None:
        known = bundle.snapshot.referrer_of(bundle.customers.row(newcomer))
        return Edge(known.at, newcomer, known.referrer_id) if known.referrer_id else None

    return edges_above(names, edge_of)
