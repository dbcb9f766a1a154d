import numpy as np
import pytest

from tests.training.conftest import Histories, Read
from training.models.als import AlsConfig, fit, rarity

SMALL = AlsConfig(factors=8, regularization=0.1, iterations=10)
TWO_TASTES = ["abc", "abd", "acd", "bcd", "wxy", "wxz", "wyz", "xyz"] * 5


def test_customers_of_one_taste_are_offered_what_the_others_of_it_like(
    histories: Histories,
) -> None:
    data = histories([*TWO_TASTES, "abc"])
    model = fit(data, SMALL.model_copy(update={"factors": 2}), seed=1)
    scores = model.item_factors @ model.customer_factors[-1]
    assert data.item_ids[int(np.argsort(-scores)[3])] == "d"


def test_the_gram_is_of_the_item_factors(histories: Histories) -> None:
    model = fit(histories(TWO_TASTES), SMALL, seed=1)
    np.testing.assert_allclose(
        model.item_gram, model.item_factors.T @ model.item_factors, rtol=1e-4, atol=1e-5
    )


def test_a_history_folded_in_lands_where_training_put_it(histories: Histories) -> None:
    data = histories(TWO_TASTES)
    model = fit(data, SMALL.model_copy(update={"iterations": 40}), seed=1)
    items = data.items[data.offsets[0] : data.offsets[1]]
    vectors = model.item_factors[items]
    extra = model.alpha * data.weights[: len(items)]
    left = model.item_gram + (vectors.T * extra) @ vectors + model.regularization * np.eye(8)
    folded = np.linalg.solve(left, vectors.T @ (1 + extra))
    near = model.item_factors @ folded
    np.testing.assert_allclose(near, model.item_factors @ model.customer_factors[0], atol=0.05)


def test_the_unit_of_the_weights_does_not_matter(histories: Histories) -> None:
    data = histories(TWO_TASTES)
    model = fit(data, SMALL, seed=1)
    assert model.alpha * float(data.weights.mean()) == pytest.approx(SMALL.alpha)


def test_the_same_seed_gives_the_same_bits_whatever_the_threads(histories: Histories) -> None:
    rng = np.random.default_rng(0)
    words = ["".join(chr(97 + i) for i in rng.choice(26, 9, replace=False)) for _ in range(300)]
    first, again, one = (
        fit(histories(words), AlsConfig(factors=64), seed=7, threads=n) for n in (2, 2, 1)
    )
    for name in ("customer_factors", "item_factors", "item_gram"):
        bits = getattr(first, name).tobytes()
        assert bits == getattr(again, name).tobytes() == getattr(one, name).tobytes()


def test_another_seed_gives_others(histories: Histories) -> None:
    data = histories(TWO_TASTES)
    assert (
        fit(data, SMALL, seed=1).item_factors.tobytes()
        != fit(data, SMALL, seed=2).item_factors.tobytes()
    )


def test_without_anything_liked_all_is_zero(
    read: Read,
) -> None:
    model = fit(read([{"day": 0, "item": "x", "type": "dislike"}]), SMALL, seed=1)
    assert model.customer_factors.shape == (1, 8)
    assert not model.item_factors.any()


def test_one_customer_with_one_item_is_enough(histories: Histories) -> None:
    model = fit(histories(["a"]), SMALL, seed=1)
    assert np.isfinite(model.item_factors).all()


def test_what_fewer_have_than_the_average_item_is_raised() -> None:
    scale = rarity(np.array([1.0, 4.0, 0.0, 2.5, 2.5]), 0.5)
    np.testing.assert_allclose(scale, [2.5**0.5, 0.625**0.5, 1, 1, 1], rtol=1e-6)
    assert rarity(np.zeros(3), 0.5).tolist() == [1, 1, 1]


def test_rarity_is_of_the_interest_and_leaves_the_factors_alone(histories: Histories) -> None:
    data = histories([*TWO_TASTES, "a", "a"])
    plain = fit(data, SMALL, seed=1)
    rare = fit(data, SMALL.model_copy(update={"target_exponent": 1.0}), seed=1)
    assert plain.rarity.tolist() == [1] * len(data.item_ids)
    assert rare.item_factors.tobytes() == plain.item_factors.tobytes()
    bought = np.bincount(data.items, data.weights, data.n_items)
    np.testing.assert_allclose(rare.rarity, bought.mean() / bought, rtol=1e-5)
    assert int(rare.rarity.argmin()) == data.item_ids.index("a")
