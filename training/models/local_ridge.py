"""EASE within a neighbourhood: each item is foretold from those that it goes with most.

One small ridge regression an item over its `neighbourhood`, so that it scales to any catalogue.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from engine.types import Lists, Offsets, Rows, Scores
from training.compiled import Block, compiled, in_threads
from training.interactions import Interactions
from training.models.gram import Gram, gram, unit
from training.models.ridge import RidgeConfig, as_lists, ends

BATCH = 128  # systems solved at once: 6 MB at a neighbourhood of 110


@dataclass(frozen=True, slots=True)
class _Systems:
    """One linear system a target: `inner` @ weights = `outer`."""

    members: Rows  # (n, neighbourhood) which items foretell
    sizes: Rows  # (n,) how many of them there are
    inner: NDArray[np.float32]  # (n, neighbourhood, neighbourhood)
    outer: Scores  # (n, neighbourhood)


def fit(
    data: Interactions, config: RidgeConfig, *, trend: Scores | None = None, threads: int = 2
) -> Lists:
    """Lists by source item, best first; `trend` (n_items,) multiplies the scores of each target.

    `threads` change nothing but the time.
    """
    known = gram(data, config, threads=threads)
    members, sizes = _neighbourhoods(known, config.neighbourhood)
    weights = np.zeros(members.shape, np.float32)
    ridge = np.float32(config.ridge * unit(known.diagonal))

    def task(block: Block) -> None:
        part = slice(*block)
        systems = _systems(known, members[part], sizes[part], block[0])
        each = np.arange(systems.inner.shape[1])
        systems.inner[:, each, each] += ridge
        weights[part] = np.linalg.solve(systems.inner, systems.outer[..., np.newaxis])[..., 0]

    starts = range(0, data.n_items, BATCH)
    with threadpool_limits(1, "blas"):
        in_threads(task, [(s, min(s + BATCH, data.n_items)) for s in starts], threads)
    useful = (np.arange(members.shape[1]) < sizes[:, np.newaxis]) & (weights > 0)
    targets = np.nonzero(useful)[0].astype(np.int32)
    scale = ends(known.totals, config, trend)
    return as_lists(members[useful], targets, weights[useful], scale, config.neighbours, threads)


def _neighbourhoods(known: Gram, size: int) -> tuple[Rows, Rows]:
    lines = known.lines
    sizes = np.minimum(np.diff(lines.offsets), size).astype(np.int32)
    width = int(sizes.max(initial=0))
    inside = np.arange(width) < sizes[:, np.newaxis]
    places = lines.offsets[:-1, np.newaxis] + np.arange(width)
    members = np.zeros((known.n_items, width), np.int32)
    members[inside] = lines.rows[places[inside]]
    return members, sizes


def _systems(known: Gram, members: Rows, sizes: Rows, first: int) -> _Systems:
    shape = members.shape
    systems = _Systems(
        members, sizes, np.zeros((*shape, shape[1]), np.float32), np.zeros(shape, np.float32)
    )
    lines = known.lines
    _fill(
        first, members, sizes, lines.offsets, lines.rows, lines.scores, known.diagonal,
        systems.inner, systems.outer, np.full(known.n_items, -1, np.int32),
    )  # fmt: skip
    return systems


@compiled
def _fill(  # noqa: PLR0917  # compiled code takes arrays, not values
    first: int, members: Rows, sizes: Rows,
    offsets: Offsets, rows: Rows, scores: Scores, diagonal: Scores,
    inner: NDArray[np.float32], outer: Scores, place_of: Rows,
) -> None:  # fmt: skip
    """`place_of` is -1 throughout before and after: where an item stands in the neighbourhood."""
    for target in range(len(members)):
        near = members[target, : sizes[target]]
        for place in range(len(near)):
            place_of[near[place]] = place
        for place in range(len(near)):
            line = slice(offsets[near[place]], offsets[near[place] + 1])
            _put(rows[line], scores[line], place_of, inner[target, place])
            _put(rows[line], scores[line], place_of, inner[target, :, place])
            inner[target, place, place] = diagonal[near[place]]
        line = slice(offsets[first + target], offsets[first + target + 1])
        _put(rows[line], scores[line], place_of, outer[target])
        for item in near:
            place_of[item] = -1


@compiled
def _put(rows: Rows, scores: Scores, place_of: Rows, into: Scores) -> None:
    for entry in range(len(rows)):
        place = place_of[rows[entry]]
        if place >= 0:
            into[place] = scores[entry]
