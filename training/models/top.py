"""The k best of a stream of (row, score), kept in a heap: compiled, ties by row."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import Lists, Offsets, Rows, Scores
from training.compiled import Block, blocks, compiled, in_threads

BLOCKS = 64  # decision: enough that two threads end together


@compiled
def worse(score_a: float, row_a: int, score_b: float, row_b: int) -> bool:
    return score_a < score_b or (score_a == score_b and row_a > row_b)


@compiled
def sift_down(rows: Rows, scores: Scores, start: int, size: int) -> None:
    """Restores the heap (worst on top) below `start`."""
    at = start
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and worse(
            scores[child + 1], rows[child + 1], scores[child], rows[child]
        ):
            child += 1
        if not worse(scores[child], rows[child], scores[at], rows[at]):
            return
        scores[at], scores[child] = scores[child], scores[at]
        rows[at], rows[child] = rows[child], rows[at]
        at = child


@compiled
def sift_up(rows: Rows, scores: Scores, at: int) -> None:
    while at > 0:
        parent = (at - 1) // 2
        if not worse(scores[at], rows[at], scores[parent], rows[parent]):
            return
        scores[at], scores[parent] = scores[parent], scores[at]
        rows[at], rows[parent] = rows[parent], rows[at]
        at = parent


@compiled
def push(rows: Rows, scores: Scores, size: int, row: int, score: float) -> int:
    """Offers one entry to the heap; the new size."""
    if size < len(rows):
        rows[size], scores[size] = row, score
        sift_up(rows, scores, size)
        return size + 1
    if len(rows) and worse(scores[0], rows[0], score, row):
        rows[0], scores[0] = row, score
        sift_down(rows, scores, 0, size)
    return size


@compiled
def sort_best_first(rows: Rows, scores: Scores, size: int) -> None:
    """Empties the heap from its end: the worst goes last."""
    for last in range(size - 1, 0, -1):
        scores[0], scores[last] = scores[last], scores[0]
        rows[0], rows[last] = rows[last], rows[0]
        sift_down(rows, scores, 0, last)


def best_of_lines(table: NDArray[np.float32], depth: int, threads: int) -> Lists:
    """The `depth` best entries above 0 of each line of a dense table, best first, ties by row."""
    found = Room.of(len(table), min(depth, table.shape[1]))

    def task(block: Block) -> None:
        _best_of_block(*block, table, found.rows, found.scores, found.sizes)

    in_threads(task, blocks(np.ones(len(table), np.int64), BLOCKS), threads)
    return found.lists()


def summed(parts: list[tuple[float, Lists]], depth: int, threads: int) -> Lists:
    """Σ weight × lists line by line: the `depth` best above 0, best first, ties by row."""
    n_lines = len(parts[0][1])
    found = Room.of(n_lines, depth)
    starts = np.cumsum([0, *(len(lists.rows) for _, lists in parts)])[:-1]
    offsets = np.stack(
        [lists.offsets + start for start, (_, lists) in zip(starts, parts, strict=True)]
    )
    rows = np.concatenate([lists.rows for _, lists in parts])
    scores = np.concatenate([np.float32(weight) * lists.scores for weight, lists in parts])
    width = int(rows.max(initial=-1)) + 1

    def task(block: Block) -> None:
        _sum_of_block(*block, offsets, rows, scores, width, found.rows, found.scores, found.sizes)

    work = np.diff(offsets, axis=1).sum(0)
    in_threads(task, blocks(work, BLOCKS), threads)
    return found.lists()


@dataclass(frozen=True, slots=True)
class Room:
    """Where blocks write what they find: each line its own place."""

    rows: Rows  # (n_lines, depth)
    scores: Scores  # (n_lines, depth)
    sizes: Rows  # (n_lines,) how much of the depth is filled

    @classmethod
    def of(cls, n_lines: int, depth: int) -> "Room":
        shape = (n_lines, depth)
        return cls(
            np.empty(shape, np.int32), np.empty(shape, np.float32), np.zeros(n_lines, np.int32)
        )

    def lists(self) -> Lists:
        kept = np.arange(self.rows.shape[1]) < self.sizes[:, np.newaxis]
        offsets = np.concatenate(([0], np.cumsum(self.sizes, dtype=np.int64)))
        return Lists(offsets, self.rows[kept], self.scores[kept])


@compiled
def _best_of_block(
    start: int, stop: int, table: NDArray[np.float32], found: Rows, scores: Scores, sizes: Rows
) -> None:
    for line in range(start, stop):
        size = 0
        for row in range(table.shape[1]):
            if table[line, row] > 0:
                size = push(found[line], scores[line], size, row, table[line, row])
        sort_best_first(found[line], scores[line], size)
        sizes[line] = size


@compiled
def _sum_of_block(  # noqa: PLR0917  # compiled code takes arrays, not values
    start: int, stop: int, offsets: Offsets, rows: Rows, values: Scores, width: int,
    found: Rows, scores: Scores, sizes: Rows,
) -> None:  # fmt: skip
    sums = np.zeros(width, np.float32)
    for line in range(start, stop):
        for part in range(len(offsets)):
            for place in range(offsets[part, line], offsets[part, line + 1]):
                sums[rows[place]] += values[place]
        size = 0
        for part in range(len(offsets)):
            for place in range(offsets[part, line], offsets[part, line + 1]):
                row = rows[place]
                if sums[row] > 0:
                    size = push(found[line], scores[line], size, row, sums[row])
                sums[row] = 0
        sort_best_first(found[line], scores[line], size)
        sizes[line] = size
