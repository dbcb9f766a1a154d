from collections.abc import Sequence

import numpy as np

from tests.training.conftest import Read
from training.interactions import Interactions
from training.models.new_arrivals import NewArrivalsConfig, fit

DEFAULTS = NewArrivalsConfig()


def names(data: Interactions, rows: np.ndarray) -> list[str]:
    return [data.item_ids[row] for row in rows]


def sales(item: str, days: Sequence[int], start: int = 0) -> list[dict[str, object]]:
    return [{"day": day, "item": item, "customer": f"c{start + k}"} for k, day in enumerate(days)]


def test_items_first_met_lately_are_new_and_the_faster_seller_is_first(read: Read) -> None:
    data = read(
        sales("old", [0, 95, 100]) + sales("slow", [80, 95]) + sales("fast", [90, 91, 92, 93])
    )
    assert names(data, fit(data, DEFAULTS).rows) == ["fast", "slow"]


def test_one_customer_who_returns_counts_once(read: Read) -> None:
    data = read(
        sales("old", [0, 100])
        + sales("loved by one", [90])
        + [{"day": 90, "item": "loved by one", "customer": "c0"}] * 9
        + sales("liked by two", [90, 90])
    )
    assert names(data, fit(data, DEFAULTS).rows) == ["liked by two", "loved by one"]


def test_a_short_log_cannot_tell_what_is_new(read: Read) -> None:
    assert len(fit(read(sales("a", [0, 30])), DEFAULTS)) == 0


def test_a_log_without_interest_has_none(read: Read) -> None:
    assert len(fit(read([{"day": 0, "item": "x", "type": "dislike"}]), DEFAULTS)) == 0


def test_the_list_is_cut(read: Read) -> None:
    lines = sales("old", [0, 100]) + [{"day": 99, "item": f"i{k}"} for k in range(9)]
    assert len(fit(read(lines), NewArrivalsConfig(list_length=3))) == 3
