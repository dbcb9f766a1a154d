"""What the two ridge models share: their settings, and weights from the scaled space and back."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.types import Lists, Rows, Scores
from training.models.gram import Gram, GramConfig
from training.ragged import cut

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


def by_source(
    sources: Rows, targets: Rows, weights: Scores, gram: Gram, config: RidgeConfig
) -> Lists:
    """Fitted weights as lists of scores, the best `neighbours` of each source above 0."""
    scale = gram.totals
    scores = (
        weights
        * scale[sources] ** -config.source_exponent
        * scale[targets] ** config.target_exponent
    )
    return cut(sources, targets, scores.astype(np.float32), gram.n_items, config.neighbours)
