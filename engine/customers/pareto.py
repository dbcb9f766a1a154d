"""How much of the revenue the best few bring (V3, 28 原则)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TOP_SHARE = 0.2


class Pareto(NamedTuple):
    top_share: float  # of the revenue, brought by the best 20 %
    people: NDArray[np.float64]  # (n + 1,) share of customers or items, best first, from 0 to 1
    revenue: NDArray[np.float64]  # (n + 1,) the share of the revenue that these bring


def pareto(values: NDArray[np.int64]) -> Pareto:
    """Values below 0 (more refunded than bought) count as 0. All zero without revenue."""
    best = np.sort(np.maximum(values, 0))[::-1]
    total = best.sum()
    people = np.linspace(0, 1, len(best) + 1)
    brought = np.concatenate(([0], np.cumsum(best))) / max(total, 1)
    return Pareto(float(np.interp(TOP_SHARE, people, brought)), people, brought)
