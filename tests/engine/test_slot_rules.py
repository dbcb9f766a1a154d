"""What slots do with who is asking, in the tea shop of tests/worlds.py."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.customers.history import EMPTY_HISTORY, fold_all
from engine.customers.snapshot import snapshot_of
from engine.errors import ConfigError
from engine.events import EventType
from engine.happened import Happened
from engine.query import Query
from engine.ranking import Pool
from engine.recommend import recommend
from engine.shop import ShopConfig
from engine.slot_rules import filter_by_rules, weigh_by_rules
from engine.slots import check_slots
from engine.text import TextColumn
from tests.engine.asking import TITLE, plan, query, rows, shop, shown
from tests.worlds import BLACK, CUP, GREEN, GUIDE, LOG, MILK, NOW, POPULAR, POT, bundle, event

STAGES = {
    "attribute": "baby_birthday",
    "categories": ["drinks"],
    "until_months": 36,
    "stages": [
        {"name": "stage_1", "from_months": 0, "words": ["stage 1", "1段"]},
        {"name": "stage_3", "from_months": 12, "words": ["stage 3", "3段"]},
    ],
}


def stocked(tea: Bundle, **stock: int) -> Bundle:
    column = tea.catalogue.stock.copy()
    for item, count in stock.items():
        column[tea.items.row(item)] = count
    return replace(tea, catalogue=replace(tea.catalogue, stock=column))


def classed(asked: Query, value_class: str) -> Query:
    return replace(asked, customer=asked.customer._replace(value_class=value_class))


def test_S2_scarce_stock_is_shown_to_the_top_class_alone_until_there_is_plenty() -> None:
    slot = plan(scarce={"threshold": 10, "classes": ["top"]}, repeat="always")
    for stock, classes in (
        (5, {"top"}),
        (9, {"top"}),
        (10, {"top", "small"}),
        (11, {"top", "small"}),
    ):
        tea = stocked(bundle(), cup=stock)
        asked = query(tea, customer_id="nobody")
        seen = {
            name
            for name in ("top", "small")
            if CUP in rows(recommend(classed(asked, name), slot, tea))
        }
        assert seen == classes, stock
    assert POT in shown(bundle(), plan()), "three pots are left; without the rule all see them"


def test_S4_what_costs_much_falls_for_who_minds_the_price() -> None:
    """Green tea sells best, at 50.00; milk costs 10.00, the pot 200.00, a guide has no price."""
    tea = bundle()
    slot = plan(delivered={"weight": {"sensitive": 2, "neutral": 0, "insensitive": 0}})

    def of(band: str) -> list[int]:
        asked = query(tea, customer_id="nobody")
        mind = replace(asked, customer=asked.customer._replace(price_band=band))
        return rows(recommend(mind, slot, tea))

    assert of("insensitive") == shown(tea, plan())
    assert of("sensitive") == [CUP, MILK, GREEN, BLACK, GUIDE, POT]
    asked = query(tea, customer_id="nobody")
    silent = asked.customer._replace(price_band="sensitive", personal=False)
    opted_out = replace(asked, customer=silent)
    assert rows(recommend(opted_out, slot, tea)) == of("unknown"), "A6"


def test_A6_the_class_of_who_opted_out_opens_no_scarce_stock() -> None:
    slot = plan(scarce={"threshold": 10, "classes": ["top"]})
    tea = stocked(bundle(), cup=5)
    asked = classed(query(tea, customer_id="nobody"), "top")
    left = replace(asked, customer=asked.customer._replace(personal=False))
    assert CUP in rows(recommend(asked, slot, tea))
    assert CUP not in rows(recommend(left, slot, tea))


def with_stages(titles: Sequence[str]) -> tuple[Bundle, ShopConfig]:
    under = shop(life_stages=[STAGES])
    tea = bundle(under)
    return replace(tea, catalogue=replace(tea.catalogue, titles=TextColumn.build(titles))), under


TITLES = (
    "Milk stage 1",
    "奶粉 3段 800克",
    "Milk stage 10",
    "Cup stage 3",
    "Stage 1 or stage 3",
    "",
)


def test_L4_a_five_month_old_is_never_shown_stage_3_and_grows_without_any_event() -> None:
    tea, under = with_stages(TITLES)
    slot = plan(under)
    born = event(32, EventType.PROFILE, None, 30, properties={"baby_birthday": "2025-06-01"})
    young = query(tea, born, customer_id="nobody")
    assert young.customer.life_stages == ("stage_1",)
    assert set(rows(recommend(young, slot, tea))) == {GREEN, MILK, CUP, POT, GUIDE}
    older = query(tea, born, customer_id="nobody", at=NOW + 300 * 86_400_000)
    assert BLACK in rows(recommend(older, slot, tea))
    assert GREEN not in rows(recommend(older, slot, tea))
    assert len(shown(tea, slot)) == 6, "who tells nothing sees everything"
    assert BLACK in rows(recommend(young, plan(under, life_stages=False), tea))


def test_L4_words_count_whole_and_in_their_categories_alone() -> None:
    tea, _ = with_stages(TITLES)
    assert tea.item_stages.of.tolist() == [0, 1, -1, -1, -1, -1]
    with pytest.raises(ConfigError, match="words need categories"):
        shop(life_stages=[{**STAGES, "categories": []}])


def test_C4_after_three_units_the_brand_rises_and_its_rivals_fall() -> None:
    tea = bundle()
    brands = tea.catalogue.brand.copy()
    brands[GREEN] = 1  # a rival of black in the same category
    tea = replace(tea, catalogue=replace(tea.catalogue, brand=brands))
    bought = event(33, EventType.PURCHASE, "cup", 29, quantity=3, unit_price_minor=3000)
    slot = plan(lock_in={"units": 3, "promoted": 20, "demoted": 0.5}, repeat="always")
    assert shown(tea, plan(repeat="always"), bought) == list(POPULAR)
    assert shown(tea, slot, bought)[0] == POT, "the brand's other teaware"
    assert shown(tea, slot, bought)[1:] == [row for row in POPULAR if row != POT]
    assert shown(tea, slot) == list(POPULAR)


def test_C4_what_scores_below_nothing_rises_and_falls_alike() -> None:
    tea = bundle()
    bought = event(33, EventType.PURCHASE, "cup", 29, quantity=3, unit_price_minor=3000)
    asked = query(tea, bought, customer_id="nobody")
    settings = {"lock_in": {"units": 3, "promoted": 4, "demoted": 0.5}, "repeat": "always"}
    below = np.array([-1.0, -1.0])
    pool = Pool(np.array([MILK, POT], np.int32), below, np.zeros(2, np.int64))
    weighed = weigh_by_rules(pool, asked, plan(**settings).slot_for(asked), tea)
    assert (weighed.rows.tolist(), weighed.scores.tolist()) == ([POT, MILK], [-0.25, -1])
    rivals = replace(tea.catalogue, brand=np.array([0, 0, 1, 2, 1, -1], np.int32))
    tea = replace(tea, catalogue=rivals)  # pot is of another brand now
    weighed = weigh_by_rules(pool, asked, plan(**settings).slot_for(asked), tea)
    assert (weighed.rows.tolist(), weighed.scores.tolist()) == ([MILK, POT], [-1, -2])


def test_S1_the_price_sensitive_get_their_share_on_sale() -> None:
    tea = bundle()  # black alone is on sale, the fourth of the popular
    overrides = [
        {
            "when": {"field": "customer.price_band", "op": "=", "value": "sensitive"},
            "shares": [{"of": "on_sale", "at_least": 0.3}],
        }
    ]
    slot = plan(overrides=overrides, repeat="always")
    small = event(34, EventType.PURCHASE, "milk", 29, unit_price_minor=1000)
    big = event(35, EventType.PURCHASE, "pot", 29, unit_price_minor=50_000)
    assert shown(tea, slot, small, n=3) == [GREEN, CUP, BLACK]
    assert shown(tea, slot, big, n=3) == [GREEN, CUP, MILK]


def test_a_share_is_filled_from_its_own_source_and_says_so() -> None:
    tea = bundle()
    slot = plan(sources={"new_arrivals": 1}, shares=[{"of": "content", "at_least": 1.0}])
    slate = recommend(query(tea, customer_id="nobody", n=1), slot, tea)
    assert rows(slate) == [GUIDE]
    assert (slate.items[0].source, slate.items[0].reason) == ("content", "content")
    half = plan(sources={"new_arrivals": 1}, shares=[{"of": "content", "at_least": 0.5}])
    slate = recommend(query(tea, customer_id="nobody", n=2), half, tea)
    assert rows(slate) == [POT, GUIDE]
    assert slate.items[0].score >= slate.items[1].score


def test_a_share_that_the_shop_cannot_fill_leaves_the_slate_full() -> None:
    slot = plan(shares=[{"of": "service", "at_least": 1.0}])
    assert shown(bundle(), slot) == list(POPULAR)


def test_G6_items_that_are_not_goods_take_at_most_their_quota() -> None:
    tea = bundle()
    kinds = tea.catalogue.kind.copy()
    kinds[[GREEN, CUP, MILK]] = 1  # content
    tea = replace(tea, catalogue=replace(tea.catalogue, kind=kinds))
    slot = plan(shares=[{"of": "content", "at_most": 0.25}], depth=1)
    assert shown(tea, plan(), n=4) == [GREEN, CUP, MILK, BLACK]
    assert shown(tea, slot, n=4) == [GREEN, BLACK, POT, CUP], "two of four; there are no more goods"
    assert shown(tea, slot, n=3)[:2] == [BLACK, POT], "a quarter of three places is none"


def test_due_items_lead_where_the_slot_says_so() -> None:
    tea = bundle()  # mei's green tea is due on day 30
    sources = {"popular": 1, "due": 0.1}
    slot = plan(sources=sources, repeat="when_due", lead={"source": "due", "places": 1})
    slate = recommend(query(tea, customer_id="mei"), slot, tea)
    assert (rows(slate)[0], slate.items[0].reason) == (GREEN, "due_first"), "two orders"
    scores = [served.score for served in slate.items]
    assert scores == sorted(scores, reverse=True)
    assert shown(tea, slot, customer_id="lin")[0] == GREEN, (
        "what is popular; nothing of lin's is due"
    )
    with pytest.raises(ConfigError, match=r"lead\.source: 'again' is not among the slot's sources"):
        plan(lead={"source": "again"})


def referred(tea: Bundle, *more: Happened) -> tuple[Bundle, Happened]:
    """zoe was brought by mei and did nothing yet."""
    link = event(40, EventType.REFERRAL, None, 29, properties={"referrer_id": "mei"})
    histories = [fold_all(EMPTY_HISTORY, [*events]) for events in LOG.values()]
    histories[0] = fold_all(histories[0], more)
    return replace(tea, snapshot=snapshot_of(histories)), link


def test_F3_what_the_referrer_bought_starts_the_newcomer() -> None:
    slot = plan(sources={"from_referrer": 1}, fallback=[])
    tea, link = referred(bundle())
    slate = recommend(query(tea, link, customer_id="zoe", n=1), slot, tea)
    assert (rows(slate), slate.items[0].reason) == ([GREEN], "newcomer")
    assert slate.items[0].because == (), "nobody is told what a friend bought"
    first = recommend(query(tea, customer_id="zoe", n=1), slot, tea).items[0]
    assert first.source == "popular"


def test_A6_a_referrer_who_opted_out_tells_nothing() -> None:
    slot = plan(sources={"from_referrer": 1}, fallback=[])
    left = event(41, EventType.CONSENT, None, 29, properties={"personal": False})
    tea, link = referred(bundle(), left)
    slate = recommend(query(tea, link, customer_id="zoe", n=1), slot, tea)
    assert slate.items[0].source == "popular"


def test_where_no_rule_applies_nothing_is_computed() -> None:
    tea = bundle()
    slot = plan().base
    assert (
        filter_by_rules(np.arange(6, dtype=np.int32), query(tea, customer_id="mei"), slot, tea)
        is None
    )


def test_settings_that_are_wrong_are_told_all_at_once() -> None:
    raw = {
        "home": {
            "title": TITLE,
            "sources": {"popular": 1, "magic": 1},
            "shares": [{"of": "on_sale", "at_least": 0.9, "at_most": 0.1}],
            "overrides": [{"when": {"field": "customer.mood", "op": "=", "value": 1}, "size": 3}],
        },
        "my": {
            "title": TITLE,
            "sources": {"magic": 1},
            "lead": {"source": "due"},
            "overrides": [
                {"when": {"field": "customer.stage", "op": "=", "value": "sad"}, "size": 0},
                {"size": 3},
            ],
        },
        "cart": {
            "title": TITLE,
            "sources": {"popular": 1},
            "scarce": {"classes": ["gold"]},
            "shares": [{"of": "cheap"}],
        },
    }
    with pytest.raises(ConfigError) as told:
        check_slots(raw, "slots.toml", shop())
    for part in (
        "slots.toml: home: shares.0: at_least (0.9) must not be above at_most",
        "slots.toml: home.overrides[0].when.field: 'customer.mood' is no field; ",
        "slots.toml: my: unknown source 'magic'; known: again, als,",
        "slots.toml: my: lead.source: 'due' is not among the slot's sources: magic",
        "slots.toml: my.overrides[0].when.value: 'sad' is unknown; allowed: potential,",
        "slots.toml: my.overrides[0]: size: Input should be greater",
        "slots.toml: my.overrides[1]: needs `when`",
        "slots.toml: cart: scarce: gold is no value class; allowed: top, large",
        "slots.toml: cart: shares.0.of: Input should be 'on_sale', 'new'",
    ):
        assert part in str(told.value), part
