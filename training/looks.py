"""How much looks (views, clicks, carts …) say beside purchases: one factor on their weights."""

from collections.abc import Callable
from typing import Final

import polars as pl

from engine.events import EventType
from engine.shop import ShopConfig
from training.bank import Bank, marks
from training.search import MARGIN, Trial, best_of
from training.setting import Setting

FACTORS: Final = (0.3, 0.1, 0.0, 3.0)
LOOKS: Final = (
    EventType.VIEW,
    EventType.CLICK,
    EventType.FAVOURITE,
    EventType.CART,
    EventType.UNCART,
    EventType.ENQUIRY,
    EventType.RATING,
)
READ_S: Final = 3e-6  # an event, to be read and counted once more


def with_looks(shop: ShopConfig, factor: float) -> ShopConfig:
    """The shop's weights with those of looks multiplied."""
    if factor == 1:
        return shop
    weights = shop.interactions.weights
    scaled = {kind: weight * (factor if kind in LOOKS else 1) for kind, weight in weights.items()}
    counted = shop.interactions.model_copy(update={"weights": scaled})
    return shop.model_copy(update={"interactions": counted})


def has_looks(log: pl.LazyFrame) -> bool:
    found = log.filter(pl.col("type").is_in([str(kind) for kind in LOOKS])).head(1).collect()
    return found.height > 0


def weigh_looks(
    start: Setting, banks: Callable[[Setting], Bank]
) -> tuple[Setting, tuple[Trial, ...]]:
    """Judged by counting alone, which costs least and takes the weights as they are."""
    plain = start.with_ridge(0).with_share(0)
    entries = [
        (f"looks × {factor:g}", plain.model_copy(update={"looks": factor}))
        for factor in (start.looks, 1.0, *FACTORS)
    ]
    chosen, trials, _ = best_of(entries, lambda one: marks(banks(one), one), MARGIN)
    return start.model_copy(update={"looks": chosen.looks}), tuple(trials)
