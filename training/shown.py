"""What slates are like beside how many hits they have: for whom they are, and what they bring."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.events import EventType
from engine.types import Rows
from training import metrics
from training.assemble import Source
from training.split import Truth

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Worth:
    """(n_items,) in units of the currency; 0 where nothing is known."""

    prices: Floats
    margins: Floats


def worth_of(bundle: Bundle, past: Source) -> Worth:
    """Prices of the catalogue; margins against the last `unit_cost_minor` that a purchase told."""
    prices = np.maximum(bundle.catalogue.price_minor, 0).astype(np.float64)
    costs = _costs(past.log)
    rows = bundle.items.rows(costs["item_id"].to_list())
    margins = np.zeros(len(prices))
    margins[rows] = prices[rows] - costs["cost"].to_numpy()
    unit = 10**past.header.minor_units
    return Worth(prices / unit, np.where(prices > 0, margins, 0) / unit)


def _costs(log: pl.LazyFrame) -> pl.DataFrame:
    bought = pl.col("type") == str(EventType.PURCHASE)
    said = pl.col("properties").str.json_path_match("$.unit_cost_minor")
    cost = said.cast(pl.Float64, strict=False)
    lines = log.filter(bought).select("item_id", cost=cost).filter(pl.col("cost") >= 0)
    return lines.group_by("item_id").agg(pl.col("cost").last()).sort("item_id").collect()


def shape(slates: Rows, bundle: Bundle) -> dict[str, float]:
    """Coverage, Gini and novelty of what was shown, its bias to the popular, diversity in a slate.

    `slates` (n, k) of item rows, -1 where one ends early. Popularity is the share of customers who
    bought the item, with one more of each, so that none is 0.
    """
    owned = bundle.customer_items.rows[bundle.customer_items.last_bought_at > 0]
    buyers = np.bincount(owned, minlength=len(bundle.items)).astype(np.float64)
    popularity = (buyers + 1) / (len(bundle.customers) + 1)
    biased = len(owned) and (slates >= 0).any()
    return {
        "coverage": metrics.coverage(slates, len(bundle.items)),
        "gini": metrics.gini(slates, len(bundle.items)),
        "novelty_bits": metrics.novelty(slates, popularity),
        "popularity_lift": metrics.popularity_lift(slates, owned, popularity) if biased else 0.0,
        "diversity": metrics.diversity(slates, bundle.factors.item),
    }


def brings(slates: Rows, truth: Truth, worth: Worth) -> dict[str, float]:
    """What the hits of a slate of k are worth, of the mean customer."""
    judged, k = metrics.judge(slates, truth), slates.shape[1]
    values = {f"price@{k}": worth.prices, f"margin@{k}": worth.margins}
    return {
        name: float(metrics.taken(slates, judged, each, k).mean()) if len(slates) else 0.0
        for name, each in values.items()
    }
