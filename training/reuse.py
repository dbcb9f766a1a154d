"""Steps that are not done again for the inputs that they had last.

A bundle that differs from the one before in a few settings costs only the steps that ask for those.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from pydantic import BaseModel

P = ParamSpec("P")
T = TypeVar("T")
Inputs = tuple[tuple[object, ...], Mapping[str, object]]
VALUES: Final = (BaseModel, tuple, int, float, str)
"""Compared by what they say; all else, tables above all, is the same only as the same object."""


class Do(Protocol):
    """Calls a step; a step's result depends on its arguments alone, and is never written to."""

    def __call__(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...


def afresh(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return step(*args, **kwargs)


class Reuse:
    """Owns the last result of each step, and no older one: memory is for one bundle."""

    def __init__(self) -> None:
        self._last: dict[Callable[..., Any], tuple[Inputs, Any]] = {}

    def __call__(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        inputs = args, kwargs
        if step in self._last:
            last, result = self._last[step]
            if _same(last, inputs):
                found: T = result
                return found
            del self._last[step], last, result
        found = step(*args, **kwargs)
        self._last[step] = inputs, found
        return found


def _same(one: Inputs, other: Inputs) -> bool:
    (ours, named), (theirs, called) = one, other
    if len(ours) != len(theirs) or named.keys() != called.keys():
        return False
    pairs = [*zip(ours, theirs, strict=True), *((named[key], called[key]) for key in named)]
    return all(a is b or (isinstance(a, VALUES) and a == b) for a, b in pairs)
