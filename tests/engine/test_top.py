from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine import top
from engine.top import best, standing_in, sum_lists
from engine.types import Lists

SCORES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, float("nan"), float("inf"), -1.0]))


@given(SCORES, st.integers(0, 12))
def test_best_is_a_full_sort_by_score_then_row(scores: list[float], depth: int) -> None:
    found = best(np.arange(len(scores), dtype=np.int32), np.array(scores, np.float64), depth)
    wanted = sorted((-s, row) for row, s in enumerate(scores) if np.isfinite(s))[:depth]
    assert found.rows.tolist() == [row for _, row in wanted]
    assert found.scores.tolist() == [-s for s, _ in wanted]


def lists(*lines: dict[int, float]) -> Lists:
    offsets = np.cumsum([0, *(len(line) for line in lines)])
    rows = [row for line in lines for row in line]
    scores = [score for line in lines for score in line.values()]
    return Lists(offsets.astype(np.int64), np.array(rows, np.int32), np.array(scores, np.float32))


def test_lists_are_summed_with_the_weight_of_their_key() -> None:
    table = lists({1: 1.0, 2: 0.5}, {2: 1.0}, {})
    found = sum_lists(table, np.array([0, 1], np.int32), np.array([2.0, 1.0], np.float32), 10)
    assert dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True)) == {1: 2.0, 2: 2.0}
    assert found.rows.tolist() == [1, 2]


def test_what_a_dislike_outweighs_is_not_proposed() -> None:
    table = lists({1: 1.0}, {1: 1.0, 0: 0.1})
    weights = np.array([1.0, -1.0], np.float32)
    assert len(sum_lists(table, np.array([0, 1], np.int32), weights, 10)) == 0


def test_no_keys_find_nothing() -> None:
    none = np.empty(0, np.int32), np.empty(0, np.float32)
    assert len(sum_lists(lists({1: 1.0}), *none, 10)) == 0


def test_a_key_outside_the_table_has_no_list() -> None:
    table = lists({1: 1.0})
    assert len(table.of(5, 10)) == 0
    assert len(table.of(-1, 10)) == 0


LINES = st.lists(st.dictionaries(st.integers(0, 6), st.sampled_from([0.5, 1.0, 4.0])), min_size=1)


@given(LINES, st.data())
def test_a_window_over_the_lists_catches_nothing_of_their_neighbours(
    lines: list[dict[int, float]], data: st.DataObject
) -> None:
    places = st.lists(st.integers(0, len(lines) - 1), min_size=1)
    keys = np.array(data.draw(places), np.int32)
    weights = np.arange(1, len(keys) + 1, dtype=np.float32)
    wanted: dict[int, float] = {}
    for key, weight in zip(keys.tolist(), weights.tolist(), strict=True):
        for row, score in lines[key].items():
            wanted[row] = wanted.get(row, 0) + weight * score
    for sparse in (0, 10**6):  # by sorting, and by a table of all
        with mock.patch.object(top, "SPARSE", sparse):
            found = sum_lists(lists(*lines), keys, weights, 10)
        assert dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True)) == wanted


@given(LINES, st.data())
def test_what_stands_in_some_lists_is_found_with_key_and_score(
    lines: list[dict[int, float]], data: st.DataObject
) -> None:
    keys = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=1))
    chosen = data.draw(st.sets(st.integers(0, len(lines) - 1)))
    most = data.draw(st.integers(1, 8))
    among_keys = [{row: s for row, s in line.items() if row < len(lines)} for line in lines]
    found = standing_in(
        lists(*among_keys), np.array(keys, np.int32), most, np.array(sorted(chosen), np.int32)
    )
    wanted = [
        (row, place, score)
        for place, key in enumerate(keys)
        for row, score in list(among_keys[key].items())[:most]
        if row in chosen
    ]
    assert list(zip(*(each.tolist() for each in found), strict=True)) == wanted


def test_of_many_lists_only_the_heads_are_summed() -> None:
    long = {row: 1.0 - row / 1000 for row in range(500)}
    table = lists(*[long] * 100)
    keys, weights = np.arange(100, dtype=np.int32), np.ones(100, np.float32)
    assert sum_lists(table, keys, weights, 1000).rows.tolist() == list(range(60))
    assert sum_lists(table, keys[:1], weights[:1], 1000).rows.tolist() == list(range(500))
