"""Groups of people: none is told of that is smaller than k."""

from collections.abc import Iterable

import polars as pl


def hide_small(table: pl.DataFrame, k: int, *, count: str = "customers") -> pl.DataFrame:
    """Without the rows of fewer than k people.

    A row of nobody, or of how many is not known, says nothing of anybody.
    """
    told = (pl.col(count) >= k) | (pl.col(count) == 0) | pl.col(count).is_null()
    return table.filter(told)


def in_order(table: pl.DataFrame, column: str, names: Iterable[str]) -> pl.DataFrame:
    """One row a name, in this order; numbers of names that are not there are 0."""
    every = pl.DataFrame({column: list(names)}, schema={column: pl.String})
    numbers = [name for name, kind in table.schema.items() if kind.is_numeric()]
    joined = every.join(table, on=column, how="left", maintain_order="left")
    return joined.with_columns(pl.col(numbers).fill_null(0))


def shares(table: pl.DataFrame, **columns: str) -> pl.DataFrame:
    """New columns, each the share that a row has of the sum of another column."""
    parts = [
        pl.when(pl.col(of).sum() > 0).then(pl.col(of) / pl.col(of).sum()).alias(name)
        for name, of in columns.items()
    ]
    return table.with_columns(parts)
