import numpy as np
import pytest

from tests.training.conftest import Read
from training.interactions import Interactions
from training.models.daily import daily
from training.models.popularity import PopularityConfig, by_segment, fit

DEFAULTS = PopularityConfig()


def names(data: Interactions, rows: np.ndarray) -> list[str]:
    return [data.item_ids[row] for row in rows]


def sales(item: str, count: int, day: float) -> list[dict[str, object]]:
    return [{"day": day, "item": item, "customer": f"{item}{k}"} for k in range(count)]


def test_what_sells_now_is_before_what_sold_once(read: Read) -> None:
    data = read(sales("hit of old", 50, 0) + sales("hit of now", 20, 60))
    assert names(data, fit(daily(data), DEFAULTS).rows) == ["hit of now", "hit of old"]


def test_every_item_has_a_place_and_shares_sum_to_one(read: Read) -> None:
    data = read([*sales("a", 3, 0), {"day": 0, "item": "b", "type": "dislike"}])
    popular = fit(daily(data), DEFAULTS)
    assert sorted(names(data, popular.rows)) == ["a", "b"]
    assert popular.scores.sum() == pytest.approx(1)
    assert (popular.scores > 0).all()


def test_a_robot_that_asks_all_day_counts_once(read: Read) -> None:
    robot = [{"day": 1, "item": "robots' choice"}] * 500
    data = read(robot + sales("peoples' choice", 3, 1))
    assert names(data, fit(daily(data), DEFAULTS).rows)[0] == "peoples' choice"


def test_a_purchase_is_worth_more_than_a_view(read: Read) -> None:
    views = [{"day": 0, "item": "seen", "customer": f"c{k}", "type": "view"} for k in range(5)]
    data = read(views + sales("sold", 2, 0))
    assert names(data, fit(daily(data), DEFAULTS).rows) == ["sold", "seen"]


def test_anonymous_baskets_count(read: Read) -> None:
    anonymous = [
        {"day": 0, "item": "b", "customer": None, "visitor": f"basket:{k}"} for k in range(5)
    ]
    data = read(anonymous + sales("a", 2, 0))
    assert names(data, fit(daily(data), DEFAULTS).rows) == ["b", "a"]


def test_a_segment_has_its_own_order_and_a_small_one_leans_on_all(read: Read) -> None:
    data = read(sales("a", 40, 0) + sales("b", 60, 0))
    of_a = np.array([customer.startswith("a") for customer in data.customer_ids])
    one_of_a = np.zeros_like(of_a)
    one_of_a[0] = True
    nobody = np.zeros_like(of_a)
    lists = by_segment(daily(data), [of_a, one_of_a, nobody], DEFAULTS)
    assert names(data, lists.of(0, 9).rows) == ["a", "b"]
    assert names(data, lists.of(1, 9).rows) == ["b", "a"]
    assert names(data, lists.of(2, 9).rows) == ["b", "a"]


def test_segment_lists_are_cut(read: Read) -> None:
    data = read([{"day": 0, "item": f"i{k}"} for k in range(9)])
    lists = by_segment(daily(data), [np.ones(1, bool)], PopularityConfig(list_length=4))
    assert len(lists.of(0, 99)) == 4
