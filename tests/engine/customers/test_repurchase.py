from dataclasses import replace

import numpy as np
import pytest

from engine.customers.renewal import Repurchase, unlearned
from engine.customers.repurchase import Cycles, RepurchaseConfig, lasting
from engine.customers.supplies import Supplies
from engine.types import DAY_MS, NO_ITEM_HISTORY, ItemHistory
from tests.engine.customers.world import at

CONFIG = RepurchaseConfig()
TEA, MILK = 0, 1
CYCLES = Cycles(np.array([20, 7], np.float32), np.array([False, True]))
KNOWN = Repurchase(CYCLES, unlearned(np.zeros(2, np.int32), 1, CONFIG), CONFIG)


def bought(day: float, row: int, units: int = 1) -> ItemHistory:
    return replace(
        NO_ITEM_HISTORY,
        rows=np.array([row], np.int32),
        weights=np.ones(1, np.float32),
        frequency=np.ones(1, np.float32),
        orders=np.ones(1, np.int32),
        returned=np.zeros(1, np.int32),
        purchased=np.ones(1, np.float32),
        disliked_at=np.zeros(1, np.int64),
        bought=np.array([units], np.int32),
        last_units=np.array([units], np.int32),
        last_at=np.array([at(day)]),
        first_bought_at=np.array([at(day)]),
        last_bought_at=np.array([at(day)]),
    )


def due_rows(history: ItemHistory, day: float, ordered: tuple[int, ...] = (0,)) -> list[int]:
    supplies = Supplies(history, KNOWN, at(day), [at(day) for day in ordered])
    return supplies.candidates(10).rows.tolist()


def test_C1_three_cans_on_day_0_are_empty_on_day_21() -> None:
    cans = bought(0, MILK, units=3)
    empty = cans.last_bought_at + lasting(cans, CYCLES, CONFIG) * DAY_MS
    assert empty.tolist() == [at(21)]


def test_C1_cans_that_were_sent_back_feed_nobody() -> None:
    kept = replace(bought(0, MILK, units=3), bought=np.ones(1, np.int32))
    assert lasting(kept, CYCLES, CONFIG).tolist() == [7]
    assert (due_rows(kept, 7), due_rows(bought(0, MILK, units=3), 7)) == ([MILK], [])


def test_C1_an_item_without_a_rate_lasts_a_cycle_whatever_the_number() -> None:
    assert due_rows(bought(0, TEA, units=3), 20) == [TEA]
    assert due_rows(bought(0, MILK, units=3), 21) == [MILK]
    assert due_rows(bought(0, MILK, units=1), 21) == []


@pytest.mark.parametrize(
    ("day", "expected"), [(10, []), (17.9, []), (18, [TEA]), (20, [TEA]), (24, [TEA]), (24.1, [])]
)
def test_C3_due_from_day_18_to_24_of_a_cycle_of_20(day: float, expected: list[int]) -> None:
    assert due_rows(bought(0, TEA), day) == expected


def test_C3_a_repurchase_makes_it_due_no_longer() -> None:
    assert due_rows(bought(20, TEA, units=2), 21) == []


def both_due() -> ItemHistory:
    return ItemHistory(
        **{
            name: np.concatenate([getattr(bought(0, TEA), name), getattr(bought(14, MILK), name)])
            for name in ItemHistory.__slots__
        }
    )


def test_C3_the_most_overdue_comes_first_and_returned_goods_never() -> None:
    both = both_due()
    assert due_rows(both, 21) == [TEA, MILK]
    assert due_rows(both, 22) == [MILK, TEA]
    returned = replace(both, bought=np.array([0, 1], np.int32))
    assert due_rows(returned, 21) == [MILK]
    assert due_rows(NO_ITEM_HISTORY, 21) == []


def test_C3_what_is_ordered_often_comes_before_what_is_more_overdue() -> None:
    known = replace(both_due(), first_bought_at=np.full(2, at(0)))
    assert due_rows(known, 21, ordered=(0, 7, 14)) == [TEA, MILK]
    often = replace(known, orders=np.array([1, 3], np.int32))
    assert due_rows(often, 21, ordered=(0, 7, 14)) == [MILK, TEA]


def test_C3_what_is_overdue_stays_used_up_and_what_was_never_bought_is() -> None:
    answers = [Supplies(bought(0, TEA), KNOWN, at(day)).used_up.tolist() for day in (17, 18, 300)]
    assert answers == [[False], [True], [True]]
    never = replace(bought(0, TEA), last_bought_at=np.zeros(1, np.int64))
    assert Supplies(never, KNOWN, at(1)).used_up.tolist() == [True]


def test_rates_of_no_days_are_refused_together() -> None:
    with pytest.raises(ValueError, match=r"item_days.tea.*category_days.milk"):
        RepurchaseConfig(item_days={"tea": 0}, category_days={"milk": -1})
