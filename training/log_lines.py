"""The interaction lines of a log: who did what with which item, as rows and numbers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.customers.referrer import referrer_in
from engine.events import EventType
from engine.interactions import InteractionConfig
from engine.types import Instants, Mask, Rows
from training.ragged import by_first_appearance

Keys = NDArray[np.int64]

TYPES: Final = tuple(EventType)
PURCHASE: Final = TYPES.index(EventType.PURCHASE)
REFUND: Final = TYPES.index(EventType.REFUND)
DISLIKE: Final = TYPES.index(EventType.DISLIKE)


@dataclass(frozen=True, slots=True)
class LogLines:
    """One entry a line (n_lines,), in the order of the log, which is by time."""

    rows: Rows
    items: Rows
    at: Instants
    types: Rows  # position in TYPES
    quantities: Rows
    baskets: Rows  # dense, by first appearance; -1 for what is no purchase
    orders: Rows  # as the baskets, and of refunds the basket that they are of, where it is named
    named: Mask  # the log names the order; without, a basket is one instant of one customer

    def taken(self, order: Keys) -> "LogLines":
        return LogLines(*(getattr(self, name)[order] for name in self.__slots__))

    def pair_keys(self, n_items: int) -> Keys:
        """One number for each pair of who and item, in the order of (row, item)."""
        return self.rows.astype(np.int64) * n_items + self.items


def log_lines(
    log: pl.LazyFrame, config: InteractionConfig, customers: pl.Series, items: pl.Series
) -> LogLines:
    """Lines that name an item, of the types that `config` weighs. Customers and items are coded by
    their place in the given ids; visitors without a customer come after the customers.
    """
    wanted = {str(kind): TYPES.index(kind) for kind in config.weights}
    log = log.filter(pl.col("type").is_in(list(wanted)) & pl.col("item_id").is_not_null())
    anonymous = log.filter(pl.col("customer_id").is_null())
    visitors = distinct(anonymous.select("visitor_id"), ())
    frame = (
        _coded(log, customers, "customer", first=0)
        .pipe(_coded, visitors, "visitor", first=len(customers))
        .pipe(_coded, items, "item", first=0)
        .select(
            "order_id",
            row=pl.coalesce("customer", "visitor"),
            item="item",
            at=pl.col("at").dt.epoch("ms"),
            kind=pl.col("type").replace_strict(wanted, return_dtype=pl.Int32),
            quantity=pl.col("quantity").cast(pl.Int32),
            named=pl.col("order_id").is_not_null(),
        )
        .with_columns(basket=_basket())
        .collect()
    )
    kinds = frame["kind"].to_numpy()
    orders = by_first_appearance(frame["basket"].to_numpy()).astype(np.int32)
    return LogLines(
        rows=frame["row"].to_numpy(),
        items=frame["item"].to_numpy(),
        at=frame["at"].to_numpy(),
        types=kinds,
        quantities=frame["quantity"].to_numpy(),
        baskets=np.where(kinds == PURCHASE, orders, np.int32(-1)),
        orders=orders,
        named=frame["named"].to_numpy(),
    )


def _basket() -> pl.Expr:
    """A key of (who, order), or of (who, instant) where no order is named.

    Who is a row, so a visitor and a customer of one id are two, and so are two who use one order
    id. Two of 10 million orders share a key once in 100,000 logs, and then only as a basket.
    """
    order = pl.when("named").then(pl.col("order_id").hash()).otherwise(pl.col("at").hash(1))
    return pl.col("row").hash(2) ^ order


def _coded(log: pl.LazyFrame, ids: pl.Series, name: str, *, first: int) -> pl.LazyFrame:
    """Adds the column `name`: the position of each id, counted from `first`."""
    rows = pl.int_range(first, first + len(ids), dtype=pl.Int32, eager=True).alias(name)
    table = pl.LazyFrame([ids, rows])
    return log.join(table, on=ids.name, how="left", maintain_order="left")


def distinct(column: pl.LazyFrame, extra: Sequence[str]) -> pl.Series:
    named = column.drop_nulls().unique().collect().to_series()
    if extra:
        named = pl.concat([named, pl.Series(named.name, list(extra), pl.String)]).unique()
    return named.sort()


def referrers_told(log: pl.LazyFrame) -> list[str]:
    """Who is told of a newcomer's purchase (F1), whether or not they have a line of their own."""
    if "properties" not in log.collect_schema():
        return []  # a part of a log that says nothing of people
    of_referral = log.filter(pl.col("type") == EventType.REFERRAL)
    lines = of_referral.select("customer_id", "properties", since="at").drop_nulls().collect()
    said = zip(lines["properties"].to_list(), lines["customer_id"].to_list(), strict=True)
    who = [referrer_in(json.loads(text), customer_id) for text, customer_id in said]
    named = (
        lines.select("customer_id", "since", pl.Series("referrer", who, pl.String))
        .drop_nulls()
        .sort("since", "referrer")
        .unique("customer_id", keep="first", maintain_order=True)
    )
    if named.is_empty():
        return []
    bought = log.filter(pl.col("type") == EventType.PURCHASE).select("customer_id", "at")
    told = bought.join(named.lazy(), on="customer_id").filter(pl.col("at") >= pl.col("since"))
    return told.select(pl.col("referrer").unique()).collect().to_series().to_list()
