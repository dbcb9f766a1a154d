"""The k best of a stream of (row, score), kept in a heap: compiled, ties by row."""

from engine.types import Rows, Scores
from training.compiled import compiled


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
