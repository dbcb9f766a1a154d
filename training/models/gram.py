"""How items go together in all histories: the normalised Gram matrix that ridge models solve.

    G[i, j] = d_i^-½ · d_j^-½ · Σ_u d_u^-b · x_ui · x_uj · ½^(gap / half-life)

Both the weights and the decay by gap are kernels, so G stays positive and a ridge makes it sound.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.config import Config
from engine.types import Lists, Scores
from training.interactions import Interactions
from training.models.cooccurrence import (
    CooccurrenceConfig,
    Scales,
    nearest,
    scales,
)
from training.pairs import Pairs, by_item, liked, totals

Floats = NDArray[np.float64]


class GramConfig(Config):
    customer_exponent: float = Field(default=0.5, ge=0, le=2)  # b; 0.3 to 1 measured on three sets
    pair_half_life_days: float = Field(default=30, gt=0)  # measured on online-retail
    pair_half_life_places: float | None = Field(default=None, gt=0)  # of a line without times
    history_limit: int = Field(default=300, ge=2)
    longest_line: int = Field(default=600, ge=1)  # more changes nothing (measured on gowalla)


@dataclass(frozen=True, slots=True)
class Gram:
    """The `longest_line` largest of each line without the diagonal, and the diagonal."""

    lines: Lists
    diagonal: Scores  # (n_items,)
    totals: Floats  # (n_items,) d, 1 for an item that nobody likes

    @property
    def n_items(self) -> int:
        return len(self.diagonal)


@dataclass(frozen=True, slots=True)
class Counted:
    """What both forms of the Gram are made from."""

    rows: Pairs
    columns: Pairs
    scales: Scales
    diagonal: Scores
    totals: Floats


def counted(data: Interactions, config: GramConfig) -> Counted:
    rows = liked(data, config.history_limit)
    columns = by_item(rows)
    even = CooccurrenceConfig(
        customer_exponent=config.customer_exponent,
        source_exponent=0.5,
        target_exponent=0.5,
        pair_half_life_days=config.pair_half_life_days,
        pair_half_life_places=config.pair_half_life_places,
    )
    scale = scales(rows, columns, even)
    squares = np.square(columns.weights) * scale.customers[columns.members]
    diagonal = np.bincount(columns.lines, squares, columns.n_lines) * scale.sources * scale.targets
    sums = totals(columns)
    return Counted(rows, columns, scale, diagonal.astype(np.float32), np.where(sums > 0, sums, 1.0))


def gram(data: Interactions, config: GramConfig, *, threads: int) -> Gram:
    known = counted(data, config)
    longest = min(config.longest_line, data.n_items)
    lines = nearest(known.rows, known.columns, known.scales, longest, threads)
    return Gram(lines, known.diagonal, known.totals)


def unit(diagonal: Scores) -> float:
    """The median of the diagonal of liked items: what a ridge is counted in."""
    alive = diagonal[diagonal > 0]
    return float(np.median(alive)) if len(alive) else 1.0
