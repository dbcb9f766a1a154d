"""Own orders after refunds, of every customer: `engine.customers.bought` as columns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.customers.snapshot import TABLES, CustomerSnapshot

Integers = NDArray[np.int64]

PLACE: Final = {name: place for place, name in enumerate(TABLES)}
COLUMNS: Final = ("at", "key", "gross", "units", "cost", "promoted", "points")


@dataclass(frozen=True, slots=True)
class Kept:
    """Orders that did not come back whole, sorted by customer, instant and key."""

    counts: Integers  # (n,) orders of each customer
    at: Integers  # (n_orders,) and so are the next four
    amount_minor: Integers
    cost_minor: Integers
    units: Integers
    promoted: Integers
    first_at: Integers  # (n,) 0 = never; so is the next
    last_at: Integers
    last_key: Integers  # (n,)
    loose_owner: Integers  # (n_loose,) refunds of no order that is known
    loose_at: Integers
    loose_minor: Integers

    @property
    def stops(self) -> Integers:
        """Where each customer's orders end."""
        return np.cumsum(self.counts)

    def sums(self, values: Integers) -> Integers:
        """The sum of each customer's values, exactly."""
        total = np.zeros(len(values) + 1, np.int64)
        np.cumsum(values, out=total[1:])
        return np.diff(total[np.concatenate(([0], self.stops))])


def kept_orders(people: CustomerSnapshot) -> Kept:
    orders = _frame(people, "orders", COLUMNS)
    refunds = _frame(people, "refunds", ("at", "key", "money", "goods"))
    back = refunds.group_by("row", "key").agg(pl.col("money", "goods").sum())
    gross, left = pl.col("gross"), pl.col("left")
    kept = (
        orders.join(back, on=["row", "key"], how="left", maintain_order="left")
        .with_columns(pl.col("money", "goods").fill_null(0))
        .with_columns(
            (gross - pl.col("money")).alias("amount"),
            (pl.col("units") - pl.col("goods")).clip(lower_bound=0).alias("left"),
        )
        .filter((pl.col("amount") > 0) | ((gross == 0) & (left > 0)))
        .with_columns(
            _share(pl.col("cost"), left, pl.col("units")).alias("cost"),
            pl.min_horizontal("promoted", "left").alias("promoted"),
        )
    )
    loose = refunds.join(orders, on=["row", "key"], how="anti")
    return _as_columns(kept, loose, len(people))


def _share(whole: pl.Expr, part: pl.Expr, of: pl.Expr) -> pl.Expr:
    """⌊whole × part / of⌋ where `whole` × `part` may not fit in 64 bits."""
    return whole // of * part + whole % of * part // of


def owners_of(people: CustomerSnapshot, table: str) -> Integers:
    """The customer of each row of a table."""
    counts = np.diff(people.offsets[:, PLACE[table]])
    return np.repeat(np.arange(len(people)), counts)


def _frame(people: CustomerSnapshot, table: str, names: tuple[str, ...]) -> pl.DataFrame:
    columns = dict(zip(names, getattr(people, table), strict=True))
    return pl.DataFrame({"row": owners_of(people, table), **columns})


def _as_columns(kept: pl.DataFrame, loose: pl.DataFrame, n: int) -> Kept:
    counts = np.bincount(kept["row"].to_numpy(), minlength=n)
    at, key = kept["at"].to_numpy(), kept["key"].to_numpy()
    ordered = np.flatnonzero(counts)
    stops = np.cumsum(counts)[ordered]
    ends = np.zeros((3, n), np.int64)
    ends[:, ordered] = at[stops - counts[ordered]], at[stops - 1], key[stops - 1]
    return Kept(
        counts=counts,
        at=at,
        amount_minor=kept["amount"].to_numpy(),
        cost_minor=kept["cost"].to_numpy(),
        units=kept["left"].to_numpy(),
        promoted=kept["promoted"].to_numpy(),
        first_at=ends[0],
        last_at=ends[1],
        last_key=ends[2],
        loose_owner=loose["row"].to_numpy(),
        loose_at=loose["at"].to_numpy(),
        loose_minor=loose["money"].to_numpy(),
    )
