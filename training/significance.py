"""How sure a difference is: intervals and paired tests over customers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES: Final = 2000  # Efron and Tibshirani (1993) ask for 1000 and more for an interval
BLOCK: Final = 1_000_000  # numbers drawn at once


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Challenger minus champion, on the same customers."""

    difference: Interval
    p_value: float  # two-sided; that a difference as large comes from swapping labels by chance


def bootstrap(
    values: Floats, rng: np.random.Generator, *, level: float = 0.95, resamples: int = RESAMPLES
) -> Interval:
    """The percentile interval of the mean. Raises ValueError without values."""
    if not len(values):
        raise ValueError("no customers to resample")
    means = np.concatenate(
        [
            values[rng.integers(0, len(values), (size, len(values)))].mean(1)
            for size in _block_sizes(resamples, len(values))
        ]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(values.mean()), float(high))


def compare(
    challenger: Floats, champion: Floats, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> Comparison:
    """Paired: an interval by bootstrap and a randomisation test that swaps the two.

    Source: Smucker, Allan and Carterette (CIKM 2007).
    """
    if len(challenger) != len(champion):
        raise ValueError(f"{len(challenger)} and {len(champion)} customers cannot be paired")
    differences = challenger - champion
    interval = bootstrap(differences, rng, resamples=resamples)
    observed = abs(float(differences.sum())) - 1e-12 * len(differences)
    extreme = sum(
        int((np.abs(_signs(rng, size, len(differences)) @ differences) >= observed).sum())
        for size in _block_sizes(resamples, len(differences))
    )
    return Comparison(interval, (1 + extreme) / (1 + resamples))


def _signs(rng: np.random.Generator, size: int, length: int) -> Floats:
    return rng.choice(np.array([-1.0, 1.0]), (size, length))


def _block_sizes(resamples: int, length: int) -> list[int]:
    size = max(1, BLOCK // max(length, 1))
    return [min(size, resamples - done) for done in range(0, resamples, size)]
