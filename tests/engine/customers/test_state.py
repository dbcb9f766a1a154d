import json
from zoneinfo import ZoneInfo

import pytest

from engine.customers.birthday import days_to, month_and_day
from engine.customers.facts import EMPTY_HISTORY
from engine.customers.state import NOBODY, assess
from engine.customers.tastes import NO_TASTES, Tastes
from engine.customers.thresholds import NO_THRESHOLDS
from engine.events import EventType
from engine.happened import Happened
from engine.types import DAY_MS
from tests.engine.customers.world import (
    DEFAULTS,
    START,
    at,
    event,
    history_of,
    purchase,
    refund,
    state_of,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
CART = event(EventType.CART, 3, "c", item_id="tea")


def test_nobody_is_what_an_empty_history_makes() -> None:
    assert assess(EMPTY_HISTORY, NO_THRESHOLDS, DEFAULTS, at(1)) == NOBODY


def test_a_state_tells_the_whole_relationship() -> None:
    events = [
        event(EventType.SIGNUP, 1, "s", properties={"birthday": "1990-02-29", "city": "上海"}),
        event(EventType.REFERRAL, 1, "r", properties={"referrer_id": "bob"}),
        event(EventType.SEARCH, 2, "q", query="tea"),
        event(EventType.CART, 3, "c", item_id="tea"),
        purchase(4, 3_000, properties={"promotion": "gift"}),
        event(EventType.RATING, 6, "g", item_id="tea"),
        event(EventType.COMPLAINT, 7, "x", item_id="tea"),
        event(EventType.INVITATION, 8, "i"),
    ]
    state = state_of(events, 10)
    assert (state.member, state.buyer, state.known, state.tier) == (True, True, True, "star_1")
    assert (state.points, state.vouchers) == (3_000, ("star_1",))
    assert (state.days_since_search, state.days_since_cart, state.days_since_contact) == (8, 7, 2)
    assert (state.ratings, state.complaints, state.invitations) == (1, 1, 1)
    assert (state.promoted_share, state.referrer_id) == (1.0, "bob")
    assert state.attribute("city") == "上海"
    assert state.attribute("height") is None


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], False),
        ([CART], True),
        ([purchase(1, 10), CART], True),
        ([CART, purchase(3.1, 10)], False),
        ([CART, purchase(3, 10)], False),  # at one instant: it was bought
        ([CART, purchase(3.1, 10, order_id="o"), refund(4, 10, order_id="o")], False),
        ([CART, purchase(3.1, 10), event(EventType.CART, 5, "d", item_id="tea")], True),
    ],
)
def test_a_cart_is_open_till_the_next_order(events: list[Happened], expected: bool) -> None:
    """Also where that order came back: the cart was emptied."""
    assert state_of(events, 6).cart_open is expected


def test_A6_consent_is_the_last_word() -> None:
    no = event(EventType.CONSENT, 1, "a", properties={"personal": False, "contact": False})
    yes = event(EventType.CONSENT, 2, "b", properties={"personal": True})
    assert state_of([], 3).personal
    assert not state_of([no], 3).personal
    assert (state_of([yes, no], 3).personal, state_of([yes, no], 3).contactable) == (True, False)


def test_tastes_are_taken_as_given() -> None:
    state = assess(
        history_of(purchase(1, 10)), NO_THRESHOLDS, DEFAULTS, at(2), Tastes(3, "Lu Bao", 0.75)
    )
    assert (state.breadth, state.brand, state.brand_share) == (3, "Lu Bao", 0.75)
    assert Tastes() == NO_TASTES


def test_an_event_from_the_future_is_no_days_old() -> None:
    assert state_of([purchase(5, 10)], 4).recency_days == 0


@pytest.mark.parametrize(
    ("birthday", "day", "expected"),
    [
        ('"1990-01-01"', 0, 0),
        ('"1990-01-08"', 0, 7),
        ('"12-31"', 0, 365),  # 2024 is a leap year
        ('"1992-02-29"', 0, 59),
        ('"1992-02-29"', 366, 58),  # 2025: on the 28th
        ('"1992-02-30"', 0, None),
        ('"soon"', 0, None),
        ("17", 0, None),
        (None, 0, None),
    ],
)
def test_A3_birthdays_are_counted_in_calendar_days(
    birthday: str | None, day: float, expected: int | None
) -> None:
    assert days_to(birthday, at(day), SHANGHAI) == expected


@pytest.mark.parametrize(
    "written",
    [
        "1990-11-03",
        "11-3",
        "1990/11/3",
        "1990年11月3日",
        "11月3日",
        "19901103",
        "1990-11-03T00:00Z",
    ],
)
def test_A3_a_birthday_is_read_as_the_shop_writes_it(written: str) -> None:
    assert month_and_day(json.dumps(written)) == (11, 3)


def test_A3_a_birthday_begins_at_the_customers_midnight() -> None:
    eve = START - 8 * DAY_MS // 24 - 1  # one millisecond before midnight in Shanghai
    assert days_to('"1990-01-01"', eve, SHANGHAI) == 1
    assert days_to('"1990-01-01"', eve + 1, SHANGHAI) == 0
