"""C1, C3: the chance to buy again, in a world whose true shares are known."""

import numpy as np
import pytest

from engine.errors import LogError
from training.models.again import Purchases, chances, pairs_of

CUSTOMERS, ITEMS, DAYS, HORIZON = 400, 12, 200, 14
OFTEN, SELDOM = 0, ITEMS - 1
SHARES = np.linspace(0.6, 0.02, ITEMS)  # of the orders that hold the item
GONE = CUSTOMERS // 2  # from this one on they never come back after half of the time


def shop(days: int = DAYS) -> Purchases:
    """Every customer comes on one day in ten."""
    rng = np.random.default_rng(7)
    comes = rng.random((CUSTOMERS, DAYS)) < 0.1
    comes[GONE:, DAYS // 2 :] = False
    held = rng.random((CUSTOMERS, ITEMS, DAYS)) < SHARES[:, None]
    bought = held & comes[:, None, :]
    return Purchases(*np.nonzero(bought[:, :, :days]))


DAY = DAYS - HORIZON
PAST, ALL = shop(DAY), shop()


def test_C3_chances_add_up_to_what_is_bought_again() -> None:
    found = chances(PAST, DAY, HORIZON)
    pairs = pairs_of(PAST, DAY)
    bought = pairs.bought_in(ALL.between(DAY, DAYS))
    assert found.sum() == pytest.approx(bought.sum(), rel=0.1)
    for part in np.array_split(np.argsort(found), 5):
        assert found[part].mean() == pytest.approx(bought[part].mean(), abs=0.05)


def test_C3_what_is_bought_often_is_likelier_and_who_is_gone_buys_nothing() -> None:
    found, pairs = chances(PAST, DAY, HORIZON), pairs_of(PAST, DAY)
    means = [float(found[(pairs.items == i) & (pairs.customers < GONE)].mean()) for i in range(12)]
    assert means == sorted(means, reverse=True)
    truth = 1 - np.exp(-HORIZON * 0.1 * SHARES)
    assert means[OFTEN] == pytest.approx(truth[OFTEN], rel=0.15)
    assert found[pairs.customers >= GONE].max() < 0.1 < means[OFTEN]


def test_C1_an_item_that_comes_often_says_so_of_who_bought_it_once() -> None:
    """The item's share is drawn to the shop's, and the customer's own to the item's."""
    found, pairs = chances(PAST, DAY, HORIZON), pairs_of(PAST, DAY)
    here = pairs.customers < GONE
    seldom = found[here & (pairs.items == SELDOM) & (pairs.repeats == 0)]
    middle = found[here & (pairs.items == 6) & (pairs.repeats == 0)]
    assert middle.mean() > 1.5 * seldom.mean()


def test_nothing_from_the_day_on_is_looked_at_if_it_is_not_handed_over() -> None:
    assert np.array_equal(chances(ALL.before(DAY), DAY, HORIZON), chances(PAST, DAY, HORIZON))


def test_pairs_count_repeats_orders_and_what_was_missed() -> None:
    days = [(0, 0, 1), (0, 0, 4), (0, 1, 4), (0, 2, 6), (3, 0, 2)]
    pairs = pairs_of(Purchases(*(np.array(each) for each in zip(*days, strict=True))), 10)
    counted = zip(
        pairs.customers, pairs.items, pairs.repeats, pairs.orders, pairs.missed, pairs.idle,
        strict=True,
    )  # fmt: skip
    assert [tuple(map(int, each)) for each in counted] == [
        (0, 0, 1, 2, 1, 6),
        (0, 1, 0, 1, 1, 6),
        (0, 2, 0, 0, 0, 4),
        (3, 0, 0, 0, 0, 8),
    ]


def test_too_few_who_came_back_are_refused() -> None:
    few = PAST.customers < 3
    small = Purchases(PAST.customers[few], PAST.items[few], PAST.days[few])
    with pytest.raises(LogError, match="needs 50 customers"):
        chances(small, DAY, HORIZON)
