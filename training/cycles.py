"""How long what is bought lasts (C1): learned from intervals between a customer's orders.

The estimate of an item is the median of its intervals per unit: the days between two purchases of
one customer over the units of the earlier one. A median, for a few long pauses must not matter.
Few observations are drawn to the category's median and that to the shop's:
`(k × own + prior × above) / (k + prior)` (shrinkage, James–Stein in spirit; the prior is a guess).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.catalogue import Catalogue
from engine.customers.repurchase import Cycles, RepurchaseConfig
from engine.events import EventType
from engine.types import DAY_MS


def cycles(
    log: pl.LazyFrame, item_ids: Sequence[str], catalogue: Catalogue, config: RepurchaseConfig
) -> Cycles:
    """Days that a purchase of each item lasts; the shop's word goes before what is learned.

    Items without an interval of their own or their category's get `config.cycle_days` a purchase.
    """
    found = _intervals(log, item_ids, catalogue)
    by_item = _medians(found, "item", len(item_ids))
    by_category = _medians(found, "category", len(catalogue.categories))
    above = _of_category(by_category, catalogue.category)
    own, seen = by_item
    known = (seen >= config.observations) | (np.nan_to_num(above) > 0)
    base = np.where(np.isnan(above), config.cycle_days, above)
    learned = (np.nan_to_num(own) * seen + config.prior * base) / np.maximum(seen + config.prior, 1)
    days = np.where(known, learned, config.cycle_days)
    return _configured(days, known, item_ids, catalogue, config)


def _intervals(log: pl.LazyFrame, item_ids: Sequence[str], catalogue: Catalogue) -> pl.DataFrame:
    """One row for each time that a customer bought an item again: days per unit."""
    items = pl.LazyFrame(
        {
            "item_id": list(item_ids),
            "item": range(len(item_ids)),
            "category": catalogue.category.astype(np.int64),
        },
        schema={"item_id": pl.String, "item": pl.Int64, "category": pl.Int64},
    )
    bought = (
        log.filter(
            (pl.col("type") == str(EventType.PURCHASE)) & pl.col("customer_id").is_not_null()
        )
        .join(items, on="item_id")
        .group_by("customer_id", "item", "category", pl.col("at").dt.epoch("ms") // DAY_MS)
        .agg(pl.col("quantity").sum())
        .sort("customer_id", "item", "at")
    )
    group = ["customer_id", "item"]
    gap = (pl.col("at").shift(-1).over(group) - pl.col("at")).alias("gap")
    return (
        bought.with_columns(gap)
        .filter(pl.col("gap").is_not_null())
        .select("item", "category", (pl.col("gap") / pl.col("quantity")).alias("days"))
        .collect()
    )


Medians = tuple[NDArray[np.float64], NDArray[np.int64]]  # NaN without any; how many there were


def _medians(found: pl.DataFrame, by: str, size: int) -> Medians:
    median, seen = np.full(size, np.nan), np.zeros(size, np.int64)
    groups = found.filter(pl.col(by) >= 0).group_by(by).agg(pl.col("days").median(), pl.len())
    rows = groups[by].to_numpy()
    median[rows] = groups["days"].to_numpy()
    seen[rows] = groups["len"].to_numpy()
    return median, seen


def _of_category(by_category: Medians, codes: NDArray[np.int32]) -> NDArray[np.float64]:
    median, _ = by_category
    above = np.full(len(codes), np.nan)
    inside = codes >= 0
    above[inside] = median[codes[inside]]
    return above


def _configured(
    days: NDArray[np.float64],
    known: NDArray[np.bool_],
    item_ids: Sequence[str],
    catalogue: Catalogue,
    config: RepurchaseConfig,
) -> Cycles:
    """The shop's word on a category, then on an item: always per unit."""
    for path, value in config.category_days.items():
        code = catalogue.categories.row(path)
        if code >= 0:
            inside = (catalogue.category >= code) & (
                catalogue.category < catalogue.category_end[code]
            )
            days, known = np.where(inside, value, days), known | inside
    places = {item_id: row for row, item_id in enumerate(item_ids)} if config.item_days else {}
    for item_id, value in config.item_days.items():
        if item_id in places:
            days[places[item_id]], known[places[item_id]] = value, True
    return Cycles(days.astype(np.float32), known)
