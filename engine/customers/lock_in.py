"""Brands that a customer has settled on (C4): promoted, with their rivals demoted."""

import numpy as np
from pydantic import Field

from engine.catalogue import UNKNOWN, Catalogue
from engine.config import Config
from engine.types import ItemHistory, Rows, Scores


class LockInConfig(Config):
    units: int = Field(default=3, ge=1)  # of one brand in one category
    promoted: float = Field(default=1.5, ge=1)  # guess; factor of what the brand has next
    demoted: float = Field(default=0.5, gt=0, le=1)  # guess; factor of its rivals


def locked_in(history: ItemHistory, catalogue: Catalogue, config: LockInConfig) -> dict[int, int]:
    """Category → the one brand of which so many units were bought; ties lock nothing in."""
    sums: dict[int, dict[int, int]] = {}
    bought = history.bought > 0
    rows = history.rows[bought]
    columns = (catalogue.category[rows], catalogue.brand[rows], history.bought[bought])
    for category, brand, units in zip(*(column.tolist() for column in columns), strict=True):
        if category != UNKNOWN and brand != UNKNOWN:
            of_brand = sums.setdefault(category, {})
            of_brand[brand] = of_brand.get(brand, 0) + units
    settled = {}
    for category, of_brand in sums.items():
        brands = [brand for brand, units in of_brand.items() if units >= config.units]
        if len(brands) == 1:
            settled[category] = brands[0]
    return settled


def lock_in_factors(
    rows: Rows,
    history: ItemHistory,
    catalogue: Catalogue,
    config: LockInConfig,
) -> Scores:
    """What to multiply each candidate's score with; 1 where nothing is settled."""
    settled = locked_in(history, catalogue, config)
    factors = np.ones(len(rows), np.float32)
    if not settled:
        return factors
    categories, brands = catalogue.category[rows], catalogue.brand[rows]
    new = ~np.isin(rows, history.rows[history.bought > 0])
    for category, brand in settled.items():
        inside, own = categories == category, brands == brand
        factors[inside & ~own] = config.demoted
        factors[inside & own & new] = config.promoted
    return factors
