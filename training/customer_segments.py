"""Segments of every customer at once: the conditions of `engine.conditions` as column masks."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import polars as pl

from engine.conditions import (
    All,
    AnyOf,
    Condition,
    Field,
    Kind,
    Not,
    Predicate,
    Test,
    compiled,
)
from engine.customers.fields import ATTRIBUTE, MONEY, Facts
from engine.customers.segments import Segment


def _is_in(column: pl.Expr, allowed: Sequence[Any]) -> pl.Expr:
    """Numbers as Python compares them: polars looks for no halves among whole numbers."""
    if isinstance(allowed[0], str):
        return column.is_in(list(allowed))
    return pl.any_horizontal([column.eq(each) for each in allowed])


COMPARE: Final[Mapping[str, Callable[[pl.Expr, Any], pl.Expr]]] = MappingProxyType(
    {
        "=": pl.Expr.eq,
        "<": pl.Expr.lt,
        "<=": pl.Expr.le,
        ">": pl.Expr.gt,
        ">=": pl.Expr.ge,
        "between": lambda column, bounds: column.is_between(*bounds),
        "in": _is_in,
        "starts_with": lambda column, start: column.str.starts_with(start),
        "has": lambda column, wanted: column.list.contains(wanted),
        "has_any": lambda column, wanted: pl.any_horizontal(
            [column.list.contains(each) for each in wanted]
        ),
        "has_all": lambda column, wanted: pl.all_horizontal(
            [column.list.contains(each) for each in wanted]
        ),
    }
)


def mask(condition: Condition[Facts]) -> pl.Expr:
    """True where the condition holds; never null."""
    match condition:
        case Test(field) if field.kind is Kind.SAID:
            return _of_attribute(field, compiled(condition))
        case Test(field, op, value):
            return _test(pl.col(MONEY.get(field.name, field.name)), op, value)
        case All(parts):
            return pl.all_horizontal([mask(part) for part in parts])
        case AnyOf(parts):
            return pl.any_horizontal([mask(part) for part in parts])
        case Not(part):
            return ~mask(part)


def _of_attribute(field: Field[Facts], holds: Predicate[Facts]) -> pl.Expr:
    """Asked once of each value that there is: only JSON knows of which type it is."""
    name = field.name.removeprefix(ATTRIBUTE)

    def held(said: pl.Series) -> pl.Series:
        of = {each: holds({"attributes": {name: each}}) for each in said.unique()}
        return pl.Series([of[each] for each in said], dtype=pl.Boolean)

    return pl.col(field.name).map_batches(held, return_dtype=pl.Boolean)


def _test(column: pl.Expr, op: str, value: Any) -> pl.Expr:
    match op:
        case "known":
            return column.is_not_null() if value else column.is_null()
        case "!=":
            return column.ne_missing(pl.lit(value))
        case "not_in":
            return ~_is_in(column, value).fill_null(value=False)
    held: pl.Expr = COMPARE[op](column, value)
    return held.fill_null(value=False)


def in_segments(states: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """With `segments` (names, in the file's order) and `segment` (place of the first, -1 none)."""
    if not segments:
        nobody = pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first()
        return states.with_columns(nobody.alias("segments"), pl.lit(-1).alias("segment"))
    masks = states.select(
        mask(segment.condition).alias(str(place)) for place, segment in enumerate(segments)
    )
    names = [
        pl.when(str(place)).then(pl.lit(segment.name)) for place, segment in enumerate(segments)
    ]
    table = masks.to_numpy()
    first = np.where(table.any(axis=1), table.argmax(axis=1), -1)
    lists = masks.select(pl.concat_list(names).list.drop_nulls().alias("segments"))
    return states.with_columns(lists["segments"], pl.Series("segment", first))
