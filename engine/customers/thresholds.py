"""What the whole population says, computed at training and applied to each customer online."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from engine.customers.splits import SplitCuts

NOBODY_REACHES: Final = 2**63 - 1

Cuts = tuple[int, int, int, int]  # the 20, 40, 60 and 80 % quantiles of who ever ordered
Cut = tuple[int, int, int]  # (value_minor, last order's instant, its key) of the last in a class

NO_CUT: Final[Cut] = (NOBODY_REACHES, NOBODY_REACHES, NOBODY_REACHES)
NO_CUTS: Final[Cuts] = (NOBODY_REACHES,) * 4


class Thresholds(BaseModel):
    """Quantiles of buyers for the scores, and where the top classes end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    computed_at: int = 0
    buyers: int = 0  # with an order at any time
    active_buyers: int = 0  # with an order in the window
    recency: Cuts = (-1, -1, -1, -1)  # days
    frequency: Cuts = NO_CUTS
    monetary: Cuts = NO_CUTS
    breadth: Cuts = NO_CUTS
    length: Cuts = NO_CUTS  # days
    classes: tuple[Cut, Cut, Cut] = (NO_CUT, NO_CUT, NO_CUT)  # top, large, medium
    splits: SplitCuts = SplitCuts()
    usual: tuple[int, int, int] = (0, 0, 0)  # medians of active buyers: orders, basket, categories


NO_THRESHOLDS: Final = Thresholds()
"""A population of nobody: everyone who ordered scores 1 and is a small customer."""
