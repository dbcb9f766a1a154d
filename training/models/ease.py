"""Every item foretold from all others by one ridge regression, in closed form.

Source: Steck, Embarrassingly Shallow Autoencoders for Sparse Data (WWW 2019). For small catalogues:
time grows with the cube of the items, memory with the square.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from engine.types import Lists
from training.interactions import Interactions
from training.models.gram import gram
from training.models.ridge import RidgeConfig
from training.ragged import best_of_lines, rows_of

Table = NDArray[np.float32]


def fit(data: Interactions, config: RidgeConfig, *, threads: int = 2) -> Lists:
    """Lists by source item, best first. `threads` change nothing but the time."""
    whole = config.model_copy(update={"longest_line": max(data.n_items, 1)})
    known = gram(data, whole, threads=threads)
    table = np.zeros((data.n_items, data.n_items), np.float32)
    table[rows_of(known.lines.offsets), known.lines.rows] = known.lines.scores
    np.fill_diagonal(table, known.diagonal + config.ridge * known.unit)
    weights = _foretelling(table)
    weights *= (known.totals**-config.source_exponent).astype(np.float32)[:, np.newaxis]
    weights *= (known.totals**config.target_exponent).astype(np.float32)
    return best_of_lines(weights, config.neighbours)


def _foretelling(table: Table) -> Table:
    """W = I - P / diag(P) with P the inverse: W[i, j] is what i says of j, 0 of itself."""
    if not len(table):
        return table
    with threadpool_limits(1, "blas"):  # the same bits whatever the machine's cores
        inverse = cho_solve(cho_factor(table, lower=True), np.eye(len(table), dtype=np.float32))
    weights: Table = np.asarray(-inverse / np.diag(inverse), np.float32)
    np.fill_diagonal(weights, 0)
    return weights
