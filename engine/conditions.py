"""The one condition language: of customers (segments, tags, triggers), requests and items (slots).

    { field = "stage", op = "=", value = "dormant" }
    { all = [ … ] }   { any = [ … ] }   { not = { … } }

A condition is checked against a table of fields when a file is read, and compiled to a predicate.
A missing value fails every test, except `known = false`, `!=` and `not_in`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from engine.condition_tests import BUILDERS, OF_SAID, type_of
from engine.errors import ConfigError
from engine.faults import unknown_key
from engine.money import TOO_FINE, in_minor

Subject = TypeVar("Subject")
Value = str | int | float | bool | tuple[Any, ...]
Predicate = Callable[[Subject], bool]

MAX_DEPTH: Final = 20  # decision: nobody reads a deeper condition


class Kind(StrEnum):
    NUMBER = "number"
    MONEY = "money"  # written in the shop's currency, compared in minor units
    TEXT = "text"
    CHOICE = "choice"  # one of a known list of words
    FLAG = "flag"
    LIST = "list"  # several texts
    PATH = "path"  # of a category, which lies below every prefix of its path
    SAID = "attribute"  # JSON, of whatever type; a test that does not suit it is false


@dataclass(frozen=True, slots=True)
class Field(Generic[Subject]):
    """`read` takes the value from whatever a condition is asked about; None is missing."""

    name: str
    kind: Kind
    read: Callable[[Subject], Any]
    choices: tuple[str, ...] = ()  # of a choice or a list; empty = any text


Fields = Mapping[str, Field[Subject]]


@dataclass(frozen=True, slots=True)
class Test(Generic[Subject]):
    field: Field[Subject]
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class All(Generic[Subject]):
    parts: "tuple[Condition[Subject], ...]"


@dataclass(frozen=True, slots=True)
class AnyOf(Generic[Subject]):
    parts: "tuple[Condition[Subject], ...]"


@dataclass(frozen=True, slots=True)
class Not(Generic[Subject]):
    part: "Condition[Subject]"


Condition = Test[Subject] | All[Subject] | AnyOf[Subject] | Not[Subject]

NUMBERS: Final = ("=", "!=", "<", "<=", ">", ">=", "between", "in", "not_in")
WORDS: Final = ("=", "!=", "in", "not_in")
OPERATORS: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        Kind.NUMBER: (*NUMBERS, "known"),
        Kind.MONEY: (*NUMBERS, "known"),
        Kind.TEXT: (*WORDS, "starts_with", "known"),
        Kind.CHOICE: (*WORDS, "known"),
        Kind.FLAG: ("=", "!=", "known"),
        Kind.LIST: ("has", "has_any", "has_all", "known"),
        Kind.PATH: (*WORDS, "within", "known"),
        Kind.SAID: (*NUMBERS, "starts_with", "has", "has_any", "has_all", "known"),
    }
)
SEVERAL: Final = frozenset({"in", "not_in", "has_any", "has_all"})
OF_TEXT: Final = frozenset({"starts_with", "has", "has_any", "has_all"})


def parse(
    raw: object, fields: Fields[Subject], where: str, *, minor_units: int = 2
) -> Condition[Subject]:
    """`where` names file and key. Raises ConfigError with every fault, one a line."""
    condition, problems = read(raw, fields, where, minor_units=minor_units)
    if condition is None:
        raise ConfigError("\n".join(problems))
    return condition


def read(
    raw: object, fields: Fields[Subject], where: str, *, minor_units: int = 2
) -> tuple[Condition[Subject] | None, list[str]]:
    """The condition, or None and every fault of it."""
    reader = _Reader(fields, 10**minor_units, [])
    condition = reader.condition(raw, where, 1)
    return (None if reader.problems else condition), reader.problems


@dataclass(frozen=True, slots=True)
class _Reader(Generic[Subject]):
    fields: Fields[Subject]
    minor: int
    problems: list[str]

    def fault(self, where: str, problem: str) -> Test[Subject] | None:
        """Always None: what a faulty condition is read as."""
        self.problems.append(f"{where}: {problem}")
        return None

    def condition(self, raw: object, where: str, depth: int) -> Condition[Subject] | None:
        if depth > MAX_DEPTH:
            return self.fault(where, f"is nested deeper than {MAX_DEPTH}")
        if not isinstance(raw, Mapping):
            return self.fault(where, "is no condition; write {field, op, value}, all, any or not")
        keys = set(raw)
        if keys == {"all"}:
            parts = self.parts(raw["all"], f"{where}.all", depth)
            return None if parts is None else All(parts)
        if keys == {"any"}:
            parts = self.parts(raw["any"], f"{where}.any", depth)
            return None if parts is None else AnyOf(parts)
        if keys == {"not"}:
            part = self.condition(raw["not"], f"{where}.not", depth + 1)
            return None if part is None else Not(part)
        return self.test(raw, where)

    def parts(self, raw: object, where: str, depth: int) -> tuple[Condition[Subject], ...] | None:
        if not isinstance(raw, list | tuple) or not raw:
            self.fault(where, "is no list of conditions, or an empty one")
            return None
        read = [self.condition(each, f"{where}[{i}]", depth + 1) for i, each in enumerate(raw)]
        whole = tuple(part for part in read if part is not None)
        return whole if len(whole) == len(read) else None

    def test(self, raw: Mapping[str, object], where: str) -> Test[Subject] | None:
        wrong = sorted(set(raw) ^ {"field", "op", "value"})
        if wrong:
            return self.fault(
                where, f"needs exactly field, op and value (wrong: {', '.join(wrong)})"
            )
        name, op, value = raw["field"], raw["op"], raw["value"]
        field = self.fields.get(name) if isinstance(name, str) else None
        if field is None:
            return self.fault(
                f"{where}.field", unknown_key(str(name), sorted(self.fields), "field")
            )
        if op not in OPERATORS[field.kind]:
            allowed = " ".join(OPERATORS[field.kind])
            return self.fault(
                f"{where}.op", f"{op!r} does not suit the {field.kind} {name}; allowed: {allowed}"
            )
        problem, checked = self.value(field, str(op), value)
        if problem is not None:
            return self.fault(f"{where}.value", problem)
        return Test(field, str(op), checked)

    def value(self, field: Field[Subject], op: str, value: object) -> tuple[str | None, Value]:
        if op == "known":
            return (None, value) if isinstance(value, bool) else (f"{value!r} is no flag", False)
        if op not in SEVERAL and op != "between":
            return self.single(field, op, value)
        if not isinstance(value, list | tuple) or not value:
            return f"{value!r} is no list; {op} needs one", ()
        read = [self.single(field, op, each) for each in value]
        faults = [problem for problem, _ in read if problem is not None]
        if faults:
            return "; ".join(faults), ()
        return _in_order(op, tuple(single for _, single in read))

    def single(self, field: Field[Subject], op: str, value: object) -> tuple[str | None, Value]:
        match field.kind:
            case Kind.NUMBER:
                return _number(value)
            case Kind.MONEY:
                return self.money(value)
            case Kind.FLAG:
                return (None, value) if isinstance(value, bool) else (f"{value!r} is no flag", 0)
            case Kind.SAID if not isinstance(value, str):
                return _no_text(op, value)
            case _:
                return _word(value, field.choices)

    def money(self, value: object) -> tuple[str | None, Value]:
        problem, number = _number(value)
        if problem is not None:
            return problem, 0
        minor = in_minor(Decimal(str(number)), self.minor)
        return (f"{value!r} {TOO_FINE}", 0) if minor is None else (None, minor)


def _in_order(op: str, values: tuple[Any, ...]) -> tuple[str | None, Value]:
    if op == "between" and (
        len(values) != 2 or len({*map(type_of, values)}) != 1 or values[0] > values[1]
    ):
        return f"{list(values)} is no pair of lowest and highest", ()
    return None, values


def _number(value: object) -> tuple[str | None, Value]:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18:
        return None, value
    return f"{value!r} is no number", 0


def _no_text(op: str, value: object) -> tuple[str | None, Value]:
    """For an attribute, which may be anything: a number, or a flag where nothing is ordered."""
    if op in OF_TEXT:
        return f"{value!r} is no text", ""
    if isinstance(value, bool) and op in WORDS:
        return None, value
    return _number(value)


def _word(value: object, choices: Sequence[str]) -> tuple[str | None, Value]:
    if not isinstance(value, str):
        return f"{value!r} is no text", ""
    if choices and value not in choices:
        return f"{value!r} is unknown; allowed: {', '.join(choices)}", ""
    return None, value


def compiled(condition: Condition[Subject]) -> Predicate[Subject]:
    """A plain function of the subject; evaluation stops as soon as the answer is sure."""
    match condition:
        case Test(field, op, value):
            build = OF_SAID if field.kind is Kind.SAID else BUILDERS
            return build[op](field.read, value)
        case All(parts):
            return _all(tuple(compiled(part) for part in parts))
        case AnyOf(parts):
            return _any(tuple(compiled(part) for part in parts))
        case Not(part):
            holds = compiled(part)
            return lambda subject: not holds(subject)


def _all(parts: tuple[Predicate[Subject], ...]) -> Predicate[Subject]:
    def holds(subject: Subject) -> bool:
        for part in parts:  # noqa: SIM110 (a generator in all() costs three times as much)
            if not part(subject):
                return False
        return True

    return holds


def _any(parts: tuple[Predicate[Subject], ...]) -> Predicate[Subject]:
    def holds(subject: Subject) -> bool:
        for part in parts:  # noqa: SIM110
            if part(subject):
                return True
        return False

    return holds
