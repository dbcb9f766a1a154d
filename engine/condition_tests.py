"""What each operator of a condition is: a small function of the value that is asked about."""

import json
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Any, Final

from engine.catalogue import PATH_SEPARATOR

Build = Callable[[Callable[[Any], Any], Any], Callable[[Any], bool]]

# One small function an operator: the path asks some thirty of them at each request.
BUILDERS: Final[Mapping[str, Build]] = MappingProxyType(
    {
        "=": lambda take, value: lambda subject: take(subject) == value,
        "!=": lambda take, value: lambda subject: take(subject) != value,
        "<": lambda take, value: lambda s: (found := take(s)) is not None and found < value,
        "<=": lambda take, value: lambda s: (found := take(s)) is not None and found <= value,
        ">": lambda take, value: lambda s: (found := take(s)) is not None and found > value,
        ">=": lambda take, value: lambda s: (found := take(s)) is not None and found >= value,
        "between": lambda take, bounds: (
            lambda s: (found := take(s)) is not None and bounds[0] <= found <= bounds[1]
        ),
        "in": lambda take, allowed: lambda subject: take(subject) in allowed,
        "not_in": lambda take, allowed: lambda subject: take(subject) not in allowed,
        "starts_with": lambda take, start: (
            lambda s: (found := take(s)) is not None and found.startswith(start)
        ),
        "within": lambda take, path: (
            lambda s: (
                (found := take(s)) is not None
                and (found == path or found.startswith(path + PATH_SEPARATOR))
            )
        ),
        "has": lambda take, wanted: lambda s: (found := take(s)) is not None and wanted in found,
        "has_any": lambda take, wanted: (
            lambda s: (found := take(s)) is not None and any(each in found for each in wanted)
        ),
        "has_all": lambda take, wanted: (
            lambda s: (found := take(s)) is not None and all(each in found for each in wanted)
        ),
        "known": lambda take, value: lambda subject: (take(subject) is not None) is value,
    }
)


def type_of(value: object) -> type:
    """Of what may be compared: a whole number is a number as any, and a flag is none."""
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _is(said: str, value: Any) -> bool:
    """Asked for a text, what is none is taken as it is written: true is "true"."""
    found = json.loads(said)
    if isinstance(value, str) and not isinstance(found, str):
        return said == value
    return type_of(found) is type_of(value) and bool(found == value)


def _is_any(said: str | None, values: tuple[Any, ...]) -> bool:
    return said is not None and any(_is(said, value) for value in values)


def _where(test: Callable[[Any, Any], bool], kind: Callable[[Any], type]) -> Build:
    """`test` of a value of the type that `kind` makes of what is asked; false of others."""

    def build(take: Callable[[Any], Any], value: Any) -> Callable[[Any], bool]:
        wanted = kind(value)

        def holds(subject: Any) -> bool:
            said = take(subject)
            if said is None:
                return False
            found = json.loads(said)
            return type_of(found) is wanted and test(found, value)

        return holds

    return build


def _a_list(_: Any) -> type:
    return list


# Of what a profile says, in JSON: the type of the value decides which tests may hold.
OF_SAID: Final[Mapping[str, Build]] = MappingProxyType(
    {
        "=": lambda take, value: lambda subject: _is_any(take(subject), (value,)),
        "!=": lambda take, value: lambda subject: not _is_any(take(subject), (value,)),
        "in": lambda take, allowed: lambda subject: _is_any(take(subject), allowed),
        "not_in": lambda take, allowed: lambda subject: not _is_any(take(subject), allowed),
        "<": _where(lt, type_of),
        "<=": _where(le, type_of),
        ">": _where(gt, type_of),
        ">=": _where(ge, type_of),
        "between": _where(
            lambda found, bounds: bool(bounds[0] <= found <= bounds[1]),
            lambda bounds: type_of(bounds[0]),
        ),
        "starts_with": _where(str.startswith, type_of),
        "has": _where(lambda found, wanted: wanted in found, _a_list),
        "has_any": _where(lambda found, wanted: any(each in found for each in wanted), _a_list),
        "has_all": _where(lambda found, wanted: all(each in found for each in wanted), _a_list),
        "known": BUILDERS["known"],
    }
)
