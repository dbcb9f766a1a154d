"""What the two ridge models share: their settings, and weights from the scaled space and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.types import Lists, Rows, Scores
from training.models.gram import GramConfig
from training.models.top import summed
from training.ragged import by_source

Floats = NDArray[np.float64]


class RidgeConfig(GramConfig):
    """S[i, j] = d_i^-s · W[i, j] · d_j^t with W fitted on the normalised Gram.

    s = t = ½ is ridge regression in the plain space; the exponents here were better on gowalla,
    amazon-cds and online-retail together.
    """

    ridge: float = Field(default=10, gt=0)  # in medians of the Gram's diagonal
    source_exponent: float = Field(default=0.2, ge=-1, le=2)  # s
    target_exponent: float = Field(default=0.4, ge=-1, le=2)  # t
    neighbourhood: int = Field(default=100, ge=1)  # of the local model; 100–120 measured
    neighbours: int = Field(default=300, ge=1)


def as_lists(
    sources: Rows, targets: Rows, weights: Scores, ends: "Ends", depth: int, threads: int
) -> Lists:
    """Fitted weights as lists of scores, the best `depth` of each source above 0."""
    scores = weights * ends.sources[sources] * ends.targets[targets]
    lists = by_source(sources, targets, scores, len(ends.sources))
    return summed([(1.0, lists)], depth, threads)


@dataclass(frozen=True, slots=True)
class Ends:
    """What a fitted weight is multiplied with at either end."""

    sources: Scores  # (n_items,) d^-s
    targets: Scores  # (n_items,) d^t, times the trend where there is one


def ends(totals: Floats, config: RidgeConfig, trend: Scores | None) -> Ends:
    rises = 1.0 if trend is None else trend
    return Ends(
        (totals**-config.source_exponent).astype(np.float32),
        (totals**config.target_exponent * rises).astype(np.float32),
    )
