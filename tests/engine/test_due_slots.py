"""C3 in the buy-again slot, in the tea shop: mei buys green tea, whose cycle is 20 days."""

import pytest

from engine.bundle import Bundle
from engine.events import EventType
from engine.recommend import recommend
from engine.types import DAY_MS
from tests.engine.asking import plan, query
from tests.worlds import GREEN, NOW, at_any_time, bundle, event

AGAIN = plan(sources={"due": 1, "popular": 0}, repeat="when_due", fallback=[])


def due_on(days_after: float, *repurchased: float, tea: Bundle | None = None) -> bool:
    """Whether green tea is due so many days after mei bought it on day 10."""
    tea = tea or bundle()
    told = [
        event(60 + i, EventType.PURCHASE, "green", day, order_id=f"r{i}", unit_price_minor=5000)
        for i, day in enumerate(repurchased)
    ]
    at = NOW + round((days_after - 20) * DAY_MS)  # the world's present is day 30
    slate = recommend(query(tea, *told, customer_id="mei", at=at), AGAIN, tea)
    return (GREEN, "due") in {(served.row, served.source) for served in slate.items}


@pytest.mark.parametrize(
    ("days_after", "due"),
    [(10, False), (17, False), (18, True), (21, True), (24, True), (25, False)],
)
def test_C3_what_is_due_is_in_the_slot_around_the_end_of_its_cycle(
    days_after: float, *, due: bool
) -> None:
    assert due_on(days_after) == due


def test_C3_what_was_bought_again_leaves_the_slot_with_the_next_request() -> None:
    assert due_on(20)
    assert not due_on(20, 29.9)
    assert due_on(41, 31), "and is due again a cycle later"


def test_C3_where_goods_have_no_cycle_an_order_is_not_offered_again_on_its_day() -> None:
    free = at_any_time(bundle())
    assert due_on(10, tea=free)
    assert not due_on(20, 29.9, tea=free)
    assert due_on(21, 29.9, tea=free)
