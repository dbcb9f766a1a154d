"""One row at a time before the schema itself, for what whole columns could not decide."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from engine.events import AMOUNT_OUT_OF_RANGE, MAX_ID_BYTES, Event, EventType
from engine.faults import place_of, problem_of
from engine.happened import Happened, from_event
from engine.nearest import nearest
from engine.other_names import OTHER_TYPES
from training.log import SCHEMA

TYPES: Final = tuple(str(kind) for kind in EventType)
UNNAMED: Final = "unnamed"  # stands in for an event_id that the importer will make
PROBLEMS: Final = {
    "missing": "missing",
    "enum": "unknown",
    "extra_forbidden": "is_no_field",
    "string_type": "is_no_text",
    "string_too_short": "empty",
    "string_too_long": "too_long",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "timezone_aware": "without_time_zone",
}
OF_THE_WHOLE: Final = {
    "customer_id": "customer_id_missing",
    "item_id": "item_id_missing",
    "unit_price": "unit_price_missing",
    "properties": "properties_wrong",
    "at": "at_out_of_range",
}
"""A fault of the whole event by the field that would mend it."""


def judge(values: Mapping[str, Any], minor_units: int) -> Happened | tuple[str, str]:
    """The event, or the code of the reason and a short detail."""
    try:
        return from_event(Event.model_validate(_to_wire(values, minor_units)), minor_units)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        return _reason(fault), _detail(fault)


def to_row(event: Happened) -> dict[str, Any]:
    """A row of the log; `event_id` is null when it is still to be made."""
    row = {name: getattr(event, name) for name in SCHEMA if name != "properties"}
    properties = to_json(dict(event.properties)).decode("utf-8") if event.properties else None
    event_id = None if event.event_id == UNNAMED else event.event_id
    return row | {"event_id": event_id, "type": str(event.type), "properties": properties}


def _to_wire(values: Mapping[str, Any], minor_units: int) -> dict[str, Any]:
    wire = dict(values)
    if wire.get("event_id") is None:
        wire["event_id"] = UNNAMED
    if "unit_price_minor" in wire:
        wire["unit_price"] = _to_currency(wire.pop("unit_price_minor"), minor_units)
    if isinstance(wire.get("properties"), str):
        wire["properties"] = _parsed(wire["properties"])
    return wire


def _to_currency(minor: object, minor_units: int) -> object:
    try:
        return Decimal(str(minor)).scaleb(-minor_units)
    except InvalidOperation:
        return minor


def _parsed(text: str) -> object:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return text


def _reason(fault: ErrorDetails) -> str:
    if fault["type"] == AMOUNT_OUT_OF_RANGE:
        return AMOUNT_OUT_OF_RANGE
    if not fault["loc"]:
        return OF_THE_WHOLE[str(place_of(fault)[0])]
    field, kind = str(fault["loc"][0]), fault["type"]
    if kind == "value_error":
        return f"{field}_{_problem_of_id(fault['input'])}"
    if field == "properties":
        return "properties_are_no_object"
    fallback = "not_an_instant" if field == "at" else "not_a_number"
    return f"{field}_{PROBLEMS.get(kind, fallback)}"


def _problem_of_id(text: object) -> str:
    size = len(str(text).encode("utf-8", errors="surrogatepass"))
    return "too_long" if size > MAX_ID_BYTES else "empty"


def _detail(fault: ErrorDetails) -> str:
    field = ".".join(map(str, fault["loc"]))
    message = problem_of(fault, None)
    if fault["type"] == "enum" and fault["loc"] == ("type",):
        near = nearest(str(fault["input"]), TYPES, OTHER_TYPES)
        message = "".join(f"did you mean {name}? " for name in near) + message
    given = f"{str(fault['input'])[:60]!r}: " if field and fault["type"] != "missing" else ""
    return f"{field} {given}{message}".strip()
