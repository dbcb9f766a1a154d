import json

import numpy as np
import pytest

from caini.demo.lines import take
from caini.demo.named import same_day
from caini.demo.prices import sale_share
from caini.demo.seasons import calendar
from caini.demo.shelves import POSITIONS
from caini.demo.shop import simulate
from caini.demo.stories import STORIES
from caini.demo.world import APP, LOCAL_MS, POS, TYPE_CODES, DemoConfig, Simulated, Year
from engine.events import EventType
from engine.types import DAY_MS
from tests.caini.demo.reading import named, of, on_shelf, only


@pytest.fixture(scope="module", params=[7, 1, 20])
def town(request: pytest.FixtureRequest) -> Simulated:
    """The stories hold whatever the seed."""
    return simulate(DemoConfig(customers=300, items=400, seed=request.param))


def orders(town: Simulated, customer_id: str) -> Year:
    return of(only(town, EventType.PURCHASE), named(town, customer_id))


def net_spend(town: Simulated, customer_id: str) -> int:
    bought = orders(town, customer_id)
    back = of(only(town, EventType.REFUND), named(town, customer_id))
    return int((bought.price * bought.quantity).sum() - (back.price * back.quantity).sum())


def days_ago(town: Simulated, year: Year) -> np.ndarray:
    return (town.config.end_ms - year.at) / DAY_MS


def test_the_named_customers_come_first_and_have_a_line_in_both_languages(town: Simulated) -> None:
    assert town.customers.ids[: len(STORIES)] == tuple(story.id for story in STORIES)
    assert all(english and chinese for english, chinese in (story.line for story in STORIES))


def test_everyone_named_has_events(town: Simulated) -> None:
    assert set(range(len(STORIES))) <= set(town.events.customer.tolist())


def test_mei_runs_out_of_milk_tomorrow(town: Simulated) -> None:
    bought = orders(town, "mei")
    milk = take(bought, on_shelf(town, bought, "formula"))
    assert np.allclose(-np.diff(days_ago(town, milk)), -21) or np.allclose(
        np.diff(days_ago(town, milk)), -21
    )
    assert set(milk.quantity.tolist()) == {3}
    assert days_ago(town, milk).min() == pytest.approx(20)
    assert set(town.items.stage[milk.item].tolist()) == {1}


def test_guos_baby_changes_stage_in_three_days(town: Simulated) -> None:
    born = town.customers.baby_born_at[named(town, "guo")]
    assert (town.config.end_ms - born) / DAY_MS / 30.4375 == pytest.approx(5.9, abs=0.02)
    milk = orders(town, "guo")
    milk = take(milk, on_shelf(town, milk, "formula"))
    assert set(town.items.stage[milk.item].tolist()) == {1}


def test_lin_the_student_pays_little_and_waits_for_sales(town: Simulated) -> None:
    bought, all_bought = orders(town, "lin"), only(town, EventType.PURCHASE)
    assert len(bought) > 5
    assert np.median(bought.price) < np.median(all_bought.price)
    on_sale = sale_share(town.items, bought.item, bought.at) > 0
    assert on_sale.mean() > 0.35


def test_zhang_wei_has_spent_enough_for_diamond(town: Simulated) -> None:
    assert net_spend(town, "zhang-wei") > 9_000_00


def test_tang_lacks_a_few_points_for_the_first_star(town: Simulated) -> None:
    assert 2_900_00 < net_spend(town, "tang") < 3_000_00


def test_fang_is_dormant(town: Simulated) -> None:
    assert 120 < days_ago(town, orders(town, "fang")).min() <= 128
    assert len(orders(town, "fang")) > 1


def test_xiao_yu_came_yesterday_and_bought_nothing(town: Simulated) -> None:
    events = of(town.events, named(town, "xiao-yu"))
    assert not len(orders(town, "xiao-yu"))
    assert days_ago(town, events).max() < 1.3
    assert on_shelf(town, events, "running-shoes").sum() >= 2


def test_chen_bo_buys_in_the_store_in_the_morning(town: Simulated) -> None:
    bought = orders(town, "chen-bo")
    assert len(bought) > 3
    assert set(bought.channel.tolist()) == {POS}
    assert on_shelf(town, bought, "tea").mean() > 0.4


def test_hao_came_through_anna_and_ordered_once(town: Simulated) -> None:
    hao = named(town, "hao")
    assert len(set(orders(town, "hao").order.tolist())) == 1
    referral = of(only(town, EventType.REFERRAL), hao)
    assert json.loads(town.properties[referral.properties[0]]) == {"referrer_id": "anna"}


def test_anna_brought_several_friends(town: Simulated) -> None:
    friends = town.customers.referrer == named(town, "anna")
    assert friends.sum() >= 6


def test_li_na_answers_messages_in_the_app_in_the_evening(town: Simulated) -> None:
    opened = of(only(town, EventType.MESSAGE_OPEN), named(town, "li-na"))
    assert len(opened) > 8
    assert set(opened.channel.tolist()) == {APP}
    hours = (opened.at + LOCAL_MS) % DAY_MS / 3_600_000
    assert abs(np.median(hours) - 21) < 1.5


def test_li_na_has_her_birthday_within_the_week(town: Simulated) -> None:
    profile = of(only(town, EventType.PROFILE), named(town, "li-na"))
    birthday = json.loads(town.properties[profile.properties[0]])["birthday"]
    soon = (town.config.end_ms + LOCAL_MS) // DAY_MS + 4
    assert birthday[5:] == str(np.datetime64(soon, "D"))[5:]


@pytest.mark.parametrize(
    ("who", "youngest", "oldest"),
    [("mei", 20, 40), ("guo", 20, 42), ("lin", 18, 24), ("chen-bo", 60, 75), ("li-na", 25, 35)],
)
def test_a_birthday_goes_with_the_story(
    town: Simulated, who: str, youngest: int, oldest: int
) -> None:
    profile = of(only(town, EventType.PROFILE), named(town, who))
    born = json.loads(town.properties[profile.properties[0]])["birthday"]
    today = np.datetime64(town.config.end_ms, "ms").astype("datetime64[D]")
    assert youngest < (today - np.datetime64(born)).astype(int) / 365.25 < oldest


def test_wang_jun_is_overdue_against_his_own_cycle(town: Simulated) -> None:
    bought = orders(town, "wang-jun")
    assert np.allclose(-np.diff(days_ago(town, bought)), 25)
    assert days_ago(town, bought).min() == pytest.approx(62)


def test_sofia_has_a_new_coffee_machine_and_no_filters(town: Simulated) -> None:
    bought = orders(town, "sofia")
    assert on_shelf(town, bought, "coffee-machines")[-1]
    assert not on_shelf(town, bought, "filters").any()


def test_a_short_log_tells_what_falls_into_it() -> None:
    town = simulate(DemoConfig(customers=40, items=80, days=60))
    assert len(orders(town, "sofia"))
    assert not len(orders(town, "fang"))


def test_the_same_day_of_an_earlier_year_exists_even_for_a_leap_day() -> None:
    leap = int(np.datetime64("2024-02-29", "D").astype(int))
    assert calendar(same_day(leap, 30)) == (3, 1)
    plain = int(np.datetime64("2025-07-14", "D").astype(int))
    assert calendar(same_day(plain, 30)) == (7, 14)


def test_what_is_not_on_the_scripted_shelf_is_never_picked(town: Simulated) -> None:
    bought = orders(town, "hao")
    assert town.items.shelf[bought.item].tolist() == [POSITIONS["yoga"]]
    assert TYPE_CODES[EventType.PURCHASE] == bought.kind[0]
