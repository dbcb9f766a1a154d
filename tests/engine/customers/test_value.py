from collections import Counter
from decimal import Decimal

import pytest

from engine.customers.facts import History
from engine.customers.snapshot import snapshot_of
from engine.customers.state import assess
from engine.customers.thresholds import NO_THRESHOLDS, Thresholds
from engine.customers.value import ValueConfig
from engine.events import EventType
from tests.engine.customers.world import (
    DEFAULTS,
    at,
    event,
    history_of,
    purchase,
    refund,
    schemes,
    state_of,
)
from training.customer_states import population

CUTS = Thresholds(
    recency=(10, 20, 30, 40),
    frequency=(1, 2, 3, 4),
    monetary=(10_000, 20_000, 30_000, 40_000),
    breadth=(1, 2, 3, 4),
    length=(10, 100, 200, 300),
)


def test_V1_scores_go_from_1_to_5_by_the_populations_quantiles() -> None:
    regular = state_of([purchase(day, 100) for day in range(5)], 5, thresholds=CUTS)
    assert (regular.recency_score, regular.frequency_score, regular.monetary_score) == (5, 5, 5)
    once = state_of([purchase(0, 100)], 41, thresholds=CUTS)
    assert (once.recency_score, once.frequency_score, once.monetary_score) == (1, 1, 1)
    assert (once.breadth_score, once.length_score) == (1, 2)


def test_V1_a_measure_on_a_cut_takes_the_lower_score() -> None:
    assert state_of([purchase(0, 200)], 10, thresholds=CUTS).monetary_score == 2
    assert state_of([purchase(0, 200)], 10, thresholds=CUTS).recency_score == 5
    assert state_of([purchase(0, 200)], 11, thresholds=CUTS).recency_score == 4


def test_V1_who_never_ordered_has_no_scores() -> None:
    state = state_of([event(EventType.VIEW, 1, "v", item_id="tea")], 2, thresholds=CUTS)
    assert (state.recency_days, state.recency_score, state.frequency_score) == (None, 0, 0)


def test_V1_money_is_net_of_refunds_and_of_the_window() -> None:
    events = [
        purchase(0, 500),
        purchase(300, 100, order_id="a"),
        refund(310, 30.01, order_id="a"),
        purchase(320, 50, order_id="b"),
        refund(321, 50, order_id="b"),
        refund(330, 5),
    ]
    state = state_of(events, 400)
    assert (state.frequency, state.monetary_minor) == (1, 10_000 - 3_001 - 500)
    assert (state.recency_days, state.orders) == (100, 2)


def test_V1_one_order_moves_a_customer_at_once() -> None:
    before = state_of([purchase(0, 100)], 50, thresholds=CUTS)
    after = state_of([purchase(0, 100), purchase(50, 400)], 50, thresholds=CUTS)
    assert (before.recency_score, before.monetary_score) == (1, 1)
    assert (after.recency_score, after.monetary_score) == (5, 5)


def test_V2_a_thousand_active_buyers_are_10_40_150_and_800() -> None:
    buyers = [
        history_of(purchase(1, 100 + n % 7, f"buy {n}", order_id=f"o{n}")) for n in range(1_000)
    ]
    found = classes(buyers)
    assert found == {"top": 10, "large": 40, "medium": 150, "small": 800}


def classes(histories: list[History]) -> Counter[str]:
    cuts = population(snapshot_of(histories), DEFAULTS, at(2))
    return Counter(assess(each, cuts, DEFAULTS, at(2)).value_class for each in histories)


def test_V2_every_customer_is_in_exactly_one_class() -> None:
    view = event(EventType.VIEW, 400, "v", item_id="tea")
    assert state_of([purchase(399, 10)], 400).value_class == "small"
    assert state_of([purchase(0, 10)], 400).value_class == "inactive"
    assert state_of([view], 400).value_class == "potential"
    assert state_of([view], 400 + 366).value_class == "suspect"
    assert state_of([event(EventType.PROFILE, 400, "p")], 401).value_class == "suspect"
    assert state_of([], 400).value_class == "other"


def test_V2_value_is_margin_when_the_shop_says_so() -> None:
    margin = schemes(value={"of": "margin"})
    bought = purchase(1, 100, properties={"unit_cost_minor": 6_000})
    assert state_of([bought], 2, under=margin).value_minor == 4_000
    assert state_of([bought], 2).value_minor == 10_000


def test_without_a_population_everybody_is_a_small_customer() -> None:
    assert state_of([purchase(1, 10**6)], 2, thresholds=NO_THRESHOLDS).value_class == "small"


@pytest.mark.parametrize(("small", "kind"), [("0.70", "leave a gap"), ("0.90", "overlap")])
def test_shares_that_do_not_make_up_the_whole_are_refused(small: str, kind: str) -> None:
    with pytest.raises(ValueError, match=kind):
        ValueConfig(small=Decimal(small))
