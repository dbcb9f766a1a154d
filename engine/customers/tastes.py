"""What a customer's items say about the customer; the only part that needs the catalogue."""

from dataclasses import dataclass
from typing import Final

from engine.catalogue import Catalogue
from engine.types import ItemHistory


@dataclass(frozen=True, slots=True)
class Tastes:
    breadth: int = 0  # categories bought from
    brand: str | None = None  # the one bought most, by units; ties by its code
    brand_share: float = 0.0  # its share of the units bought


NO_TASTES: Final = Tastes()


def tastes_of(history: ItemHistory, catalogue: Catalogue) -> Tastes:
    held = (history.bought > 0).nonzero()[0]
    if not len(held):
        return NO_TASTES
    rows, units = history.rows[held], history.bought[held].tolist()
    breadth = len(set(catalogue.category[rows].tolist()) - {-1})
    if not len(catalogue.brands):
        return Tastes(breadth)
    sums: dict[int, int] = {}
    for brand, bought in zip(catalogue.brand[rows].tolist(), units, strict=True):
        sums[brand] = sums.get(brand, 0) + bought
    sums.pop(-1, None)
    if not sums:
        return Tastes(breadth)
    best = min(sums, key=lambda brand: (-sums[brand], brand))
    return Tastes(breadth, catalogue.brands.id(best), sums[best] / sum(units))
