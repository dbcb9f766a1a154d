"""Purchases and refunds of a log as lines of money: what every figure of sales is a sum of."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from engine.types import DAY_MS

WEEK_MS: Final = 7 * DAY_MS
PERIOD_MS: Final = 28 * DAY_MS  # decision: four whole weeks, so that weekdays weigh alike
YEAR_MS: Final = 52 * WEEK_MS

AT: Final = pl.col("at")
BOUGHT: Final = pl.col("type") == "purchase"
COUNTRY: Final = pl.col("properties").str.json_path_match("$.country")


@dataclass(frozen=True, slots=True)
class Window:
    """Instants t with start < t <= end."""

    start: int
    end: int

    @property
    def holds(self) -> pl.Expr:
        return (self.start < AT) & (self.end >= AT)

    def before(self, span: int | None = None) -> "Window":
        """The same length, earlier by its own length or by `span`."""
        back = self.end - self.start if span is None else span
        return Window(self.start - back, self.end - back)


def last(span: int, end: int) -> Window:
    return Window(end - span, end)


def trade_of(log: pl.LazyFrame, end: int) -> pl.DataFrame:
    """One row a line: at (epoch ms), customer_id, item_id, order, amount_minor, units, …

    Refunds count below zero, on the day they came; lines without a price count no money.
    """
    sign = pl.when(BOUGHT).then(1).otherwise(-1)
    kind = pl.col("type").cast(pl.String)
    lines = log.filter(kind.is_in(["purchase", "refund"])).with_columns(AT.dt.epoch("ms"))
    order = pl.col("order_id").replace("", None).fill_null(pl.col("event_id"))
    return (
        lines.filter(end >= AT)
        .select(
            "type",
            "at",
            "customer_id",
            "item_id",
            pl.when(BOUGHT).then(order).alias("order"),
            (pl.col("unit_price_minor").fill_null(0) * pl.col("quantity") * sign).alias(
                "amount_minor"
            ),
            (pl.col("quantity") * sign).alias("units"),
            "channel",
            COUNTRY.alias("country"),
        )
        .collect()
    )


SALES: Final = pl.col("amount_minor").sum().alias("sales_minor")
GROSS: Final = pl.col("amount_minor").filter(BOUGHT).sum().alias("gross_minor")
REFUNDS: Final = pl.col("amount_minor").filter(~BOUGHT).sum().neg().alias("refunds_minor")
ORDERS: Final = pl.col("order").drop_nulls().n_unique().cast(pl.Int64).alias("orders")
BUYERS: Final = (
    pl.col("customer_id").filter(BOUGHT).drop_nulls().n_unique().cast(pl.Int64).alias("customers")
)
PEOPLE: Final = (
    pl.coalesce("customer_id", "order", pl.lit("")).n_unique().cast(pl.Int64).alias("people")
)
"""Everybody with a line, for the rule of k: an order without a name counts as one person."""
UNITS: Final = pl.col("units").sum().alias("units")
KNOWN_SALES: Final = (
    pl.col("amount_minor")
    .filter(pl.col("customer_id").is_not_null())
    .sum()
    .alias("known_sales_minor")
)


def first_orders(trade: pl.DataFrame) -> pl.DataFrame:
    """customer_id and the instant of their first purchase."""
    named = trade.filter(BOUGHT & pl.col("customer_id").is_not_null())
    return named.group_by("customer_id").agg(first=AT.min())


def sums(trade: pl.DataFrame, window: Window) -> dict[str, int]:
    """The figures of one window; `new_customers` made their first purchase in it."""
    wanted = [SALES, GROSS, REFUNDS, ORDERS, BUYERS, UNITS, KNOWN_SALES]
    found = trade.filter(window.holds).select(wanted).row(0, named=True)
    firsts = first_orders(trade)["first"]
    fresh = ((firsts > window.start) & (firsts <= window.end)).sum()
    return {name: int(value or 0) for name, value in found.items()} | {"new_customers": int(fresh)}


def ratio(part: float, whole: float) -> float | None:
    """None where there is nothing to compare with."""
    return part / whole if whole > 0 else None


def growth(now: float, before: float) -> float | None:
    """0.1 for a tenth more than before."""
    return now / before - 1 if before > 0 else None
