"""Every item with its sales of the season and the places that it fills."""

from typing import Final

import numpy as np
import polars as pl

from engine.types import DAY_MS
from training.report.shown import Shown
from training.report.trade import BOUGHT, SALES, last

HEAD: Final = 0.2  # of the items that sold: Pareto's share
PRICE_BANDS: Final = 5  # equal parts of the catalogue, the cheapest first
RECENT_MS: Final = 90 * DAY_MS  # decision: a season; what sold in it should be seen


def item_table(
    items: pl.DataFrame, item_trade: pl.DataFrame, shown: Shown, now: int
) -> pl.DataFrame:
    """One row an item: the columns of `items`, with sales, buyers and how often it is shown.

    `shown` counts places in the slots of customers, `anywhere` in all; `ever`: it was ever bought.
    """
    window = last(RECENT_MS, now)
    sold = (
        item_trade.filter(window.holds)
        .group_by("item")
        .agg(
            SALES,
            customers=pl.col("customer_id").filter(BOUGHT).drop_nulls().n_unique().cast(pl.Int64),
        )
    )
    ever = item_trade.group_by("item").agg(ever=BOUGHT.any())
    n_items = len(items)
    table = (
        items.join(sold, on="item", how="left", maintain_order="left")
        .join(ever, on="item", how="left", maintain_order="left")
        .with_columns(
            pl.col("sales_minor", "customers").fill_null(0), pl.col("ever").fill_null(value=False)
        )
        .with_columns(
            shown=pl.Series(shown.personal_places(n_items)).cast(pl.Int64),
            anywhere=pl.Series(shown.places(n_items)).cast(pl.Int64),
        )
    )
    return table.with_columns(head=_head(table), price_band=_price_band(table))


def _head(table: pl.DataFrame) -> pl.Series:
    """The best fifth of the items that sold, ties by row."""
    sales = table["sales_minor"].to_numpy()
    order = np.argsort(-sales, kind="stable")
    head = np.zeros(len(sales), np.bool_)
    head[order[: round(HEAD * (sales > 0).sum())]] = True
    return pl.Series(head)


def _price_band(table: pl.DataFrame) -> pl.Series:
    """1 for the cheapest fifth of the priced items to 5; null without a price."""
    prices = table["price_minor"]
    known = prices.drop_nulls().to_numpy()
    if not len(known):
        return pl.Series([None] * len(prices), dtype=pl.Int64)
    cuts = np.quantile(known, np.linspace(0, 1, PRICE_BANDS + 1)[1:-1], method="lower")
    bands = 1 + np.searchsorted(cuts, prices.fill_null(0).to_numpy(), side="left")
    return pl.Series(bands).set(prices.is_null(), None)
