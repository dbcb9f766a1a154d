"""Pools, marks and the scores of customers, against plain arithmetic on small worlds."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from engine.top import sum_lists
from training.exam import best_means, make_exam, proposed
from training.interactions import Interactions
from training.metrics import judge, ndcg
from training.models import als, cooccurrence
from training.models.als import AlsConfig
from training.models.cooccurrence import CooccurrenceConfig, scales, table
from training.pairs import by_item, liked
from training.scorers import Scorer, counting, factoring, listing, tabling, work_of
from training.split import Truth

Histories = Callable[[Sequence[str]], Interactions]
WAY = CooccurrenceConfig(customer_exponent=0.7, source_exponent=0.4, target_exponent=0)
WORDS = ["abc", "abd", "bcd", "acd", "ae", "be", "cef", "df"] * 3


def everybody(data: Interactions) -> np.ndarray:
    return np.arange(data.n_rows, dtype=np.int32)


def counters(data: Interactions) -> list[Scorer]:
    rows = liked(data, 300)
    columns = by_item(rows)
    scale = scales(rows, columns, WAY)
    even = np.ones_like(scale.sources)
    plain = table(rows, columns, replace(scale, sources=even, targets=even), 1)
    return [counting(rows, columns, scale), tabling(rows, plain, scale.sources)]


@pytest.mark.parametrize("which", [0, 1])
def test_counting_for_a_few_gives_what_their_lists_give(which: int, histories: Histories) -> None:
    data = histories(WORDS)
    lists = cooccurrence.fit(data, WAY)
    expected = listing(data, lists)(everybody(data))
    found = counters(data)[which](everybody(data))
    assert expected.max() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_lists_score_as_at_a_request(histories: Histories) -> None:
    data = histories(WORDS)
    lists = cooccurrence.fit(data, WAY)
    scores = listing(data, lists)(np.array([4], np.int32))[0]
    place = slice(int(data.offsets[4]), int(data.offsets[5]))
    asked = sum_lists(lists, data.items[place], data.weights[place], 9)
    np.testing.assert_allclose(scores[asked.rows], asked.scores, rtol=1e-5)


def test_factors_score_what_they_point_to_and_nothing_else(histories: Histories) -> None:
    data = histories(WORDS)
    model = als.fit(data, AlsConfig(factors=4), seed=1, threads=1)
    scores = factoring(model)(everybody(data))
    expected = np.maximum(model.customer_factors @ model.item_factors.T, 0)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_work_is_the_lengths_of_the_histories_that_are_read(histories: Histories) -> None:
    rows = liked(histories(["ab", "bcd", "a"]), 300)
    assert work_of(rows, by_item(rows)).tolist() == [(2 + 1) + (2 + 3), (2 + 3) + 3 + 3, 2 + 1]


def world(histories: Histories) -> tuple[Interactions, Truth]:
    """Two customers ask; the first wants c and d, the second an item that nobody knows."""
    data = histories(["ab", "e", "abcd", "cd", "ef"])
    truth = Truth(
        np.array([0, 1], np.int32), np.array([0, 2, 3]), np.array([2, 3, -1], np.int32), 6
    )
    return data, truth


def fixed(scores: Sequence[Sequence[float]]) -> Scorer:
    lines = np.array(scores, np.float32)
    return lambda customers: lines[customers].copy()


def test_the_best_unknown_items_of_each_view_are_in_play(histories: Histories) -> None:
    data, truth = world(histories)
    scorer = fixed([[9, 9, 3, 2, 1, 0], [5, 4, 3, 2, 9, 1]])
    views = np.array([[1, 1, 1, 1, 1, 1], [0.1, 0.1, 0.1, 0.1, 9, 9]], np.float32)
    rows = proposed(data, truth, scorer, views, depth=2, threads=1)
    assert [sorted(line.tolist()) for line in rows] == [[2, 2, 3, 4], [0, 0, 1, 5]]
    exam = make_exam(data, truth, [rows], k=2, threads=1)
    assert exam.pools.tolist() == [[2, 3, 4], [0, 1, 5]]
    assert exam.hits.tolist() == [[True, True, False], [False, False, False]]
    assert exam.at_pools(scorer).tolist() == [[3, 2, 1], [5, 4, 1]]


def test_marks_are_the_ndcg_of_the_slates(histories: Histories) -> None:
    data, truth = world(histories)
    pools = np.array([[2, 3, 4, 5], [0, 1, 2, -1]], np.int32)
    exam = make_exam(data, truth, [pools], k=2, threads=1)
    scores = np.array([[3, 1, 2, 0], [3, 2, 1, 0]], np.float32)
    slates = np.array([[2, 4], [0, 1]], np.int32)
    np.testing.assert_allclose(exam.marks(scores), ndcg(judge(slates, truth), 2))
    assert exam.marks(scores)[1] == 0, "what training never met stays a miss"


def test_what_has_no_score_is_not_proposed(histories: Histories) -> None:
    data, truth = world(histories)
    exam = make_exam(data, truth, [np.array([[2, 3], [0, 1]], np.int32)], k=2, threads=1)
    assert exam.marks(np.zeros((2, 2), np.float32)).tolist() == [0, 0]


def test_the_unit_of_a_customer_is_the_mean_of_the_best_twenty() -> None:
    scores = np.stack([np.arange(30), np.zeros(30), np.full(30, 2)]).astype(np.float32)
    assert best_means(scores).tolist() == [np.arange(10, 30).mean(), 0, 2]
