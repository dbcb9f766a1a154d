from collections.abc import Sequence

import numpy as np

from engine.interactions import InteractionConfig
from tests.training.conftest import Read, frame_of
from training.interactions import Interactions, read_interactions
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


def test_what_the_catalogue_lacks_is_no_new_arrival_unless_it_lacks_more_than_half(
    read: Read,
) -> None:
    """Six items are met, and a seventh in the catalogue alone says nothing of it."""
    lines = sales("old", [0, 95, 100]) + sales("older", [1]) + sales("oldest", [2])
    data = read(lines + sales("a", [90, 91]) + sales("b", [92]) + sales("slip", [93, 94, 95]))
    assert data.item_ids == ("a", "b", "old", "older", "oldest", "slip")

    def new(*listed: str) -> list[str]:
        held = np.array([item in listed for item in data.item_ids])
        return names(data, fit(data, DEFAULTS, held).rows)

    assert new("a", "b", "old", "older", "oldest") == ["a", "b"]
    assert new("b", "old", "older") == ["b"], "half of what was met"
    assert new("b", "old") == names(data, fit(data, DEFAULTS).rows) == ["slip", "a", "b"]


def test_what_nobody_has_met_does_not_make_a_catalogue_rich() -> None:
    lines = sales("old", [0, 95, 100]) + sales("slip", [93]) + sales("slap", [94])
    waiting = [f"waiting {k}" for k in range(9)]
    data = read_interactions(frame_of(lines), InteractionConfig(), extra_items=waiting)
    held = np.array([item in {"old", *waiting} for item in data.item_ids])
    assert set(names(data, fit(data, DEFAULTS, held).rows)) == {"slip", "slap"}
