"""Every item foretold from all others by one ridge regression, in closed form.

Source: Steck, Embarrassingly Shallow Autoencoders for Sparse Data (WWW 2019). For small catalogues:
time grows with the cube of the items, memory with the square.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import spotrf, spotri
from threadpoolctl import threadpool_limits

from engine.errors import ConfigError
from engine.types import Lists, Scores
from training.interactions import Interactions
from training.models.cooccurrence import table
from training.models.gram import counted, unit
from training.models.ridge import RidgeConfig, ends
from training.models.top import best_of_lines

Table = NDArray[np.float32]


def fit(
    data: Interactions, config: RidgeConfig, *, trend: Scores | None = None, threads: int = 2
) -> Lists:
    """Lists by source item, best first; `trend` (n_items,) multiplies the scores of each target.

    `threads` change nothing but the time.
    """
    known = counted(data, config)
    weights = table(known.rows, known.columns, known.scales, threads)
    np.fill_diagonal(weights, known.diagonal + config.ridge * unit(known.diagonal))
    weights = _foretelling(weights)
    scale = ends(known.totals, config, trend)
    weights *= scale.sources[:, np.newaxis]
    weights *= scale.targets
    return best_of_lines(weights, config.neighbours, threads)


def _foretelling(table: Table) -> Table:
    """W = I - P / diag(P) with P the inverse: W[i, j] is what i says of j, 0 of itself."""
    if not len(table):
        return table
    with threadpool_limits(1, "blas"):  # the same bits whatever the machine's cores
        lower, failed = spotrf(table, lower=1)
        inverse, wrong = spotri(lower, lower=1, overwrite_c=1)
    if failed or wrong:
        raise ConfigError("the items' Gram matrix has no inverse: raise similar.ridge.ridge")
    mirrored = np.tril(inverse) + np.tril(inverse, -1).T
    weights: Table = np.asarray(-mirrored / np.diag(inverse), np.float32)
    np.fill_diagonal(weights, 0)
    return weights
