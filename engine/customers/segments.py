"""Segments: named conditions over a customer's state, in the order of shop.toml."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from engine.conditions import Condition, Predicate, compiled, read
from engine.config import Config
from engine.customers.fields import Facts, Names, customer_fields
from engine.customers.labels import Label


class SegmentConfig(Config):
    """One `[[segments]]`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    label: Label
    when: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    label: Label
    condition: Condition[Facts]
    holds: Predicate[Facts]


def read_segments(
    segments: Sequence[SegmentConfig], known: Names, where: str, *, minor_units: int
) -> tuple[tuple[Segment, ...], list[str]]:
    """The segments whose condition is right, and every fault of the others."""
    fields = customer_fields(known)
    names = [segment.name for segment in segments]
    faults = [
        f"{where}: {name} is there twice" for name in sorted({*names}) if names.count(name) > 1
    ]
    found = []
    for i, segment in enumerate(segments):
        condition, wrong = read(segment.when, fields, f"{where}[{i}].when", minor_units=minor_units)
        faults += wrong
        if condition is not None:
            found.append(Segment(segment.name, segment.label, condition, compiled(condition)))
    return tuple(found), faults


def matching(facts: Facts, segments: Iterable[Segment]) -> tuple[str, ...]:
    """The names of all segments that the customer is in, in the file's order."""
    return tuple([segment.name for segment in segments if segment.holds(facts)])
