from collections.abc import Callable

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, P, R, Success, nDCG

from engine.types import Rows
from training.metrics import (
    BY_CUSTOMER,
    Judged,
    coverage,
    diversity,
    gini,
    judge,
    novelty,
    popularity_lift,
    taken,
)
from training.split import Truth

N_ITEMS, LENGTH = 60, 20
THEIRS: dict[str, Callable[[int], object]] = {
    "recall": lambda k: R @ k,
    "precision": lambda k: P @ k,
    "hit_rate": lambda k: Success @ k,
    "mrr": lambda k: RR @ k,
    "map": lambda k: AP @ k,
    "ndcg": lambda k: nDCG @ k,
}


def random_world(customers: int = 80) -> tuple[Rows, Truth]:
    rng = np.random.default_rng(2)
    slates = np.array([rng.permutation(N_ITEMS)[:LENGTH] for _ in range(customers)], np.int32)
    slates[::7, 12:] = -1
    wanted = [np.sort(rng.permutation(N_ITEMS)[: 1 + rng.integers(30)]) for _ in range(customers)]
    offsets = np.concatenate(([0], np.cumsum([len(line) for line in wanted]))).astype(np.int64)
    rows = np.arange(customers, dtype=np.int32)
    return slates, Truth(rows, offsets, np.concatenate(wanted).astype(np.int32), N_ITEMS)


@pytest.mark.parametrize("k", [1, 5, 10, 20])
@pytest.mark.parametrize("name", list(BY_CUSTOMER))
def test_every_metric_agrees_with_ir_measures(name: str, k: int) -> None:
    slates, truth = random_world()
    qrels = [
        ir_measures.Qrel(f"q{place:03}", f"i{item}", 1)
        for place in range(len(truth))
        for item in truth.items[truth.offsets[place] : truth.offsets[place + 1]]
    ]
    run = [
        ir_measures.ScoredDoc(f"q{place:03}", f"i{item}", -position)
        for place, slate in enumerate(slates)
        for position, item in enumerate(slate[slate >= 0])
    ]
    theirs = ir_measures.iter_calc([THEIRS[name](k)], qrels, run)
    expected = [line.value for line in sorted(theirs, key=lambda line: line.query_id)]
    np.testing.assert_allclose(BY_CUSTOMER[name](judge(slates, truth), k), expected, atol=1e-9)


def one(slate: list[int], wanted: list[int]) -> Judged:
    truth = Truth(
        np.zeros(1, np.int32),
        np.array([0, len(wanted)]),
        np.array(sorted(wanted), np.int32),
        N_ITEMS,
    )
    return judge(np.array([slate], np.int32), truth)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("recall", 2 / 3),
        ("precision", 2 / 4),
        ("hit_rate", 1),
        ("mrr", 1 / 2),
        ("map", (1 / 2 + 2 / 4) / 3),
        ("ndcg", (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3) + 1 / 2)),
    ],
)
def test_a_slate_worked_out_by_hand(name: str, expected: float) -> None:
    judged = one([9, 1, 8, 2], [1, 2, 3])
    assert BY_CUSTOMER[name](judged, 4)[0] == pytest.approx(expected)


def test_an_item_that_training_never_met_is_a_miss_that_counts() -> None:
    judged = one([1, -1], [-1, 1])
    assert judged.hits.tolist() == [[True, False]]
    assert BY_CUSTOMER["recall"](judged, 2)[0] == 0.5


@pytest.mark.parametrize("name", list(BY_CUSTOMER))
def test_empty_slates_score_nothing(name: str) -> None:
    judged = one([], [1])
    assert BY_CUSTOMER[name](judged, 10).tolist() == [0]


def test_slates_must_be_of_the_judged_customers() -> None:
    slates, truth = random_world()
    with pytest.raises(ValueError, match="79 slates for 80 customers"):
        judge(slates[1:], truth)


SLATES = np.array([[0, 1], [0, 2], [0, -1]], np.int32)


def test_coverage_is_the_share_of_items_shown() -> None:
    assert coverage(SLATES, 10) == 0.3


def test_gini_is_zero_for_even_exposure_and_high_for_one_star() -> None:
    assert gini(np.array([[0, 1], [2, 3]], np.int32), 4) == 0
    assert gini(np.zeros((9, 1), np.int32), 10) == pytest.approx(0.9)
    assert gini(np.full((2, 2), -1, np.int32), 4) == 0


def test_novelty_is_surprise_in_bits() -> None:
    popularity = np.array([0.5, 0.25, 0.25])
    assert novelty(SLATES, popularity) == pytest.approx((1 + 2 + 1 + 2 + 1) / 5)
    assert novelty(np.full((1, 1), -1, np.int32), popularity) == 0


def test_popularity_lift_is_nothing_when_slates_are_like_histories() -> None:
    popularity = np.array([0.6, 0.3, 0.1])
    assert popularity_lift(SLATES, SLATES[SLATES >= 0], popularity) == pytest.approx(0)
    assert popularity_lift(SLATES, np.array([2], np.int32), popularity) > 0


def test_diversity_is_none_among_twins_and_one_at_right_angles() -> None:
    vectors = np.array([[1, 0], [2, 0], [0, 3]], np.float32)
    assert diversity(np.array([[0, 1, -1]], np.int32), vectors) == pytest.approx(0)
    assert diversity(np.array([[0, 2]], np.int32), vectors) == pytest.approx(1)
    assert diversity(np.array([[0, -1]], np.int32), vectors) == 0


def test_what_is_taken_is_the_value_of_the_hits() -> None:
    judged = one([9, 1, 8, 2], [1, 2, 3])
    prices = np.arange(N_ITEMS, dtype=np.float64)
    slate = np.array([[9, 1, 8, 2]], np.int32)
    assert taken(slate, judged, prices, 4).tolist() == [3]
    assert taken(slate, judged, prices, 2).tolist() == [1]
