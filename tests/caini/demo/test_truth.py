import numpy as np
import pytest
from numpy.typing import NDArray

from caini.demo.lines import between, take
from caini.demo.shelves import POSITIONS
from caini.demo.truth import buy_chances, had_before, respond, wanted
from caini.demo.world import Simulated
from engine.events import EventType
from engine.types import DAY_MS, Rows
from tests.caini.demo.reading import named, on_shelf, only

DAYS = 28


def cut_of(shop: Simulated) -> int:
    return shop.config.end_ms - DAYS * DAY_MS


def popular(shop: Simulated, before: int) -> np.ndarray:
    bought = only(shop, EventType.PURCHASE)
    return np.bincount(bought.item[bought.at < before], minlength=len(shop.items))


def top(scores: np.ndarray, n: int = 20) -> Rows:
    return np.argsort(-scores, kind="stable")[:n].astype(np.int32)


def test_who_knows_the_truth_foresees_much_more_than_who_knows_what_is_popular(
    shop: Simulated,
) -> None:
    cut = cut_of(shop)
    later = only(shop, EventType.PURCHASE)
    later = between(later, cut, shop.config.end_ms)
    best = set(top(popular(shop, cut)).tolist())
    buyers = np.unique(later.customer[later.customer >= 0])[:300]
    known, guessed = [], []
    for who in buyers.tolist():
        items = set(later.item[later.customer == who].tolist())
        slate = set(top(wanted(shop.truth, who, cut, DAYS)).tolist())
        known.append(len(items & slate) / len(items))
        guessed.append(len(items & best) / len(items))
    assert np.mean(known) > 0.5
    assert np.mean(known) > 2.5 * np.mean(guessed)


def test_what_is_wanted_adds_up_to_what_is_bought(shop: Simulated) -> None:
    cut = cut_of(shop)
    later = between(only(shop, EventType.PURCHASE), cut, shop.config.end_ms)
    people = range(0, len(shop.customers), 5)
    expected = sum(wanted(shop.truth, who, cut, DAYS).sum() for who in people)
    real = np.isin(later.customer, list(people)).sum()
    assert expected == pytest.approx(real, rel=0.5)


def test_mei_wants_her_milk_today_and_did_not_want_it_last_week(shop: Simulated) -> None:
    mei, end = named(shop, "mei"), shop.config.end_ms
    bought = only(shop, EventType.PURCHASE)
    milk = take(bought, on_shelf(shop, bought, "formula") & (bought.customer == mei)).item[-1]
    assert wanted(shop.truth, mei, end)[milk] > 0.5
    assert wanted(shop.truth, mei, end - 10 * DAY_MS)[milk] < 0.1


def test_the_milk_that_is_wanted_grows_with_the_baby(shop: Simulated) -> None:
    guo, end = named(shop, "guo"), shop.config.end_ms
    formula = on_formula(shop)
    for days, stage in ((-16, 1), (20, 2)):
        wants = wanted(shop.truth, guo, end + days * DAY_MS) * formula
        assert shop.items.stage[wants.argmax()] == stage


def on_formula(shop: Simulated) -> NDArray[np.bool_]:
    return np.asarray(shop.items.shelf == POSITIONS["formula"])


def test_the_chances_of_a_slate_sum_below_one_and_fall_with_the_position(shop: Simulated) -> None:
    end = shop.config.end_ms
    slate = top(wanted(shop.truth, 3, end))
    chances = buy_chances(shop.truth, 3, slate, end)
    assert 0 < chances.sum() < 1
    assert chances[0] > buy_chances(shop.truth, 3, slate[::-1], end)[-1]


def test_an_empty_slate_sells_nothing(shop: Simulated) -> None:
    who = np.arange(5, dtype=np.int32)
    slates = np.full((5, 4), -1, np.int32)
    answer = respond(shop, who, slates, shop.config.end_ms, np.random.default_rng(0))
    assert (answer.bought == -1).all()
    assert (answer.revenue == 0).all()
    assert (answer.clicks == 0).all()


def test_better_slates_bring_more_orders_revenue_and_clicks(shop: Simulated) -> None:
    end = shop.config.end_ms
    who = np.arange(0, 2_000, 4, dtype=np.int32)
    knowing = np.array([top(wanted(shop.truth, int(row), end), 10) for row in who])
    same = np.tile(top(popular(shop, end), 10), (len(who), 1))
    good = respond(shop, who, knowing, end, np.random.default_rng(0))
    plain = respond(shop, who, same, end, np.random.default_rng(0))
    assert (good.bought >= 0).sum() > 2 * (plain.bought >= 0).sum()
    assert good.revenue.sum() > 2 * plain.revenue.sum()
    assert good.clicks.sum() > 2 * plain.clicks.sum()
    assert good.repeated.any()


def test_who_owns_what_lasts_does_not_buy_it_again(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    phones = take(bought, on_shelf(shop, bought, "phones") & (bought.customer >= 0))
    slates = phones.item[:, None]
    end = shop.config.end_ms
    assert had_before(shop, phones.customer, slates, end).all()
    answer = respond(shop, phones.customer, slates, end, np.random.default_rng(0))
    assert (answer.bought == -1).all()


def test_before_the_first_order_nobody_had_anything(shop: Simulated) -> None:
    who, slates = np.arange(3, dtype=np.int32), np.zeros((3, 2), np.int32)
    assert not had_before(shop, who, slates, shop.config.start_ms).any()
