"""What every customer's purchases say of them: `engine.customers.tastes` for all at once."""

from typing import Protocol

import numpy as np
import polars as pl

from engine.catalogue import Catalogue
from engine.types import Offsets, Rows
from training.customer_states import TasteColumns
from training.ragged import rows_of


class Baskets(Protocol):
    """Interactions, or the pairs of a bundle: who bought how many units of what."""

    @property
    def n_customers(self) -> int: ...
    @property
    def offsets(self) -> Offsets: ...
    @property
    def items(self) -> Rows: ...
    @property
    def bought(self) -> Rows: ...


def tastes_of_all(data: Baskets, catalogue: Catalogue) -> TasteColumns:
    """One row a customer, in the order of customers."""
    end = int(data.offsets[data.n_customers])
    held = data.bought[:end] > 0
    items = data.items[:end][held]
    bought = pl.DataFrame(
        {
            "customer": rows_of(data.offsets[: data.n_customers + 1])[held],
            "category": catalogue.category[items],
            "brand": catalogue.brand[items],
            "units": data.bought[:end][held].astype(np.int64),
        }
    )
    everybody = pl.DataFrame({"customer": np.arange(data.n_customers, dtype=np.int32)})
    table = everybody.join(_breadth(bought), "customer", "left", maintain_order="left").join(
        _favourites(bought), "customer", "left", maintain_order="left"
    )
    names = dict(enumerate(catalogue.brands.ids(range(len(catalogue.brands)))))
    return TasteColumns(
        breadth=table["breadth"].fill_null(0).cast(pl.Int64).to_numpy(),
        brand=table["brand"].replace_strict(names, default=None, return_dtype=pl.String),
        brand_share=table["share"].fill_null(0.0).to_numpy(),
    )


def _breadth(bought: pl.DataFrame) -> pl.DataFrame:
    known = bought.filter(pl.col("category") >= 0)
    return known.group_by("customer").agg(breadth=pl.col("category").n_unique())


def _favourites(bought: pl.DataFrame) -> pl.DataFrame:
    """The brand bought most by units (ties by its code), and its share of all the units bought."""
    sums = bought.group_by("customer", "brand").agg(pl.col("units").sum())
    totals = sums.group_by("customer").agg(total=pl.col("units").sum())
    return (
        sums.filter(pl.col("brand") >= 0)
        .sort("customer", "units", "brand", descending=[False, True, False])
        .unique("customer", keep="first", maintain_order=True)
        .join(totals, "customer")
        .select("customer", "brand", share=pl.col("units") / pl.col("total"))
    )
