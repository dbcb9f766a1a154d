"""Items counted at once, or in two parts and merged, are the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.customers.history import EMPTY_HISTORY, fold_all
from engine.events import EventType
from engine.happened import Happened
from engine.interactions import MAX_DOUBLINGS, InteractionConfig, decay, saturate
from engine.item_history import count, latest_part, merge, newest, saturated, units_left
from engine.person import Known, told_before
from engine.query import Asked, enrich
from engine.types import DAY_MS, NO_ITEM_HISTORY, ItemHistory
from tests.worlds import CUP, GREEN, ITEMS, NOW, START, bundle, event

CONFIG = InteractionConfig()


def rows_of(events: list[Happened]) -> np.ndarray:
    return np.array(
        [ITEMS.index(e.item_id) if e.item_id in ITEMS else -1 for e in events], np.int32
    )


def counted(events: list[Happened]) -> ItemHistory:
    return count(events, rows_of(events), CONFIG, NOW)


def test_units_orders_and_instants_are_counted_by_item() -> None:
    history = counted(
        [
            event(1, EventType.PURCHASE, "cup", 0, quantity=2, order_id="a"),
            event(2, EventType.PURCHASE, "cup", 10, quantity=1, order_id="b"),
            event(3, EventType.PURCHASE, "cup", 10, quantity=4, order_id="b"),
            event(4, EventType.REFUND, "cup", 12, quantity=3),
            event(5, EventType.VIEW, "green", 20),
            event(6, EventType.SEARCH, None, 21, query="tea"),
            event(7, EventType.PURCHASE, "never heard of", 22),
        ]
    )
    assert history.rows.tolist() == [GREEN, CUP]
    assert history.bought.tolist() == [0, 4]
    assert history.last_units.tolist() == [0, 2]
    assert history.last_bought_at.tolist() == [0, START + 10 * DAY_MS]
    assert history.last_at.tolist() == [START + 20 * DAY_MS, START + 10 * DAY_MS]
    half = CONFIG.frequency_half_life_days
    assert np.allclose(history.frequency, [0, 2 ** (-30 / half) + 2 ** (-20 / half)])


KINDS = [getattr(EventType, name) for name in ("PURCHASE", "VIEW", "REFUND", "DISLIKE", "CART")]
DAYS = st.integers(0, 12)
TOLD = st.tuples(st.sampled_from(KINDS), st.sampled_from(ITEMS), DAYS, st.integers(1, 5), DAYS)


def order_of(item: str, day: int) -> str | None:
    """Of all lines of the item on that day; of every third day each line is its own order."""
    return f"{item} {day}" if day % 3 else None


EVENTS = st.lists(TOLD, max_size=30).map(
    lambda told: [
        event(
            i, kind, item, day, quantity=q, order_id=order_of(item, of if kind == "refund" else day)
        )
        for i, (kind, item, day, q, of) in enumerate(told)
    ]
)


def in_two_parts(first: list[Happened], rest: list[Happened]) -> ItemHistory:
    known = Known(0, fold_all(EMPTY_HISTORY, first), counted(first))
    told = told_before(known, rest, rows_of(rest))
    return merge(known.items, count(rest, rows_of(rest), CONFIG, NOW, told))


@given(EVENTS, st.integers(0, 30))
def test_counting_in_two_parts_is_counting_at_once(events: list[Happened], cut: int) -> None:
    whole = counted(events)
    parts = in_two_parts(events[:cut], events[cut:])
    late = np.isin(whole.rows, told_too_late(events[:cut], events[cut:]))
    for name in ItemHistory.__slots__:
        same = np.isclose(getattr(parts, name), getattr(whole, name), atol=1e-4)
        assert (same | (late & (name == "last_units"))).all(), name


def told_too_late(first: list[Happened], rest: list[Happened]) -> list[int]:
    """Items of a purchase that was told of after the refund of it, or of a later one."""
    return [
        ITEMS.index(bought.item_id or "")
        for bought in rest
        for back in first
        if bought.item_id == back.item_id
        and (bought.type, back.type) == (EventType.PURCHASE, EventType.REFUND)
        and (bought.at <= back.at or (back.order_id and bought.order_id == back.order_id))
    ]


LEFT = [  # what came back on which day, of which order; what is left of three cans of day 20
    ((EventType.REFUND, 21, 2, "new"), 1),
    ((EventType.REFUND, 21, 2, None), 1),
    ((EventType.REFUND, 21, 2, "old"), 3),
    ((EventType.REFUND, 21, 2, "older than the log"), 3),
    ((EventType.REFUND, 19, 2, None), 3),
    ((EventType.REFUND, 21, 3, "new"), 0),
]


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(("back", "left"), LEFT)
def test_what_comes_back_is_of_its_order_or_else_of_the_newest(
    back: tuple[EventType, int, int, str | None], left: int, told: bool
) -> None:
    """Whether or not the bundle holds what was bought; three more cans of day -60 feed nobody."""
    kind, day, units, order = back
    bought = [
        event(i, EventType.PURCHASE, "milk", on, quantity=3, order_id=of)
        for i, (on, of) in enumerate([(-60, "old"), (20, "new")])
    ]
    sent = [event(9, kind, "milk", day, quantity=units, order_id=order)]
    found = in_two_parts(bought, sent) if told else counted(bought + sent)
    assert units_left(found).tolist() == [left]


ORDERS = st.lists(
    st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4), min_size=1, max_size=8
).map(
    lambda orders: [
        event(10 * day + place, EventType.PURCHASE, item, day, order_id=f"o{day}")
        for day, items in enumerate(orders)
        for place, item in enumerate(items)
    ]
)


@given(ORDERS, st.integers(0, 32))
def test_an_order_that_is_told_in_two_parts_counts_once(lines: list[Happened], cut: int) -> None:
    first, rest = lines[:cut], lines[cut:]
    assert np.allclose(in_two_parts(first, rest).frequency, counted(lines).frequency)


def test_an_order_of_two_lines_is_as_old_as_its_first_whichever_arrived_first() -> None:
    lines = [event(i, EventType.PURCHASE, "cup", day, order_id="o") for i, day in ((1, 5), (2, 25))]
    old = 2 ** (-25 / CONFIG.frequency_half_life_days)
    assert counted(lines).frequency.tolist() == counted(lines[::-1]).frequency.tolist()
    assert np.allclose(counted(lines).frequency, [old])


def test_the_rest_of_a_known_order_is_no_second_order_in_the_very_next_request() -> None:
    world = bundle()

    def frequency(*tail: Happened) -> dict[str, float]:
        history = enrich(Asked(n=1, customer_id="mei"), world, NOW, tail=tail).history
        names = [ITEMS[row] for row in history.rows]
        return dict(zip(names, history.frequency.tolist(), strict=True))

    def line(item: str, order: str) -> Happened:
        return event(99, EventType.PURCHASE, item, 10, order_id=order)

    assert frequency(line("green", "o2"))["green"] == frequency()["green"]
    assert frequency(line("green", "o9"))["green"] > frequency()["green"]
    assert frequency(line("cup", "o2"))["cup"] > 0


def test_what_was_kept_counts_and_what_came_back_does_not() -> None:
    def interest(*lines: tuple[EventType, int, float]) -> float:
        told = [event(i, kind, "cup", day, quantity=q) for i, (kind, q, day) in enumerate(lines)]
        return float(saturated(counted(told), CONFIG).weights[0])

    whole = interest((EventType.PURCHASE, 12, 0))
    partly = interest((EventType.PURCHASE, 12, 0), (EventType.REFUND, 1, 20))
    undone = interest((EventType.PURCHASE, 12, 0), (EventType.REFUND, 12, 20))
    assert 0.85 * whole < partly < whole
    assert undone == 0


def test_a_dislike_stands_until_the_item_is_bought_again() -> None:
    bought = event(1, EventType.PURCHASE, "cup", 0)
    disliked = event(2, EventType.DISLIKE, "cup", 1)
    again = event(3, EventType.PURCHASE, "cup", 2)
    assert counted([bought, disliked]).unwanted.tolist() == [True]
    assert counted([bought, disliked, again]).unwanted.tolist() == [False]
    assert newest(counted([bought, disliked]), 5).tolist() == []


def test_merging_nothing_changes_nothing() -> None:
    known = counted([event(1, EventType.VIEW, "cup", 1)])
    assert merge(known, NO_ITEM_HISTORY) is known
    assert len(counted([])) == 0


def test_the_newest_and_the_latest_part_are_by_last_interest() -> None:
    history = counted(
        [
            event(i, EventType.VIEW, item, day)
            for i, (item, day) in enumerate(zip(ITEMS, (5, 9, 1), strict=False))
        ]
    )
    assert newest(history, 2).tolist() == [1, 0]
    assert latest_part(history, 2).rows.tolist() == [0, 1]
    assert latest_part(history, 3) is history
    assert newest(NO_ITEM_HISTORY, 3).tolist() == []
    assert newest(history, 3, START + 5 * DAY_MS).tolist() == [1, 0]


def test_what_was_sent_back_whole_is_no_news() -> None:
    bought = event(1, EventType.PURCHASE, "cup", 0, quantity=2)
    part = event(2, EventType.REFUND, "cup", 1)
    rest = event(3, EventType.REFUND, "cup", 2)
    assert newest(counted([bought, part]), 5).tolist() == [ITEMS.index("cup")]
    assert newest(counted([bought, part, rest]), 5).tolist() == []


def test_an_event_of_a_broken_clock_cannot_outweigh_the_world() -> None:
    ages = np.array([0.0, 90 * DAY_MS, -90 * DAY_MS, -10_000 * DAY_MS])
    assert decay(ages, 90).tolist() == [1, 0.5, 2, 2**MAX_DOUBLINGS]


def test_saturation_keeps_small_sums_and_signs() -> None:
    told = saturate(np.array([0.01, 0, -2, 100], np.float32), 3)
    assert abs(told[0] - 0.01) < 1e-3
    assert told[1:3].tolist() == [0, -2]
    assert 3 < told[3] < 15


def test_units_that_no_shop_sells_end_at_the_limit() -> None:
    def bought(event_id: int) -> Happened:
        return event(event_id, EventType.PURCHASE, "cup", 1, quantity=2_000_000_000)

    whole = counted([bought(1), bought(2)])
    merged = merge(counted([bought(1)]), counted([bought(2)]))
    for history in (whole, merged):
        assert history.bought.tolist() == history.last_units.tolist() == [2**31 - 1]
