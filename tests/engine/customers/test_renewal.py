"""C1, C3: the chance to buy again, in plain numbers of one customer."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.customers.renewal import Renewal, Repurchase, unlearned
from engine.customers.repurchase import RepurchaseConfig, lasting
from engine.customers.supplies import Supplies
from engine.reasons import say
from engine.types import DAY_MS, NO_ITEM_HISTORY, ItemHistory
from tests.engine.customers.test_repurchase import CYCLES, KNOWN, MILK, TEA, bought
from tests.engine.customers.world import at

ANY_TIME = replace(KNOWN.renewal, cyclic=np.zeros(2, np.bool_))
OPEN = KNOWN._replace(renewal=ANY_TIME)


def held(row: int, days: list[float], units: int = 1) -> ItemHistory:
    """One item, bought on these days, so many units each time."""
    return replace(
        bought(days[-1], row, units),
        first_bought_at=np.array([at(days[0])]),
        orders=np.array([len(days)], np.int32),
        bought=np.array([len(days) * units], np.int32),
    )


def both(*histories: ItemHistory) -> ItemHistory:
    return ItemHistory(
        **{
            name: np.concatenate([getattr(each, name) for each in histories])
            for name in ItemHistory.__slots__
        }
    )


def chance(history: ItemHistory, ordered: list[float], day: float, known: Repurchase) -> float:
    supplies = Supplies(history, known, at(day), [at(each) for each in ordered])
    return float(supplies.chances(np.array([0]))[0])


def lasts(history: ItemHistory, **config: float) -> float:
    return float(lasting(history, CYCLES, RepurchaseConfig.model_validate(config))[0])


def test_C1_an_own_cycle_needs_three_intervals_and_is_drawn_to_the_items() -> None:
    assert lasts(held(TEA, [0, 10, 20])) == 20
    assert lasts(held(TEA, [0, 10, 20, 30])) == pytest.approx((3 * 10 + 5 * 20) / 8)
    assert lasts(held(TEA, [0, 10, 20, 30]), prior=0) == 10
    assert lasts(held(TEA, [0, 10, 20]), own_observations=2, prior=0) == 10
    assert lasts(held(TEA, [5, 5, 5, 5]), prior=0) > 0, "four orders at once are no cycle"


def test_C1_an_own_cycle_counts_units_where_the_item_does() -> None:
    """Two cans on day 0, 12 and 24, then on 36: 6 days a can, and so 12 for the last two."""
    assert lasts(held(MILK, [0, 12, 24, 36], units=2), prior=0) == pytest.approx(12)
    assert lasts(held(TEA, [0, 12, 24, 36], units=2), prior=0) == pytest.approx(12)


def test_C1_many_units_at_once_last_no_longer_than_anybody_stocks_up() -> None:
    for units, days in ((3, 21), (52, 364), (576, 365)):
        assert lasts(held(MILK, [0], units=units)) == days
    assert lasts(held(MILK, [0], units=576), stock_days=5) == 7, "one unit lasts what it lasts"


def test_C3_the_chance_is_that_of_the_formula() -> None:
    """Orders on days 0, 10 and 20, tea in the first two; asked on day 30 for the next 14."""
    renewal = Renewal(
        timing=np.array([2.0, 30.0, 1.0, 3.0]),
        shares=np.array([0.25, 0.5], np.float32),
        group=np.zeros(2, np.int32),
        hazard=np.full((1, 12), 1.5, np.float32),
        cyclic=np.zeros(2, np.bool_),
        edges=KNOWN.renewal.edges,
    )
    visits, day = 2, 30 + at(0) / DAY_MS % 1
    odds = 1 / (3 + visits - 1) * ((30 + day) / (30 + 20)) ** (2 + visits)
    orders = 14 * (2 + visits) / (30 + day) / (1 + odds)
    share = (1 + 8 * 0.25) / (2 + 8)
    known = KNOWN._replace(renewal=renewal)
    found = chance(held(TEA, [0, 10]), [0, 10, 20], 30, known)
    assert found == pytest.approx(1 - np.exp(-orders * share * 1.5))


def test_C3_who_never_came_back_is_lost_to_nobody_knows_when() -> None:
    once = chance(held(TEA, [0]), [0], 20, OPEN)
    assert 0 < chance(held(TEA, [0]), [0], 400, OPEN) < once


def test_C3_two_orders_of_one_day_are_one() -> None:
    twice = replace(held(TEA, [0]), orders=np.array([2], np.int32))
    assert chance(twice, [0, 0.01], 20, OPEN) == chance(held(TEA, [0]), [0], 20, OPEN)


def test_C3_an_order_that_came_back_whole_leaves_what_was_kept_of_it_with_a_day() -> None:
    assert chance(held(TEA, [0]), [], 20, OPEN) == chance(held(TEA, [0]), [0], 20, OPEN)


def test_C3_where_goods_have_no_cycle_all_is_due_and_what_is_ordered_most_comes_first() -> None:
    history = both(held(TEA, [0]), held(MILK, [0, 7, 14, 21]))
    ordered = [at(day) for day in (0, 7, 14, 21)]
    free, bound = (Supplies(history, known, at(22), ordered) for known in (OPEN, KNOWN))
    assert free.candidates(9).rows.tolist() == [MILK, TEA]
    assert free.candidates(1).rows.tolist() == [MILK]
    assert bound.candidates(9).rows.tolist() == [TEA], "milk is not used up"
    assert free.wanted.tolist() == [True, True]
    assert bound.wanted.tolist() == [True, False]


@pytest.mark.parametrize("known", [KNOWN, OPEN])
def test_C3_what_is_bought_at_any_time_lasts_as_long_as_what_has_a_cycle(known: Repurchase) -> None:
    days = (0, 1, 17, 18, 300)
    told = [Supplies(held(TEA, [0]), known, at(day)).used_up.tolist() for day in days]
    assert told == [[False], [False], [False], [True], [True]]


def test_C3_what_was_bought_within_a_day_is_neither_due_nor_shown_again() -> None:
    tea = held(TEA, [0])
    for day, ready in ((1e-8, False), (0.99, False), (1, True), (10, True), (30, True)):
        assert (len(Supplies(tea, OPEN, at(day)).due) > 0) == ready, day
        assert Supplies(tea, OPEN, at(day)).wanted.tolist() == [ready], day


def test_C3_what_is_near_the_end_of_its_cycle_is_told_from_what_is_due_at_any_time() -> None:
    for day, near in ((10, False), (18, True), (24, True), (25, False)):
        found = Supplies(held(TEA, [0]), OPEN, at(day))
        assert (found.near.tolist(), found.due.tolist()) == ([0] if near else [], [0]), day


def test_C3_the_shops_window_holds_while_nothing_is_learned() -> None:
    config = RepurchaseConfig(due_from=0.5, due_until=1.5)
    wide = KNOWN._replace(config=config, renewal=unlearned(np.zeros(2, np.int32), 1, config))
    for day, is_due in ((9, False), (10, True), (16, True), (30, True), (31, False)):
        found = Supplies(bought(0, TEA), wide, at(day), [at(0)]).candidates(9).rows.tolist()
        assert found == ([TEA] if is_due else []), day


def test_C3_a_reason_says_how_often_and_how_long_ago_in_both_languages() -> None:
    often = Supplies(held(TEA, [0, 22, 44, 66, 88]), KNOWN, at(109)).cycles[TEA]
    assert (often.own, often.every, often.ago) == (True, 21, 21)
    once = Supplies(held(MILK, [0], units=3), KNOWN, at(21.5)).cycles[MILK]
    assert (once.own, once.every, once.ago) == (False, 21, 21)
    assert say("due", [], "en", (22, 1)) == (
        "Time to buy it again: you buy it about every 22 days, last 1 day ago"
    )
    assert say("due", [], "zh", (22, 21)) == "该补货了：您约每22天买一次，上次在21天前"
    assert say("due_first", [], "en", (21, 21)) == (
        "Time to buy it again: it lasts about 21 days, you bought it 21 days ago"
    )
    assert say("due_first", [], "zh", (21, 21)) == "该补货了：约可用21天，您在21天前买过"


def test_C3_two_orders_are_no_cycle_of_ones_own_in_a_reason_either() -> None:
    twice = Supplies(held(TEA, [0, 60]), KNOWN, at(80)).cycles[TEA]
    assert (twice.own, twice.every, twice.ago) == (False, 20, 20)


@pytest.mark.parametrize("known", [KNOWN, OPEN])
@pytest.mark.parametrize(
    ("day", "told"), [(10, False), (17, False), (18, True), (24, True), (25, False), (365, False)]
)
def test_C3_a_reason_says_due_in_the_window_alone_also_where_goods_have_no_cycle(
    known: Repurchase, day: float, *, told: bool
) -> None:
    assert bool(Supplies(held(TEA, [0]), known, at(day)).cycles) == told


@given(
    st.lists(st.floats(0, 90), min_size=1, max_size=7).map(sorted),
    st.integers(1, 4),
    st.floats(0, 60),
    st.sampled_from([(TEA, KNOWN), (MILK, KNOWN), (TEA, OPEN)]),
)
def test_C3_a_reason_tells_the_days_that_decide(
    days: list[float], units: int, later: float, of: tuple[int, Repurchase]
) -> None:
    row, known = of
    history, now = held(row, days, units), at(days[-1] + later)
    found = Supplies(history, known, now)
    told, config = found.cycles, known.config
    lasts = float(lasting(history, known.cycles, config)[0])
    passed = (now - int(history.last_bought_at[0])) / (lasts * DAY_MS)
    near = config.due_from <= passed <= config.due_until
    wanted = [max(round(lasts), 1)] if near else []
    assert [(item, one.every) for item, one in told.items()] == [(row, lasts) for lasts in wanted]


def test_C3_nothing_is_said_of_what_is_not_used_up_or_was_never_bought() -> None:
    assert Supplies(held(TEA, [0]), OPEN, at(10)).cycles == {}
    assert Supplies(NO_ITEM_HISTORY, KNOWN, at(10)).cycles == {}
