"""Faults between keys of a table, which a fault of one key would hide."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator

from engine.faults import KEY, OURS, place_of

BOUNDED: Final = frozenset({"int", "float", "decimal", "str"})
BOUNDS: Final = frozenset({"ge", "gt", "le", "lt", "pattern"})
ROUNDS: Final = 4  # of tables within each other; each round may uncover the one around
AND: Final = "; "  # between several faults of one rule


def further_faults(
    model: type[BaseModel], raw: object, known: Sequence[ErrorDetails]
) -> list[ErrorDetails]:
    """What the model's rules over several keys say beside the `known` faults of `raw`.

    A value out of its bounds is taken as it is written, one that cannot be read as if it were not
    there. What a rule says of a key that has a known fault is left out: it would be a guess.
    """
    found: list[ErrorDetails] = []
    told = {_identity(fault) for fault in known}
    named = {_key(fault) for fault in known} - {""}
    left = deepcopy(raw)
    for _ in range(ROUNDS if named else 0):
        faults = _loosely(model, left)
        found += [each for each in faults if each["type"] == "value_error"]
        if not [each for each in faults if _drop(left, each["loc"])]:
            break
    news = {_identity(each): each for each in found if _identity(each) not in told}
    return [kept for each in news.values() for kept in _but_of(each, named)]


def _loosely(model: type[BaseModel], raw: object) -> list[ErrorDetails]:
    try:
        _loose(model).validate_python(raw)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


@cache
def _loose(model: type[BaseModel]) -> SchemaValidator:
    # else tables within the model would be read by what was built for them, with their bounds
    return SchemaValidator(_unbounded(model.__pydantic_core_schema__), _use_prebuilt=False)


def _unbounded(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return type(schema)(_unbounded(part) for part in schema)
    if not isinstance(schema, Mapping):
        return schema
    bounded = schema.get("type") in BOUNDED
    return {
        key: part if key in ("default", "metadata") else _unbounded(part)
        for key, part in schema.items()
        if not (bounded and key in BOUNDS)
    }


def _drop(raw: object, place: Sequence[int | str]) -> bool:
    """Takes a key away; False for a place of a list, whose other places would have new numbers."""
    *table, key = [part for part in place if part != KEY] or [0]
    for part in table:
        if isinstance(raw, Mapping | list | tuple):
            raw = raw[part]  # type: ignore[index]
    if not isinstance(raw, dict) or key not in raw:
        return False
    del raw[key]
    return True


def _identity(fault: ErrorDetails) -> tuple[tuple[int | str, ...], str]:
    return fault["loc"], fault["msg"]


def _key(fault: ErrorDetails) -> str:
    return next((part for part in reversed(place_of(fault)) if isinstance(part, str)), "")


def _but_of(fault: ErrorDetails, named: set[str]) -> Iterator[ErrorDetails]:
    """The fault without what it says of these keys."""
    of_these = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(named)))})\b")
    parts = fault["msg"].removeprefix(OURS).split(AND)
    kept = [part for part in parts if of_these.search(part) is None]
    if kept:
        yield {**fault, "msg": AND.join(kept)}
