"""C1, C3: what nobody buys again is told by its category, and never due."""

from dataclasses import replace

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.catalogue import Catalogue
from engine.customers.renewal import Repurchase, Visits
from engine.customers.repurchase import Cycles, RepurchaseConfig
from engine.customers.supplies import Supplies
from engine.events import EventType
from engine.happened import Happened
from engine.item_history import taken
from engine.recommend import recommend
from engine.types import DAY_MS
from tests.engine.asking import plan, query, rows
from tests.training.outreach import PEOPLE, day, town
from tests.training.test_cycles import CATALOGUE, ITEMS
from tests.training.test_renewal import CUSTOMERS, DAYS, START, at_random, read
from tests.training.test_renewal import learned as learned_under
from tests.training.test_triggers import rules, told, trigger
from tests.worlds import CUP as TEA_CUP
from tests.worlds import NOW, at_any_time, bundle, event
from training.past import Past, durables, past_of
from training.renewal import FOR_GOOD, unlearned

CUP, GREEN, MILK, OOLONG = (ITEMS.index(item) for item in ("cup", "green", "milk", "oolong"))
NO_CATEGORIES = replace(CATALOGUE, category=np.full(len(ITEMS), -1, np.int32))
GROUPS = len(CATALOGUE.categories) + 1
GROUP = np.where(CATALOGUE.category < 0, GROUPS - 1, CATALOGUE.category).astype(np.int32)
MILK_WITHOUT = replace(
    CATALOGUE, category=np.where(np.arange(len(ITEMS)) == MILK, -1, CATALOGUE.category)
)


def once(bought: np.ndarray, item: int, customers: int = CUSTOMERS, since: int = 0) -> np.ndarray:
    """The item alone is otherwise: these customers buy it at their first order from a day on."""
    made = bought.copy()
    made[:, item] = False
    for customer in range(customers):
        ordered = np.flatnonzero(made[customer, :, since:].any(axis=0))
        made[customer, item, ordered[:1] + since] = True
    return made


def learned(bought: np.ndarray, catalogue: Catalogue = CATALOGUE, **config: object) -> Repurchase:
    return learned_under(bought, RepurchaseConfig.model_validate(config), catalogue)


def for_good(known: Repurchase) -> set[str]:
    return {item for item, days in zip(ITEMS, known.cycles.days, strict=True) if days == FOR_GOOD}


def past(bought: np.ndarray) -> Past:
    return past_of(read(bought), (START + DAYS) * DAY_MS)


MILK_ONCE = once(at_random(), MILK)


def test_C1_an_item_that_hardly_anybody_bought_has_the_share_of_its_category() -> None:
    bought = at_random()
    bought[:, OOLONG] = False
    bought[:3, OOLONG, DAYS - 10] = True
    tea, alone = learned(bought).renewal.shares, learned(bought, NO_CATEGORIES).renewal.shares
    assert tea[OOLONG] == pytest.approx(tea[GREEN], rel=0.15)
    assert alone[OOLONG] > 1.2 * tea[OOLONG], "cups are bought again more readily than tea"


def test_C1_without_a_category_an_items_share_is_drawn_to_the_shops() -> None:
    held = past(at_random())
    again = np.minimum(held.pairs.orders - 1, held.visits.since)
    of_shop = (again.sum() + 1) / (held.visits.since.sum() + 2)
    rows, size = held.pairs.rows, len(ITEMS)
    repeats, times = (np.bincount(rows, of, size) for of in (again, held.visits.since))
    drawn = ((repeats + 50 * of_shop) / (times + 50)).astype(np.float32)
    found = learned(at_random(), NO_CATEGORIES).renewal.shares
    np.testing.assert_array_equal(found, drawn)
    assert learned(at_random(), MILK_WITHOUT).renewal.shares[MILK] == drawn[MILK]


def test_C3_what_nobody_buys_again_is_never_due_also_where_goods_have_no_cycle() -> None:
    known = learned(MILK_ONCE)
    assert for_good(known) == {"milk"}
    only_milk = [item == "milk" for item in ITEMS]
    assert known.renewal.cyclic.tolist() == only_milk
    assert known.cycles.per_unit.tolist() == only_milk, "or care came early for a hundred at once"
    held = past(MILK_ONCE).pairs
    milk = taken(held, held.rows == MILK)
    for years in (0.1, 1, 5, 50):
        supplies = Supplies(milk, known, round((START + DAYS + years * 365) * DAY_MS))
        assert not supplies.wanted.any()
        assert not supplies.used_up.any()
        assert len(supplies.due) == len(supplies.near) == len(supplies.candidates(9)) == 0


def test_C3_who_did_not_come_back_says_nothing() -> None:
    gone = MILK_ONCE.copy()
    for customer in range(CUSTOMERS):
        first = np.flatnonzero(gone[customer, MILK])
        if len(first):
            gone[customer, :, first[0] + 80 :] = False
    assert for_good(learned(MILK_ONCE)) == {"milk"}
    assert for_good(learned(gone)) == set()


