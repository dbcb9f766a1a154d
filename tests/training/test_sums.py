"""What is summed for many is what is summed for each, to the last digit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.top import sum_lists
from engine.types import Lists
from tests.worlds import lists
from training.sums import Keys, sum_lists_of_each

ITEMS = 12
SCORE = st.floats(0.0625, 10, width=32) | st.sampled_from([0.5, 1.0])
LINES = st.lists(st.dictionaries(st.integers(0, ITEMS - 1), SCORE), min_size=ITEMS, max_size=ITEMS)
KEYS = st.lists(
    st.lists(
        st.tuples(st.integers(0, ITEMS - 1), st.floats(-2, 8, width=32)),
        max_size=ITEMS,
        unique_by=lambda each: each[0],
    ),
    max_size=5,
)


def keys(pairs: list[tuple[int, float]]) -> Keys:
    rows, weights = zip(*pairs, strict=True) if pairs else ((), ())
    return Keys(np.array(rows, np.int32), np.array(weights, np.float32))


@given(LINES, KEYS, st.integers(1, 15))
def test_many_sums_are_those_of_each(
    lines: list[dict[int, float]], asked: list[list[tuple[int, float]]], depth: int
) -> None:
    table = lists(*lines)
    together = sum_lists_of_each(table, [keys(pairs) for pairs in asked], depth)
    alone = [sum_lists(table, *keys(pairs), depth) for pairs in asked]
    assert [each.rows.tolist() for each in together] == [each.rows.tolist() for each in alone]
    assert [each.scores.tolist() for each in together] == [each.scores.tolist() for each in alone]


def test_of_many_lists_only_the_heads_are_summed() -> None:
    size = 500
    width = np.full(size, size)
    table = Lists(
        np.concatenate(([0], np.cumsum(width))).astype(np.int64),
        np.tile(np.arange(size, dtype=np.int32), size),
        np.tile(np.linspace(1, 0.1, size, dtype=np.float32), size),
    )
    rng = np.random.default_rng(4)
    asked = [
        Keys(np.arange(count, dtype=np.int32), rng.random(count).astype(np.float32))
        for count in (1, 12, 13, 299, 301, 500)
    ]
    for each, found in zip(asked, sum_lists_of_each(table, asked, 700), strict=True):
        alone = sum_lists(table, each.rows, each.weights, 700)
        assert found.rows.tolist() == alone.rows.tolist()
        assert found.scores.tolist() == alone.scores.tolist()
