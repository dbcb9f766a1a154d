import numpy as np

from caini.demo.prices import sale_share
from caini.demo.shelves import POSITIONS
from caini.demo.tastes import at_stage, of_age, stage_at, utility
from caini.demo.world import MONTH_MS, Simulated
from engine.types import DAY_MS


def liking(shop: Simulated, who: int, item: int, at: int) -> float:
    pair = np.array([who], np.int32), np.array([item], np.int32), np.array([at])
    return float(utility(shop.truth.world, *pair)[0])


def test_what_is_new_is_liked_better_than_a_month_later(shop: Simulated) -> None:
    items, start = shop.items, shop.config.start_ms
    launched = np.flatnonzero((items.launched_at > start) & (~items.promoted))[:20]
    for item in launched.tolist():
        day = int(items.launched_at[item])
        drift = liking(shop, 5, item, day + 60 * DAY_MS) - liking(shop, 5, item, day + 31 * DAY_MS)
        assert liking(shop, 5, item, day + DAY_MS) > liking(shop, 5, item, day + 31 * DAY_MS)
        assert abs(drift) < 0.5


def test_nothing_is_liked_before_its_launch(shop: Simulated) -> None:
    item = int(np.flatnonzero(shop.items.launched_at > shop.config.start_ms)[0])
    assert liking(shop, 5, item, int(shop.items.launched_at[item]) - 1) == -np.inf


def test_a_sale_moves_who_minds_the_price(shop: Simulated) -> None:
    item = int(np.flatnonzero(shop.items.promoted & (shop.items.trend < 0.1))[0])
    days = shop.config.start_ms + np.arange(60) * DAY_MS
    on = sale_share(shop.items, np.full(60, item, np.int32), days) > 0
    first = int(np.flatnonzero(on[1:] & ~on[:-1])[0])
    lin, zhang_wei = (shop.customers.ids.index(name) for name in ("lin", "zhang-wei"))
    gains = [
        liking(shop, who, item, int(days[first + 1])) - liking(shop, who, item, int(days[first]))
        for who in (lin, zhang_wei)
    ]
    assert gains[0] > gains[1] + 1


def test_stages_begin_on_the_day_that_the_shelf_says() -> None:
    formula = np.full(4, POSITIONS["formula"], np.int32)
    ages = np.array([0, 6 * MONTH_MS - 1, 6 * MONTH_MS, 36 * MONTH_MS])
    assert stage_at(formula, ages).tolist() == [1, 1, 2, 4]
    assert stage_at(formula * 0 + POSITIONS["tea"], ages).tolist() == [0, 0, 0, 0]


def test_a_family_is_followed_from_stage_to_stage(shop: Simulated) -> None:
    mei = np.full(1, shop.customers.ids.index("mei"), np.int32)
    first = shop.items.starts[[POSITIONS["formula"]]]
    later = np.array([shop.config.end_ms + 60 * DAY_MS])
    assert at_stage(shop.truth.world, mei, first, later) == first + 1


def test_milk_is_looked_for_from_two_months_before_a_birth_on(shop: Simulated) -> None:
    mei = np.full(3, shop.customers.ids.index("mei"), np.int32)
    born = shop.customers.baby_born_at[mei]
    at = born + np.array([-3, -1, 61]) * MONTH_MS
    formula, tea = POSITIONS["formula"], POSITIONS["tea"]
    assert of_age(shop.truth.world, mei, at)[:, formula].tolist() == [False, True, False]
    assert of_age(shop.truth.world, mei, at)[:, tea].all()
