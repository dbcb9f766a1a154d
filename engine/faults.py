"""What is wrong with a configuration, in words: one line a fault, with the place of it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.errors import ConfigError
from engine.nearest import NO_OTHERS, nearest

Read = TypeVar("Read")
KEY: Final = "[key]"  # the last part of a place in pydantic, where the key itself is wrong
QUOTED: Final = re.compile(r"'([^']*)'")
OURS: Final = "Value error, "  # what pydantic writes before the words of a rule of ours


class Faults:
    """Of several files, to be told together."""

    def __init__(self) -> None:
        self._errors: list[ConfigError] = []

    def of(self, read: Callable[[], Read]) -> Read | None:
        """What is read; None for what has faults."""
        try:
            return read()
        except ConfigError as error:
            self._errors.append(error)
            return None

    def tell(self) -> None:
        """Raises ConfigError with all of them, one a line; nothing where there are none."""
        if self._errors:
            lines = dict.fromkeys(str(error) for error in self._errors)
            raise ConfigError("\n".join(lines)) from self._errors[0]


def faults(error: ValidationError, file: str, model: type[BaseModel]) -> list[str]:
    """One line a fault: file, key, what is wrong. `model` is what was to be read."""
    return [
        f"{file}: {'.'.join(str(part) for part in place_of(fault)) or 'the file'}: "
        f"{problem_of(fault, model)}{given_in(fault)}"
        for fault in faults_in(error)
    ]


def given_in(fault: Mapping[str, Any]) -> str:
    """The word that is none of a choice, and which it may have been meant to be."""
    given = fault["input"]
    if fault["type"] not in {"literal_error", "enum"} or not isinstance(given, str | int | float):
        return ""
    words = tuple(QUOTED.findall(str(fault["ctx"]["expected"])))
    meant = "".join(f"; did you mean {name}?" for name in nearest(str(given), words))
    return f", not {given!r}{meant}"


def faults_in(error: ValidationError) -> list[ErrorDetails]:
    """But that a list is too short, where something of it has a fault and was not counted."""
    found = error.errors(include_url=False)
    places = [fault["loc"] for fault in found]
    return [
        fault
        for fault in found
        if fault["type"] != "too_short"
        or not any(other[: len(fault["loc"])] == fault["loc"] != other for other in places)
    ]


def place_of(fault: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Where it is. One of the whole may name the key that is to be mended, as `field` of its
    context. A key stands for itself, without what pydantic adds to it."""
    named = fault.get("ctx", {}).get("field")
    place = tuple(fault["loc"])
    return (place[:-1] if place[-1:] == (KEY,) else place) or (() if named is None else (named,))


def problem_of(
    fault: Mapping[str, Any], model: type[BaseModel] | None, what: str = "key of this table"
) -> str:
    """A key that there is not is told with those that there are, where the model is given."""
    if fault.get("type") != "extra_forbidden":
        return str(fault["msg"]).removeprefix(OURS)
    *table, key = fault["loc"]
    known = () if model is None else _keys_at(model, table)
    return unknown_key(str(key), known, what) if known else f"{key!r} is no {what}"


def unknown_key(
    key: str, known: Iterable[str], what: str, others: Mapping[str, str] = NO_OTHERS
) -> str:
    """With the nearest of those that there are. `others`: what else they are called."""
    names = tuple(known)
    meant = [f"did you mean {name}? " for name in nearest(key, names, others)]
    return f"{key!r} is no {what}; {''.join(meant)}known: {', '.join(names)}"


def _keys_at(model: type[BaseModel], path: Iterable[int | str]) -> list[str]:
    """The keys of the table at a place of a model."""
    here: Any = model
    for part in path:
        here = _inside(here, part)
    return [name for each in _models(here) for name in each.model_fields]


def _inside(annotation: Any, part: int | str) -> Any:
    """What stands under a key, or in a list."""
    for model in _models(annotation):
        if part in model.model_fields and get_origin(annotation) is not dict:
            return model.model_fields[str(part)].annotation
    return tuple(_models(annotation))  # a place in a list, a name in a table of tables


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an annotation names, however deep."""
    parts = annotation if isinstance(annotation, tuple) else get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in parts:
        yield from _models(part)
