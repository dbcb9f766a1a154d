from collections.abc import Callable, Sequence

import numpy as np
import pytest

from engine.top import sum_lists
from engine.types import Lists
from training.interactions import Interactions
from training.models import blend, cooccurrence, ease, local_ridge
from training.models.blend import BlendConfig
from training.models.cooccurrence import CooccurrenceConfig
from training.models.top import summed

Histories = Callable[[Sequence[str]], Interactions]
WORDS = ["abc", "abd", "bcd", "acd", "ae", "be", "cef", "df"] * 3


def same(one: Lists, two: Lists) -> bool:
    return one.rows.tolist() == two.rows.tolist() and np.allclose(one.scores, two.scores)


def scaled(lists: Lists, factor: float) -> Lists:
    return Lists(lists.offsets, lists.rows, (lists.scores * factor).astype(np.float32))


def test_what_is_folded_scores_like_the_sum_of_its_parts(histories: Histories) -> None:
    data = histories(WORDS)
    parts = [
        cooccurrence.fit(data, CooccurrenceConfig()),
        ease.fit(data, BlendConfig().ridge),
    ]
    folded = summed([(0.7, parts[0]), (0.3, parts[1])], 9, 1)
    rows, weights = np.array([0, 3], np.int32), np.array([1, 0.5], np.float32)
    apart = np.zeros(data.n_items)
    for share, lists in zip((0.7, 0.3), parts, strict=True):
        found = sum_lists(lists, rows, weights, 9)
        apart[found.rows] += share * found.scores
    together = sum_lists(folded, rows, weights, 9)
    np.testing.assert_allclose(together.scores, apart[together.rows], rtol=1e-5)


def test_a_model_without_weight_takes_no_part(histories: Histories) -> None:
    data = histories(WORDS)
    alone = blend.fit(data, BlendConfig(ridge_weight=0, cooccurrence=(CooccurrenceConfig(),)))
    similar = cooccurrence.fit(data, CooccurrenceConfig())
    assert same(alone, scaled(similar, 1 / blend.unit(similar, data)))


def test_a_large_catalogue_takes_the_local_model(histories: Histories) -> None:
    data = histories(WORDS)
    settings = BlendConfig(ridge_weight=1, ease_limit=3)
    local = local_ridge.fit(data, settings.ridge)
    assert same(blend.fit(data, settings), scaled(local, 1 / blend.unit(local, data)))


def test_the_unit_of_a_model_does_not_matter(histories: Histories) -> None:
    data = histories(WORDS)
    lists = cooccurrence.fit(data, CooccurrenceConfig())
    assert blend.unit(scaled(lists, 8), data) == pytest.approx(8 * blend.unit(lists, data))


def test_lists_are_cut_by_source(histories: Histories) -> None:
    assert np.diff(blend.fit(histories(WORDS), BlendConfig(neighbours=2)).offsets).max() == 2


def test_without_pairs_the_lists_are_empty(histories: Histories) -> None:
    lists = blend.fit(histories(["a", "b"]), BlendConfig())
    assert (len(lists), len(lists.rows)) == (2, 0)


def test_two_ways_of_counting_share_alike(histories: Histories) -> None:
    data = histories(WORDS)
    ways = BlendConfig().cooccurrence
    parts = [cooccurrence.fit(data, way) for way in ways]
    folded = summed([(0.5 / blend.unit(lists, data), lists) for lists in parts], 300, 1)
    assert same(blend.fit(data, BlendConfig(ridge_weight=0)), folded)
