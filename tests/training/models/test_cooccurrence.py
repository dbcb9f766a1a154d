import numpy as np
import pytest

from engine.types import Lists
from tests.training.conftest import Histories, Read
from training.models.cooccurrence import CooccurrenceConfig, fit

COSINE = CooccurrenceConfig(customer_exponent=0, source_exponent=0.5, target_exponent=0.5)


def dense(lists: Lists) -> np.ndarray:
    table = np.zeros((len(lists), len(lists)))
    for source in range(len(lists)):
        line = lists.of(source, len(lists))
        table[source, line.rows] = line.scores
    return table


def test_without_tuning_it_is_the_cosine(histories: Histories) -> None:
    data = histories(["ab", "ab", "bc", "abc", "a"])
    weight = float(data.weights[0])
    liked = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 1, 1], [1, 0, 0]]) * weight
    totals = liked.sum(0)
    expected = liked.T @ liked / np.sqrt(np.outer(totals, totals))
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(dense(fit(data, COSINE)), expected, rtol=1e-5)


def test_a_long_history_counts_less_for_each_of_its_pairs(histories: Histories) -> None:
    data = histories(["ab", "acdefgh"])
    even = dense(fit(data, COSINE))
    tuned = dense(fit(data, COSINE.model_copy(update={"customer_exponent": 1.0})))
    a, b, c = (data.item_ids.index(letter) for letter in "abc")
    assert even[a, b] == even[a, c]
    assert tuned[a, b] > tuned[a, c]


def test_scores_go_from_what_is_known_to_what_is_proposed(histories: Histories) -> None:
    data = histories(["ab", "ac", "ad"])
    towards = COSINE.model_copy(update={"source_exponent": 0.0, "target_exponent": 1.0})
    table = dense(fit(data, towards))
    a, b = data.item_ids.index("a"), data.item_ids.index("b")
    assert table[a, b] == pytest.approx(3 * table[b, a])


def test_interests_near_in_time_belong_together_more(read: Read) -> None:
    data = read([{"day": day, "item": item} for day, item in ((0, "x"), (1, "near"), (90, "far"))])
    even = COSINE.model_copy(update={"source_exponent": 0.0, "target_exponent": 0.0})
    near, far, x = (data.item_ids.index(name) for name in ("near", "far", "x"))
    by_weight = dense(fit(data, even))[x] / data.weights
    assert by_weight[near] / by_weight[far] == pytest.approx(2 ** (89 / 30), rel=1e-3)


@pytest.mark.parametrize(("places", "ratio"), [(None, 1.0), (2.0, 2 ** ((4 - 1) / 2))])
def test_in_a_log_without_times_items_near_in_a_line_belong_together_more_if_asked(
    histories: Histories, places: float | None, ratio: float
) -> None:
    data = histories(["xnabf"])
    even = {"source_exponent": 0.0, "target_exponent": 0.0, "pair_half_life_places": places}
    near, far, x = (data.item_ids.index(letter) for letter in "nfx")
    table = dense(fit(data, COSINE.model_copy(update=even)))
    assert table[x, near] / table[x, far] == pytest.approx(ratio)


def test_where_there_are_times_places_say_nothing(read: Read) -> None:
    data = read([{"day": day, "item": f"i{day}"} for day in (0, 1, 9)])
    told = fit(data, COSINE.model_copy(update={"pair_half_life_places": 1.0}))
    np.testing.assert_array_equal(dense(told), dense(fit(data, COSINE)))


def test_of_a_long_line_without_times_the_last_places_count(histories: Histories) -> None:
    data = histories(["abcdef"])
    table = dense(fit(data, COSINE.model_copy(update={"history_limit": 2})))
    assert [data.item_ids[row] for row in np.flatnonzero(table.any(1))] == ["e", "f"]


def test_only_the_best_are_kept_and_in_order(histories: Histories) -> None:
    data = histories(["abcdef", "abc", "ab"])
    lists = fit(data, COSINE.model_copy(update={"neighbours": 2}))
    a = data.item_ids.index("a")
    assert [data.item_ids[row] for row in lists.of(a, 9).rows] == ["b", "c"]
    assert np.diff(lists.of(a, 9).scores) < 0


def test_ties_are_broken_by_row_and_nothing_is_its_own_neighbour(histories: Histories) -> None:
    data = histories(["abcdefgh"])
    lists = fit(data, COSINE.model_copy(update={"neighbours": 4}))
    assert lists.of(5, 9).rows.tolist() == [0, 1, 2, 3]
    assert lists.of(1, 9).rows.tolist() == [0, 2, 3, 4]


def test_a_dislike_makes_no_neighbours(read: Read) -> None:
    data = read([{"day": 0, "item": "x"}, {"day": 0, "item": "y", "type": "dislike"}])
    assert len(fit(data, COSINE).rows) == 0


def test_one_item_has_no_neighbours(histories: Histories) -> None:
    lists = fit(histories(["a", "a"]), COSINE)
    assert (len(lists), len(lists.rows)) == (1, 0)


def test_a_robot_counts_with_its_latest_items_only(read: Read) -> None:
    lines = [{"day": day, "item": f"i{day:03}"} for day in range(60)]
    lists = fit(read(lines), COSINE.model_copy(update={"history_limit": 10}))
    assert len(lists.of(0, 99)) == 0
    assert len(lists.of(59, 99)) == 9


def test_threads_do_not_change_a_bit(histories: Histories) -> None:
    rng = np.random.default_rng(3)
    words = ["".join(chr(97 + i) for i in rng.choice(26, 6, replace=False)) for _ in range(200)]
    one, two = (fit(histories(words), CooccurrenceConfig(), threads=n) for n in (1, 2))
    assert one.rows.tobytes() == two.rows.tobytes()
    assert one.scores.tobytes() == two.scores.tobytes()
