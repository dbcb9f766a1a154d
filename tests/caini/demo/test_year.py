import json

import numpy as np

from caini.demo.lines import take
from caini.demo.prices import sale_share
from caini.demo.seasons import month_of
from caini.demo.shelves import POSITIONS, SHELVES
from caini.demo.stories import STORIES
from caini.demo.world import APP, BASKET, POS, TYPE_CODES, WEB, WECHAT, Simulated
from engine.events import EventType
from engine.types import DAY_MS
from tests.caini.demo.reading import on_shelf, only


def test_formula_buyers_rebuy_about_every_seven_days_a_can(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    milk = take(bought, on_shelf(shop, bought, "formula") & (bought.customer >= 0))
    order = np.lexsort((milk.at, milk.customer))
    who, at, cans = milk.customer[order], milk.at[order], milk.quantity[order]
    follows = who[1:] == who[:-1]
    days_a_can = np.diff(at)[follows] / DAY_MS / cans[:-1][follows]
    assert len(days_a_can) > 200
    assert 6.5 < np.median(days_a_can) < 7.7
    assert np.mean(np.abs(days_a_can - 7) < 2.5) > 0.7


def test_milk_and_nappies_grow_with_the_baby(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    milk = take(bought, on_shelf(shop, bought, "formula") & (bought.customer >= 0))
    months = (milk.at - shop.customers.baby_born_at[milk.customer]) / (30.44 * DAY_MS)
    stage = shop.items.stage[milk.item]
    for number, youngest, oldest in ((1, 0, 6), (2, 6, 12), (3, 12, 36)):
        ages = months[stage == number]
        assert ages.size
        assert ages.min() >= (youngest - 0.1 if youngest else -2.1)  # parents prepare
        assert ages.max() <= oldest + 1.5  # chosen in the first of a run of visits


def test_price_sensitive_customers_buy_more_on_sale(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    bought = take(bought, bought.customer >= 0)
    on_sale = sale_share(shop.items, bought.item, bought.at) > 0
    minds = shop.customers.sensitivity[bought.customer]
    assert on_sale[minds > 0.7].mean() > 1.2 * on_sale[minds < 0.3].mean()


def test_price_sensitive_customers_pay_less_for_the_same_kind_of_thing(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    bought = take(bought, (bought.customer >= 0) & (bought.price > 0))
    medians = np.array([max(shelf.price, 1) for shelf in SHELVES])
    dear = np.log(bought.price / 100 / medians[shop.items.shelf[bought.item]])
    minds = shop.customers.sensitivity[bought.customer]
    assert dear[minds > 0.7].mean() < dear[minds < 0.3].mean() - 0.1


def test_a_look_makes_a_purchase_of_that_item_much_likelier(shop: Simulated) -> None:
    views, bought = only(shop, EventType.VIEW), only(shop, EventType.PURCHASE)
    seen = set(zip(views.customer.tolist(), views.item.tolist(), strict=True))
    pairs = set(zip(bought.customer.tolist(), bought.item.tolist(), strict=True))
    others = {((customer + 1) % len(shop.customers), item) for customer, item in pairs}
    assert len(pairs & seen) / len(pairs) > 10 * len(others & seen) / len(others)


def test_most_carts_of_orders_come_before_them_and_some_are_emptied(shop: Simulated) -> None:
    carts, bought = only(shop, EventType.CART), only(shop, EventType.PURCHASE)
    last = {
        (who, item): at
        for who, item, at in zip(
            bought.customer.tolist(), bought.item.tolist(), bought.at.tolist(), strict=True
        )
    }
    followed = [
        last.get((who, item), 0) > at
        for who, item, at in zip(
            carts.customer.tolist(), carts.item.tolist(), carts.at.tolist(), strict=True
        )
    ]
    assert 0.5 < np.mean(followed) < 0.95
    assert len(only(shop, EventType.UNCART)) > 50


def test_what_goes_together_is_bought_together(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    machines = bought.order[on_shelf(shop, bought, "coffee-machines")]
    filters = bought.order[on_shelf(shop, bought, "filters")]
    together = np.isin(machines, filters).mean()
    anywhere = len(np.unique(filters)) / len(np.unique(bought.order))
    assert together > 0.2
    assert together > 3 * anywhere


def test_mooncakes_are_looked_for_before_the_autumn_festival(shop: Simulated) -> None:
    views = only(shop, EventType.VIEW)
    months = month_of(views.at[on_shelf(shop, views, "mooncakes")])
    assert np.isin(months, [7, 8, 9]).mean() > 0.6


def test_a_refund_takes_back_a_line_of_an_order(shop: Simulated) -> None:
    bought, back = only(shop, EventType.PURCHASE), only(shop, EventType.REFUND)
    lines = {
        (order, item): (at, quantity, price)
        for order, item, at, quantity, price in zip(
            *(getattr(bought, name).tolist() for name in ("order", "item", "at")),
            *(getattr(bought, name).tolist() for name in ("quantity", "price")),
            strict=True,
        )
    }
    assert len(back) > 20
    for row in range(len(back)):
        at, quantity, price = lines[int(back.order[row]), int(back.item[row])]
        assert at < back.at[row]
        assert (back.quantity[row], back.price[row]) == (quantity, price)


def test_an_order_has_one_buyer_and_each_item_once(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    pairs = bought.order.astype(np.int64) << 32 | bought.item
    assert len(np.unique(pairs)) == len(pairs)
    buyers = bought.order.astype(np.int64) << 32 | (bought.customer + 1)
    assert len(np.unique(buyers)) == len(np.unique(bought.order))


def test_what_lasts_is_not_picked_twice(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    phones = take(bought, on_shelf(shop, bought, "phones") & (bought.customer >= 0))
    pairs = list(zip(phones.customer.tolist(), phones.item.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)


def test_nothing_is_bought_before_its_launch(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    assert (bought.at >= shop.items.launched_at[bought.item] - DAY_MS / 24).all()


def test_nobody_shops_while_they_stay_away(shop: Simulated) -> None:
    people, bought = shop.customers, only(shop, EventType.PURCHASE)
    bought = take(bought, bought.customer >= len(STORIES))
    who = bought.customer
    later = people.lapsed_from[who] + DAY_MS / 24
    assert not ((bought.at > later) & (bought.at < people.lapsed_to[who])).any()


def test_some_browse_the_web_unnamed_until_the_cart(shop: Simulated) -> None:
    events = shop.events
    unnamed = (events.customer < 0) & (events.visitor >= 0)
    assert unnamed.sum() > 1_000
    assert set(events.channel[unnamed].tolist()) == {WEB}
    linked = events.visitor[(events.customer >= 0) & (events.visitor >= 0)]
    assert np.isin(linked, events.visitor[unnamed]).mean() > 0.8


def test_some_till_receipts_have_no_customer(shop: Simulated) -> None:
    baskets = take(shop.events, shop.events.visitor == BASKET)
    assert len(baskets) > 20
    assert (baskets.customer == -1).all()
    assert (baskets.order >= 0).all()
    assert set(baskets.channel.tolist()) == {POS}
    assert set(baskets.kind.tolist()) == {TYPE_CODES[EventType.PURCHASE]}


def test_every_channel_is_used_and_the_store_knows_orders_only(shop: Simulated) -> None:
    events = shop.events
    for channel in (WEB, APP, WECHAT, POS):
        assert (events.channel == channel).mean() > 0.01
    looks = only(shop, EventType.VIEW)
    assert not (looks.channel == POS).any()


def test_a_search_asks_for_what_is_looked_at(shop: Simulated) -> None:
    searches = only(shop, EventType.SEARCH)
    assert len(searches) > 500
    chinese = [ord(shop.queries[row][0]) > 0x4E00 for row in searches.query.tolist()]
    assert 0.5 < np.mean(chinese) < 0.9


def test_profiles_and_referrals_say_what_the_rules_read(shop: Simulated) -> None:
    profiles = only(shop, EventType.PROFILE)
    said = json.loads(shop.properties[profiles.properties[0]])
    assert {"birthday", "city"} <= set(said)
    referrals = only(shop, EventType.REFERRAL)
    for row in range(len(referrals)):
        host = json.loads(shop.properties[referrals.properties[row]])["referrer_id"]
        expected = shop.customers.referrer[referrals.customer[row]]
        assert host == shop.customers.ids[expected]


def test_a_purchase_says_its_cost_and_whether_it_was_on_sale(shop: Simulated) -> None:
    bought = only(shop, EventType.PURCHASE)
    for row in range(0, len(bought), 97):
        said = json.loads(shop.properties[bought.properties[row]])
        assert said["unit_cost_minor"] == shop.items.cost[bought.item[row]]
        assert ("promotion" in said) == (bought.price[row] < shop.items.price[bought.item[row]])


def test_the_shelves_of_a_customer_are_their_own(shop: Simulated) -> None:
    views = only(shop, EventType.VIEW)
    views = take(views, views.customer >= 0)
    affinity = shop.customers.affinity[views.customer, shop.items.shelf[views.item]]
    assert affinity.mean() > 3 / len(POSITIONS)
