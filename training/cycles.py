"""How long what is bought lasts (C1): learned from intervals between a customer's purchases.

An interval is the days from one purchase of an item by a customer to their next one of it. It is
counted per unit where that makes intervals steadier (goods that are used up), else per purchase:
the smaller median absolute deviation of the logarithms wins. The estimate is the median, for a few
long pauses must not matter, and few observations are drawn to the median of the category, that one
to the shop's: `(k × own + prior × above) / (k + prior)` (shrinkage; the prior is a guess).
On online-retail 19–24 % of the items that are bought again are steadier per unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.catalogue import Catalogue
from engine.customers.repurchase import Cycles, RepurchaseConfig
from engine.events import EventType
from engine.types import DAY_MS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Learned:
    """Of each item, each category or of the shop."""

    days: Floats  # median interval, per unit or per purchase; NaN without any
    seen: NDArray[np.int64]  # intervals
    per_unit: Flags


def cycles(
    log: pl.LazyFrame, item_ids: Sequence[str], catalogue: Catalogue, config: RepurchaseConfig
) -> Cycles:
    """Days that a purchase of each item lasts; the shop's word goes before what is learned.

    Where nothing is known of an item, its category or the shop: `config.cycle_days` a purchase.
    """
    found = _intervals(log, item_ids, catalogue)
    shop = _learned(found, pl.lit(0).alias("all"), 1)
    categories = _learned(found, pl.col("category"), len(catalogue.categories))
    items = _learned(found, pl.col("item"), len(item_ids))
    start = Learned(np.array([config.cycle_days]), np.array([1]), np.zeros(1, np.bool_))
    base = _drawn(shop, start, np.zeros(1, np.int64), config)
    middle = _drawn(categories, base, np.zeros(len(categories.days), np.int64), config)
    codes = catalogue.category.astype(np.int64)
    whole = _appended(middle, base)  # what has no category leans on the shop
    last = _drawn(items, whole, np.where(codes < 0, len(middle.days), codes), config)
    return _configured(last.days, last.per_unit, item_ids, catalogue, config)


def _intervals(log: pl.LazyFrame, item_ids: Sequence[str], catalogue: Catalogue) -> pl.DataFrame:
    """One row for each time that a customer bought an item again: days, and days per unit."""
    items = pl.LazyFrame(
        {
            "item_id": list(item_ids),
            "item": range(len(item_ids)),
            "category": catalogue.category.astype(np.int64),
        },
        schema={"item_id": pl.String, "item": pl.Int64, "category": pl.Int64},
    )
    group = ["customer_id", "item"]
    gap = pl.col("at").shift(-1).over(group) - pl.col("at")
    return (
        log.filter(
            (pl.col("type") == str(EventType.PURCHASE)) & pl.col("customer_id").is_not_null()
        )
        .join(items, on="item_id")
        .group_by(*group, "category", pl.col("at").dt.epoch("ms") // DAY_MS)
        .agg(pl.col("quantity").sum())
        .sort("customer_id", "item", "at")
        .with_columns(gap.alias("once"))
        .filter(pl.col("once").is_not_null())
        .select("item", "category", "once", (pl.col("once") / pl.col("quantity")).alias("each"))
        .collect()
    )


def _learned(found: pl.DataFrame, by: pl.Expr, size: int) -> Learned:
    groups = (
        found.group_by(by.alias("group"))
        .agg(
            pl.col("once", "each").median(),
            pl.len().cast(pl.Int64).alias("seen"),
            (_spread("each") < _spread("once")).alias("steadier"),
        )
        .filter(pl.col("group") >= 0)
    )
    days, seen = np.full(size, np.nan), np.zeros(size, np.int64)
    per_unit = np.zeros(size, np.bool_)
    rows, steadier = groups["group"].to_numpy(), groups["steadier"].to_numpy()
    days[rows] = np.where(steadier, groups["each"].to_numpy(), groups["once"].to_numpy())
    seen[rows] = groups["seen"].to_numpy()
    per_unit[rows] = steadier
    return Learned(days, seen, per_unit)


def _spread(column: str) -> pl.Expr:
    logs = pl.col(column).log()
    return (logs - logs.median()).abs().median()


def _drawn(
    own: Learned, above: Learned, group: NDArray[np.int64], config: RepurchaseConfig
) -> Learned:
    """What is known of each, drawn to the group above it.

    One with fewer than `config.observations` intervals, or that is counted in another way than
    its group, is either wholly its own or wholly its group's.
    """
    enough = own.seen >= config.observations
    alike = own.per_unit == above.per_unit[group]
    base, seen = above.days[group], own.seen
    days = np.nan_to_num(own.days)
    mixed = (days * seen + config.prior * base) / np.maximum(seen + config.prior, 1)
    kept = np.where(alike & (seen > 0), mixed, np.where(enough, days, base))
    per_unit = np.where(enough, own.per_unit, above.per_unit[group])
    return Learned(kept, seen, per_unit)


def _appended(some: Learned, one: Learned) -> Learned:
    return Learned(
        np.append(some.days, one.days),
        np.append(some.seen, one.seen),
        np.append(some.per_unit, one.per_unit),
    )


def _configured(
    days: Floats,
    per_unit: Flags,
    item_ids: Sequence[str],
    catalogue: Catalogue,
    config: RepurchaseConfig,
) -> Cycles:
    """The shop's word goes before what is learned, and is always per unit."""
    word = shops_word(item_ids, catalogue, config)
    said = ~np.isnan(word)
    return Cycles(np.where(said, word, days).astype(np.float32), per_unit | said)


def shops_word(item_ids: Sequence[str], catalogue: Catalogue, config: RepurchaseConfig) -> Floats:
    """(n_items,) days by the shop's word on the item, else on its category; else NaN."""
    days = np.full(len(item_ids), np.nan)
    for path, value in config.category_days.items():
        inside = catalogue.within(catalogue.categories.row(path))
        days[inside] = value
    places = {item_id: row for row, item_id in enumerate(item_ids)} if config.item_days else {}
    for item_id, value in config.item_days.items():
        if item_id in places:
            days[places[item_id]] = value
    return days
