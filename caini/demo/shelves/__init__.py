"""What the simulated shop sells: one value a shelf, all brands and titles made up."""

from typing import Final

from caini.demo.shelves import baby, beauty, food, home, leisure
from caini.demo.shelves.shelf import Shelf

SHELVES: Final[tuple[Shelf, ...]] = (
    *baby.SHELVES,
    *food.SHELVES,
    *beauty.SHELVES,
    *home.SHELVES,
    *leisure.SHELVES,
)
POSITIONS: Final = {shelf.code: position for position, shelf in enumerate(SHELVES)}

__all__ = ["POSITIONS", "SHELVES", "Shelf"]