def test_C3_customers_are_counted_and_not_what_each_of_them_tried() -> None:
    held = past(MILK_ONCE)
    of_milk = np.flatnonzero(held.pairs.rows == MILK)
    others = np.flatnonzero(held.pairs.rows != MILK)
    few = np.concatenate([others, np.repeat(of_milk[:3], 40)])  # forty kinds of milk each
    few = few[np.argsort(held.owners[few], kind="stable")]
    visits = Visits(*(np.asarray(each)[few] for each in held.visits))
    made = replace(held, pairs=taken(held.pairs, few), owners=held.owners[few], visits=visits)
    start = unlearned(GROUP, GROUPS, RepurchaseConfig())
    assert durables(held, start, RepurchaseConfig())[MILK]
    assert not durables(made, start, RepurchaseConfig())[MILK]


def test_C3_the_shop_may_switch_it_off() -> None:
    known = learned(MILK_ONCE, durable_below=0)
    assert for_good(known) == set()
    assert not known.renewal.cyclic.any()


@pytest.mark.parametrize(
    ("customers", "since", "why"),
    [(30, 0, "none of 30 may be one of ten"), (CUSTOMERS, DAYS - 85, "the category is new")],
)
def test_C3_a_category_of_which_little_is_known_is_not_judged(
    customers: int, since: int, why: str
) -> None:
    assert for_good(learned(once(at_random(), MILK, customers, since))) == set(), why


def test_C3_what_many_buy_again_is_not_hidden_however_seldom_they_do() -> None:
    """Milk is in every eighth order, the cup in four of five."""
    assert for_good(learned(at_random())) == set()


def test_C3_in_a_shop_where_hardly_anybody_buys_anything_again_nothing_is_judged() -> None:
    bought = at_random()
    first = bought & (bought.cumsum(axis=2) == 1)
    assert for_good(learned(first)) == set()


@pytest.mark.parametrize("catalogue", [NO_CATEGORIES, MILK_WITHOUT])
def test_C3_what_has_no_category_is_not_judged(catalogue: Catalogue) -> None:
    known, off = (learned(MILK_ONCE, catalogue, **each) for each in ({}, {"durable_below": 0}))
    assert for_good(known) == set()
    for name in known.renewal.__slots__:
        np.testing.assert_array_equal(getattr(known.renewal, name), getattr(off.renewal, name))


def test_C3_an_item_that_is_bought_again_is_not_hidden_with_its_category() -> None:
    """A few love the green tea; everybody bought the oolong once."""
    bought = once(at_random(), OOLONG)
    bought[15:, GREEN] = False
    assert for_good(learned(bought)) == {"oolong"}


def test_C1_the_shops_word_goes_before_the_logs() -> None:
    for said in ({"item_days": {"milk": 400}}, {"category_days": {"food > formula milk": 400}}):
        assert for_good(learned(MILK_ONCE, **said)) == set()


def test_C3_the_part_of_past_is_that_of_these_pairs_alone() -> None:
    held = past(at_random())
    chosen = held.pairs.rows == MILK
    part = held.of(chosen)
    assert set(part.pairs.rows) == {MILK}
    assert part.owners.tolist() == held.owners[chosen].tolist()
    for name in Visits._fields:
        whole = np.asarray(getattr(held.visits, name))
        assert getattr(part.visits, name).tolist() == whole[chosen].tolist(), name


def lasting_cups(tea: Bundle) -> Bundle:
    """As training leaves what is not bought again."""
    cup = np.arange(len(tea.items)) == TEA_CUP
    days = np.where(cup, np.float32(FOR_GOOD), tea.cycles.days)
    free = at_any_time(tea)
    cyclic = free.renewal.cyclic | cup
    renewal = replace(free.renewal, cyclic=cyclic)
    return replace(free, cycles=Cycles(days, tea.cycles.per_unit | cup), renewal=renewal)


def test_C3_what_is_not_bought_again_is_hidden_for_good_unless_it_came_back() -> None:
    """lin bought a cup on day 5; the world's present is day 30."""
    slot = plan(sources={"again": 1, "popular": 1}, repeat="when_due")
    back = event(90, EventType.REFUND, "cup", 29, order_id="o3", unit_price_minor=3000)

    def has_cup(tea: Bundle, later: float, *heard: Happened) -> bool:
        at = NOW + round(later * DAY_MS)
        return TEA_CUP in rows(recommend(query(tea, *heard, customer_id="lin", at=at), slot, tea))

    for later in (0, 30, 3000):
        assert has_cup(bundle(), later)
        assert not has_cup(lasting_cups(bundle()), later)
        assert has_cup(lasting_cups(bundle()), later, back)


def test_C2_C3_no_message_is_about_what_is_not_bought_again() -> None:
    """A thousand cups, twice: neither care nor a reminder; of other goods there are both."""
    more = [
        event(91 + i, EventType.PURCHASE, "cup", day, quantity=1000, unit_price_minor=1)
        for i, day in enumerate((8, 20))
    ]
    tea, shop = town({**PEOPLE, "lin": [*PEOPLE["lin"], *more]})
    counted = replace(tea, cycles=replace(tea.cycles, per_unit=tea.cycles.per_unit | True))
    both = rules(trigger("care"), trigger("due"))

    def about_cups(made: Bundle) -> set[str]:
        lines = [told(day((made, shop), later), both) for later in range(-9, 40)]
        return {line["trigger"] for each in lines for line in each if "cup" in line["items"]}

    assert about_cups(tea) >= {"due"}
    assert about_cups(counted) >= {"care"}
    durable = lasting_cups(tea)
    assert about_cups(durable) == set()
    each = replace(durable.cycles, per_unit=tea.cycles.per_unit)
    assert about_cups(replace(durable, cycles=each)) == {"care"}, "and so they are counted per unit"
