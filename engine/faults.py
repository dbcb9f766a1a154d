"""What is wrong with a configuration, in words: one line a fault, with the place of it."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


def faults(error: ValidationError, file: str, model: type[BaseModel]) -> list[str]:
    """One line a fault: file, key, what is wrong. `model` is what was to be read."""
    return [
        f"{file}: {'.'.join(str(part) for part in fault['loc']) or 'the file'}: "
        f"{problem_of(fault, model)}"
        for fault in error.errors(include_url=False)
    ]


def problem_of(fault: ErrorDetails, model: type[BaseModel]) -> str:
    """A key that there is not is told with those that there are."""
    if fault["type"] != "extra_forbidden":
        return fault["msg"]
    *table, key = fault["loc"]
    return unknown_key(str(key), _keys_at(model, table), "key of this table")


def unknown_key(key: str, known: Iterable[str], what: str) -> str:
    names = list(known)
    meant = [f"did you mean {name}? " for name in get_close_matches(key, names, 1)]
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
