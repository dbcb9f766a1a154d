"""C1, C3: whose word decides whether goods have a cycle; all parts count the same orders."""

from dataclasses import replace

import numpy as np
import pytest

from engine.customers.renewal import Visits, days_of, unlearned, visits_of
from engine.customers.repurchase import Cycles, RepurchaseConfig
from engine.events import EventType
from engine.interactions import InteractionConfig
from engine.item_history import taken
from engine.query import Asked, enrich, enrich_at_training
from engine.types import DAY_MS
from tests.training.outreach import town
from tests.training.test_customers import log_of
from tests.training.test_cycles import CATALOGUE, ITEMS
from tests.training.test_renewal import DAYS, at_random, learned, read
from tests.training.test_renewal import log_of as log_of_days
from tests.worlds import ITEMS as TEA_ITEMS
from tests.worlds import NOW, event
from training.interactions import read_interactions
from training.order_days import bought_again
from training.past import past_of
from training.renewal import renewal

CUP, MILK = ITEMS.index("cup"), ITEMS.index("milk")


def test_C1_what_the_shop_says_the_days_of_has_a_cycle_whatever_the_log_says() -> None:
    config = RepurchaseConfig(item_days={"cup": 3650}, category_days={"food > formula milk": 7})
    cyclic = learned(at_random(), config).renewal.cyclic
    assert cyclic.tolist() == [item in ("cup", "milk") for item in ITEMS]


def test_C3_chance_takes_no_window_away_on_one_night_and_gives_it_back_on_another() -> None:
    """60 customers buy some 25 times in the parts of the cycle that count: that says nothing."""
    bought = at_random()
    bought[60:] = False
    for nights in (0, 12, 24, 36, 48):
        bought[:, :, DAYS - nights :] = False
        assert learned(bought, RepurchaseConfig(window_purchases=10)).renewal.cyclic.all(), nights


def test_C3_a_category_whose_few_purchases_may_be_chance_takes_the_shops_verdict() -> None:
    bought = at_random()
    bought[150:, MILK] = False
    assert not learned(bought, RepurchaseConfig(window_purchases=5)).renewal.cyclic.any()


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_where_purchases_count_for_nothing_the_guesses_stand(weight: float) -> None:
    bought = at_random()
    bought[50:] = False
    config, data = RepurchaseConfig(), read(bought)
    weights = InteractionConfig(weights={EventType.PURCHASE: weight})
    cycles = Cycles(np.full(len(ITEMS), 20, np.float32), np.zeros(len(ITEMS), np.bool_))
    habits = renewal(log_of_days(bought), weights, data, CATALOGUE, cycles, config).renewal
    guess = unlearned(habits.group, len(habits.hazard), config)
    for name in habits.__slots__:
        np.testing.assert_array_equal(getattr(habits, name), getattr(guess, name))


def test_C3_what_is_learned_and_what_is_served_count_the_same_orders_also_of_what_came_back() -> (
    None
):
    """mei's second order came back whole; her third was told of on two days."""
    buy, back = EventType.PURCHASE, EventType.REFUND
    lines = [
        event(1, buy, "green", 0, order_id="a", unit_price_minor=5000),
        event(2, buy, "cup", 6, order_id="b", unit_price_minor=3000),
        event(3, back, "cup", 7, order_id="b", unit_price_minor=3000),
        event(4, buy, "milk", 12, order_id="c", unit_price_minor=1000),
        event(5, buy, "green", 13, order_id="c", unit_price_minor=5000),
    ]
    events = [replace(line, customer_id="mei") for line in lines]
    tea, shop = town({"mei": lines, "lin": ()})
    now = NOW + DAY_MS // 2
    past = past_of(read_interactions(log_of(events), shop.interactions, extra_items=TEA_ITEMS), now)
    query = enrich_at_training(Asked(n=1, customer_id="mei"), tea, now)
    supplies, held = query.supplies, np.flatnonzero(query.history.held)
    kept = taken(query.history, held)
    served = visits_of(days_of(supplies.ordered_at), kept, now)
    assert served.repeats == 2
    for name in Visits._fields:
        np.testing.assert_allclose(getattr(past.visits, name), getattr(served, name), err_msg=name)
    np.testing.assert_allclose(bought_again(tea, now)[2], supplies.chances(held))
    nobody_yet = town({"mei": (), "lin": ()})[0]
    heard = enrich(Asked(n=1, customer_id="mei"), nobody_yet, now, tail=lines)
    assert heard.supplies.ordered_at == supplies.ordered_at, "as the newest events tell it"
