"""Frozen values of arrays ↔ named arrays, so that every part of a bundle is stored the same way."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
Array = NDArray[Any]


def flatten(prefix: str, value: object) -> dict[str, Array]:
    """`{"prefix.field": array}`; a field that is itself such a value goes one level down.

    Fields that a value works out for itself are left out.
    """
    if isinstance(value, np.ndarray):
        return {prefix: value}
    if not is_dataclass(value):
        raise TypeError(f"{prefix} is neither an array nor a value of arrays: {type(value)}")
    arrays: dict[str, Array] = {}
    for field in (field for field in fields(value) if field.init):
        arrays |= flatten(f"{prefix}.{field.name}", getattr(value, field.name))
    return arrays


def restore(kind: type[Value], prefix: str, arrays: Mapping[str, Array]) -> Value:
    """The inverse of `flatten`. Raises KeyError with the name of an array that is not there."""
    parts: dict[str, Any] = {}
    hints: dict[str, Any] = get_type_hints(kind)
    for field in (field.name for field in fields(kind) if field.init):  # type: ignore[arg-type]
        hint = hints[field]
        name = f"{prefix}.{field}"
        nested = isinstance(hint, type) and is_dataclass(hint)
        parts[field] = restore(hint, name, arrays) if nested else arrays[name]
    return kind(**parts)
