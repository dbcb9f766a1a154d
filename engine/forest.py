"""Gradient-boosted trees as arrays: what a learned ranker is when it serves.

A tree has at most eight leaves, a bit each. A condition that does not hold rules out the leaves of
its left branch; of the leaves that all features leave possible, the first is the tree's answer.
All conditions on one feature are one look-up of where a value stands among its thresholds.
Source: QuickScorer (Lucchese et al., SIGIR 2015).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.text import TextColumn
from engine.types import Vectors

LEAVES: Final = 8
EVERY_LEAF: Final = 2**LEAVES - 1

Floats = NDArray[np.float32]
Masks = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Forests:
    """The trees of several rankers, one after another; each has as many trees, of any number.

    `edges[starts[r, f]:starts[r, f + 1]]` are the thresholds of ranker r on feature f, ascending.
    """

    names: TextColumn  # (n_rankers,)
    features: TextColumn  # (n_features,)
    starts: NDArray[np.int64]  # (n_rankers, n_features + 1)
    edges: Floats  # (n_edges,)
    masks: Masks  # (n_edges + n_rankers × n_features, n_trees) leaves that a value leaves possible
    values: NDArray[np.float32]  # (n_rankers, n_trees, LEAVES)

    def by_name(self) -> dict[str, "Forest"]:
        """Raises ValueError where the arrays do not fit together."""
        rankers, features = len(self.names), len(self.features)
        trees = self.values.shape[1]
        wanted = {
            "starts": (rankers, features + 1),
            "masks": (len(self.edges) + rankers * features, trees),
            "values": (rankers, trees, LEAVES),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"forests: {name} is {getattr(self, name).shape}, not {shape}")
        return {self.names[row]: self._forest(row) for row in range(rankers)}

    def _forest(self, row: int) -> "Forest":
        used, starts = [], self.starts[row]
        for place in range(len(self.features)):
            edges = self.edges[starts[place] : starts[place + 1]]
            if len(edges):
                first = int(starts[place]) + row * len(self.features) + place
                used.append((self.features[place], edges, first))
        values = self.values[row]
        return Forest(
            tuple(name for name, _, _ in used),
            tuple(edges for _, edges, _ in used),
            np.array([first for _, _, first in used], np.intp)[:, np.newaxis],
            self.masks,
            table_of(values),
            np.arange(len(values)) * (EVERY_LEAF + 1),
        )


NO_FORESTS: Final = Forests(
    TextColumn.build(()),
    TextColumn.build(()),
    np.zeros((0, 1), np.int64),
    np.empty(0, np.float32),
    np.empty((0, 0), np.uint8),
    np.empty((0, 0, LEAVES), np.float32),
)


@dataclass(frozen=True, slots=True)
class Forest:
    """One ranker, ready to score. Only its own features matter to it."""

    features: tuple[str, ...]
    edges: tuple[Floats, ...]  # of each feature
    firsts: NDArray[np.intp]  # (n_features, 1) the line of the masks below its first edge
    masks: Masks
    table: NDArray[np.float32]  # (n_trees × 256,) the value of each set of possible leaves
    begins: NDArray[np.intp]  # (n_trees,) of each tree in `table`

    def scores(self, columns: Vectors) -> Floats:
        """(n,) the sum over the trees; `columns` (n_features, n)."""
        if not self.features:
            return np.full(columns.shape[1], self.table.take(EVERY_LEAF + self.begins).sum())
        lines = np.array([e.searchsorted(c) for e, c in zip(self.edges, columns, strict=True)])
        lines += self.firsts
        possible = np.bitwise_and.reduce(self.masks.take(lines, 0), 0)
        found: Floats = self.table.take(possible + self.begins).sum(1)
        return found


def table_of(values: Floats) -> Floats:
    """`values` (n_trees, LEAVES) for each set of possible leaves: that of the first in it."""
    sets = range(EVERY_LEAF + 1)
    first = [(s & -s).bit_length() - 1 if s else 0 for s in sets]
    return values[:, first].ravel()
