"""C1, C3: what is learned of buying again, in worlds whose true habits are known."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import polars as pl
import pytest

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.catalogue import Catalogue
from engine.customers.renewal import (
    Repurchase,
    Visits,
    chances_of,
    expected_orders,
    unlearned,
)
from engine.customers.repurchase import Cycles, RepurchaseConfig
from engine.customers.supplies import Supplies
from engine.interactions import InteractionConfig
from engine.item_history import taken
from engine.types import DAY_MS
from tests.conftest import Trained
from tests.training.test_cycles import CATALOGUE, ITEMS
from training.interactions import Interactions, read_interactions
from training.log import SCHEMA
from training.models.lifetime_value import Recurrence, Timing, active_chance
from training.order_days import bought_again
from training.past import Past, past_of
from training.publish import current
from training.renewal import renewal

CUSTOMERS, DAYS, HORIZON = 800, 210, 14
GONE = CUSTOMERS // 2  # from this one on they never come back after half of the time
COMES = 0.12  # a day
SHARES = np.array([0.6, 0.3, 0.1, 0.02])  # of the visits that buy the item
ORDERS = 1 - np.prod(1 - SHARES)  # of the visits that buy anything: they alone are known
CONFIG = RepurchaseConfig()
START = 20_000  # a day
NO_ORDERS = np.zeros((CUSTOMERS, len(ITEMS), DAYS), np.bool_)


def at_random() -> np.ndarray:
    """Every customer comes on any day, whatever they have at home."""
    rng = np.random.default_rng(7)
    comes = rng.random((CUSTOMERS, DAYS)) < COMES
    comes[GONE:, DAYS // 2 :] = False
    held = rng.random((CUSTOMERS, len(ITEMS), DAYS)) < SHARES[:, None]
    return held & comes[:, None, :]


def by_cycle() -> np.ndarray:
    """Every item is bought each 20 days by everybody, up to 2 days sooner or later."""
    rng, found = np.random.default_rng(7), NO_ORDERS.copy()
    for customer, item in product(range(CUSTOMERS), range(len(ITEMS))):
        day = int(rng.integers(0, 20))
        while day < DAYS:
            found[customer, item, day] = True
            day += 20 + int(rng.integers(-2, 3))
    return found


def log_of(bought: np.ndarray) -> pl.LazyFrame:
    customer, item, day = np.nonzero(bought)
    lines = pl.LazyFrame(
        {
            "customer_id": [f"{each:03}" for each in customer],
            "item_id": [ITEMS[each] for each in item],
            "order_id": [f"{who}/{when}" for who, when in zip(customer, day, strict=True)],
            "at": (START + day) * DAY_MS,
        }
    )
    known = lines.with_columns(
        pl.int_range(pl.len()).cast(pl.String).alias("event_id"),
        pl.lit("purchase").alias("type"),
        pl.lit(1).alias("quantity"),
    )
    rest = [pl.lit(None).alias(name) for name in SCHEMA if name not in known.collect_schema()]
    return known.with_columns(rest).select(*SCHEMA).cast(SCHEMA).sort("at", "event_id")  # type: ignore[arg-type]


@dataclass(frozen=True)
class World:
    """What was learned before the last days, and what came in them."""

    known: Repurchase
    past: Past
    found: Supplies
    chances: np.ndarray
    hits: np.ndarray


def read(bought: np.ndarray) -> Interactions:
    return read_interactions(log_of(bought), InteractionConfig(), extra_items=ITEMS)


def learned(
    bought: np.ndarray, config: RepurchaseConfig = CONFIG, catalogue: Catalogue = CATALOGUE
) -> Repurchase:
    cycles = Cycles(np.full(len(ITEMS), 20, np.float32), np.zeros(len(ITEMS), np.bool_))
    log, data = log_of(bought), read(bought)
    return renewal(log, InteractionConfig(), data, catalogue, cycles, config)


def world(bought: np.ndarray) -> World:
    before, after = bought.copy(), bought[:, :, DAYS - HORIZON :].any(axis=2)
    before[:, :, DAYS - HORIZON :] = False
    now = (START + DAYS - HORIZON) * DAY_MS
    known, data = learned(before), read(before)
    past = past_of(data, now)
    who = np.array([int(each) for each in data.customer_ids])[past.owners]
    hits = after[who, past.pairs.rows]
    found = Supplies(past.pairs, known, now)
    chances = chances_of(past.pairs, past.visits, found.progress, known)
    return World(known, past, found, chances, hits)


@pytest.fixture(scope="module")
def random() -> World:
    return world(at_random())


@pytest.fixture(scope="module")
def steady() -> World:
    return world(by_cycle())


def test_C3_chances_add_up_to_what_is_bought_again(random: World) -> None:
    chances, hits = random.chances, random.hits
    assert chances.sum() == pytest.approx(hits.sum(), rel=0.1)
    for part in np.array_split(np.argsort(chances), 5):
        assert chances[part].mean() == pytest.approx(hits[part].mean(), abs=0.05)


def test_C3_what_is_bought_often_is_likelier_and_who_is_gone_buys_nothing(random: World) -> None:
    chances, here = random.chances, random.past.owners < GONE
    means = [float(chances[(random.past.pairs.rows == i) & here].mean()) for i in range(4)]
    assert means == sorted(means, reverse=True)
    assert means[0] == pytest.approx(1 - np.exp(-HORIZON * COMES * SHARES[0]), rel=0.15)
    assert chances[~here].max() < 0.1 < means[0]


def test_C1_an_item_that_comes_often_says_so_of_who_bought_it_once(random: World) -> None:
    """The item's share is drawn to the shop's, and the customer's own to the item's."""
    shares = random.known.renewal.shares
    assert np.all(np.diff(shares) < 0)
    np.testing.assert_allclose(shares[:3], SHARES[:3] / ORDERS, rtol=0.1)


def test_C3_goods_that_are_bought_at_any_time_are_always_due(random: World) -> None:
    assert not random.known.renewal.cyclic.any()
    assert len(random.found.due) == len(random.past.pairs)


def test_C3_goods_that_are_used_up_are_due_around_the_end_of_their_cycle(steady: World) -> None:
    near = [0.9 <= p <= 1.2 for p in steady.found.progress.tolist()]
    assert steady.found.due.tolist() == np.flatnonzero(near).tolist()
    item = taken(steady.past.pairs, steady.past.pairs.rows == 0)
    one, first_at = taken(item, slice(0, 1)), int(item.first_bought_at[0])
    for day, is_due in ((10, False), (17, False), (18, True), (24, True), (25, False)):
        now = int(one.last_bought_at[0]) + day * DAY_MS
        found = Supplies(one, steady.known, now, [first_at, now]).candidates(5)
        days = float(steady.found.days[steady.past.pairs.rows == 0][0])
        assert 18 < days < 22
        if abs(day - 0.9 * days) > 1 and abs(day - 1.2 * days) > 1:
            assert (len(found) > 0) == is_due, day


def test_C3_chances_know_where_in_the_cycle_a_customer_is(steady: World) -> None:
    chances, hits, passed = steady.chances, steady.hits, steady.found.progress
    early, late = passed < 0.2, (passed > 0.5) & (passed < 1)
    assert hits[early].mean() < 0.1
    assert hits[late].mean() > 0.9
    assert chances[early].mean() < 0.3 < 0.6 < chances[late].mean()


def test_C3_a_category_that_has_no_cycle_is_due_at_any_time_in_a_shop_where_others_have() -> None:
    mixed = by_cycle()
    cup = ITEMS.index("cup")
    mixed[:, cup] = np.random.default_rng(3).random((CUSTOMERS, DAYS)) < 0.06
    habits = learned(mixed).renewal
    free = {item for item, cyclic in zip(ITEMS, habits.cyclic, strict=True) if not cyclic}
    assert free == {"cup"}


def test_C3_the_shops_own_window_stands_where_it_says_so() -> None:
    assert learned(at_random(), RepurchaseConfig(window_purchases=10**9)).renewal.cyclic.all()


@pytest.mark.parametrize("days", [DAYS, 10])
def test_where_too_few_came_back_or_the_log_is_short_the_guesses_stand(days: int) -> None:
    few = at_random()
    few[(3 if days == DAYS else CUSTOMERS) :] = False
    few[:, :, days:] = False
    found, habits = learned(few), learned(few).renewal
    guess = unlearned(habits.group, len(habits.hazard), CONFIG)
    for name in habits.__slots__:
        np.testing.assert_array_equal(getattr(habits, name), getattr(guess, name))
    assert found.cycles.days.tolist() == [20] * len(ITEMS)


def test_the_rate_of_a_customer_is_bg_nbds() -> None:
    """Of who is still a customer, by the weeks of the paper and by the days of the engine."""
    timing = Timing(0.24, 4.41, 0.79, 2.43)
    x, last, age = np.array([0, 2, 26]), np.array([0, 30.4, 31]), np.array([38.9, 38.9, 38.9])
    data = Recurrence(np.arange(3), x.astype(float), last, age, np.zeros(3))
    weekly = (timing.r + x) / (timing.alpha + age) * active_chance(timing, data)
    guess = unlearned(np.zeros(1, np.int32), 1, CONFIG)
    daily = replace(guess, timing=np.array([timing.r, timing.alpha * 7, timing.a, timing.b]))
    many = expected_orders(Visits(x.astype(float), last * 7, age * 7, x), daily, 14)
    np.testing.assert_allclose(many, 2 * weekly)
    for one in range(3):
        alone = Visits(int(x[one]), float(last[one] * 7), float(age[one] * 7), x)
        assert expected_orders(alone, daily, 14) == pytest.approx(2 * weekly[one])


def test_all_customers_at_once_is_one_after_the_other(trained: Trained) -> None:
    made: Bundle = read_bundle(trained.bundles / str(current(trained.bundles)))
    now = made.manifest.watermark + 3 * DAY_MS
    places, found, chances = bought_again(made, now)
    near, due = (np.isin(np.arange(len(places)), which) for which in (found.near, found.due))
    offsets = made.customer_items.offsets
    seen = 0
    for row in range(len(made.customers)):
        ours = (places >= offsets[row]) & (places < offsets[row + 1])
        history = made.customer_items.of(row)
        held = np.flatnonzero(history.held)
        assert len(held) == ours.sum()
        if not len(held):
            continue
        ordered = made.snapshot.history_of(row).orders.at
        one = Supplies(history, made.repurchase, now, ordered)
        for ours_of, alone in (
            (chances, one.chances(held)),
            (found.days, one.days[held]),
            (found.progress, one.progress[held]),
            (near, np.isin(held, one.near)),
            (due, np.isin(held, one.due)),
        ):
            np.testing.assert_allclose(ours_of[ours], alone)
        seen += len(held)
    assert seen == len(places) > 1000
