"""EASE and its local form, by one contract and by known answers."""

from types import ModuleType

import numpy as np
import pytest

from engine.errors import ConfigError
from engine.types import Lists
from tests.training.conftest import Histories, Read
from training.interactions import Interactions
from training.models import ease, local_ridge
from training.models.gram import GramConfig, gram
from training.models.ridge import RidgeConfig

PLAIN = RidgeConfig(
    customer_exponent=0, source_exponent=0.5, target_exponent=0.5, ridge=0.5, neighbourhood=50
)
BOTH = pytest.mark.parametrize("model", [ease, local_ridge])


def dense(lists: Lists) -> np.ndarray:
    table = np.zeros((len(lists), len(lists)))
    for source in range(len(lists)):
        line = lists.of(source, len(lists))
        table[source, line.rows] = line.scores
    return table


def random_words(count: int, letters: int = 12, length: int = 4) -> list[str]:
    rng = np.random.default_rng(1)
    return [
        "".join(chr(97 + i) for i in rng.choice(letters, length, replace=False))
        for _ in range(count)
    ]


def liked(data: Interactions) -> np.ndarray:
    table = np.zeros((data.n_rows, data.n_items))
    rows = np.repeat(np.arange(data.n_rows), np.diff(data.offsets))
    table[rows, data.items] = data.weights
    return table


def test_the_gram_is_of_the_normalised_table(histories: Histories) -> None:
    data = histories(random_words(30))
    known = gram(data, GramConfig(customer_exponent=0), threads=1)
    table = liked(data) / np.sqrt(liked(data).sum(0))
    whole = dense(known.lines) + np.diag(known.diagonal)
    np.testing.assert_allclose(whole, table.T @ table, rtol=1e-4, atol=1e-6)


@BOTH
def test_it_is_the_ridge_regression_of_each_item_on_all_others(
    model: ModuleType, histories: Histories
) -> None:
    data = histories(random_words(60))
    table = liked(data) / np.sqrt(liked(data).sum(0))
    whole = table.T @ table
    ridge = PLAIN.ridge * np.median(np.diag(whole)) * np.eye(data.n_items)
    totals = liked(data).sum(0)
    expected = np.zeros_like(whole)
    for target in range(data.n_items):
        others = [item for item in range(data.n_items) if item != target]
        inner = (whole + ridge)[np.ix_(others, others)]
        expected[others, target] = np.linalg.solve(inner, whole[others, target])
    expected *= np.sqrt(totals[np.newaxis] / totals[:, np.newaxis])
    np.testing.assert_allclose(
        dense(model.fit(data, PLAIN)), np.where(expected > 0, expected, 0), rtol=2e-3, atol=1e-5
    )


@BOTH
def test_a_neighbour_that_only_comes_along_says_less(
    model: ModuleType, histories: Histories
) -> None:
    data = histories(["ab"] * 10 + ["bc"] * 10 + ["abc"] * 10 + ["a", "b", "c"] * 10)
    table = dense(model.fit(data, PLAIN.model_copy(update={"ridge": 0.01})))
    a, b, c = range(3)
    assert table[a, b] > 0
    assert table[a, c] < table[b, c]


@BOTH
def test_only_the_best_are_kept_in_order(model: ModuleType, histories: Histories) -> None:
    lists = model.fit(histories(random_words(80)), PLAIN.model_copy(update={"neighbours": 3}))
    assert np.diff(lists.offsets).max() == 3
    for source in range(len(lists)):
        assert (np.diff(lists.of(source, 9).scores) <= 0).all()


@BOTH
def test_one_item_alone_foretells_nothing(model: ModuleType, histories: Histories) -> None:
    lists = model.fit(histories(["a", "a"]), PLAIN)
    assert (len(lists), len(lists.rows)) == (1, 0)


@BOTH
def test_without_anything_liked_there_is_nothing(model: ModuleType, read: Read) -> None:
    assert len(model.fit(read([{"day": 0, "item": "x", "type": "dislike"}]), PLAIN).rows) == 0
    assert len(model.fit(read([{"day": 0, "item": None, "type": "signup"}]), PLAIN)) == 0


@BOTH
def test_threads_do_not_change_a_bit(model: ModuleType, histories: Histories) -> None:
    data = histories(random_words(300, letters=26))
    one, two = (model.fit(data, RidgeConfig(), threads=n) for n in (1, 2))
    assert one.rows.tobytes() == two.rows.tobytes()
    assert one.scores.tobytes() == two.scores.tobytes()


def test_a_small_neighbourhood_uses_the_items_that_go_with_it_most(histories: Histories) -> None:
    data = histories(["ab"] * 9 + ["ac"] * 4 + ["ad"] * 2 + ["a", "b", "c", "d"])
    lists = local_ridge.fit(data, PLAIN.model_copy(update={"neighbourhood": 1}))
    into_a = np.flatnonzero(dense(lists)[:, 0])
    assert into_a.tolist() == [1]


def test_a_ridge_too_small_to_tell_two_items_apart_is_refused(histories: Histories) -> None:
    with pytest.raises(ConfigError, match="has no inverse: raise similar"):
        ease.fit(histories(["abcdefghijkl"] * 10), PLAIN.model_copy(update={"ridge": 1e-12}))
