from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest

from engine.customers.diagnosis import CAUSES, Diagnosis, diagnosis_of
from engine.customers.facts import History
from engine.customers.snapshot import snapshot_of
from engine.customers.splits import DEVELOPMENT_SHARES, type_of
from engine.customers.state import CustomerState, assess
from engine.customers.tastes import Tastes
from engine.customers.thresholds import NO_THRESHOLDS, Thresholds
from engine.events import EventType
from engine.happened import Happened
from tests.engine.customers.world import DEFAULTS, at, event, history_of, purchase, refund
from training.customer_splits import part_sizes
from training.customer_worth import Worths, diagnoses_of, no_tastes
from training.customers import assess_all, population

DAY = 30


def people(n: int) -> list[History]:
    """Some buy, some review, some fill carts; each was last seen at their own moment."""
    found = []
    for i in range(n):
        events: list[Happened] = [event(EventType.VIEW, i / n, f"view {i}", item_id="tea")]
        if i % 3 == 0:
            events.append(purchase(2 + i / n, 10 + i, f"buy {i}", order_id=f"o{i}"))
        if i % 11 == 0:
            events.append(event(EventType.RATING, 3 + i / n, f"rate {i}", item_id="tea"))
        if i % 2 == 0:
            events.append(event(EventType.CART, 4 + i / n, f"cart {i}", item_id="tea"))
        found.append(history_of(*events))
    return found


def states(histories: list[History]) -> list[CustomerState]:
    cuts = population(snapshot_of(histories), DEFAULTS, at(DAY))
    return [assess(each, cuts, DEFAULTS, at(DAY), row=row) for row, each in enumerate(histories)]


def test_V4_a_thousand_customers_are_150_leaders_350_intending_and_500_to_nurture() -> None:
    found = Counter(state.opinion for state in states(people(1_000)))
    assert found == {"leader": 150, "intending": 350, "nurture": 500}


def test_V4_leaders_review_and_intending_ones_filled_a_cart() -> None:
    for state in states(people(1_000)):
        if state.ratings:
            assert state.opinion == "leader"
        if state.opinion == "intending":
            assert state.days_since_cart is not None


def test_V5_a_thousand_customers_are_300_300_and_400() -> None:
    found = Counter(state.development for state in states(people(1_000)))
    assert found == {"established": 300, "to_develop": 300, "potential": 400}


@pytest.mark.parametrize(("n", "sizes"), [(7, [2, 2, 3]), (1, [0, 1, 0]), (0, [0, 0, 0])])
def test_V5_the_parts_are_exact_to_one_customer(n: int, sizes: list[int]) -> None:
    assert part_sizes(n, DEVELOPMENT_SHARES) == sizes
    assert sum(sizes) == n


def test_V4_and_V5_divide_exactly_whom_an_import_gave_one_instant() -> None:
    """Of 800 who signed up alike the first by their ids are ahead, and nobody new goes before."""
    buyers = [history_of(purchase(1, 10 + i, f"buy {i}")) for i in range(200)]
    alike = [history_of(event(EventType.SIGNUP, 0, f"signed {i}")) for i in range(800)]
    found = states([*buyers, *alike])
    developed = [state.development for state in found]
    assert Counter(developed) == {"established": 300, "to_develop": 300, "potential": 400}
    assert developed[200:] == ["established"] * 100 + ["to_develop"] * 300 + ["potential"] * 400
    assert Counter(state.opinion for state in found) == {
        "leader": 150,
        "intending": 350,
        "nurture": 500,
    }
    people = snapshot_of([*buyers, *alike])
    cuts = population(people, DEFAULTS, at(DAY))
    every = assess_all(people, cuts, DEFAULTS, at(DAY))
    for name in ("development", "opinion", "customer_type"):
        assert every[name].to_list() == [getattr(state, name) for state in found]
    new = history_of(event(EventType.SIGNUP, 0, "somebody new"))
    assert assess(new, cuts, DEFAULTS, at(DAY)).development == "potential"


def test_V6_the_five_types_have_an_order_of_priority() -> None:
    assert type_of("leader", "top") == "opinion_leader"
    assert type_of("intending", "large") == "prime"
    assert type_of("intending", "small") == "small_medium"
    assert type_of("intending", "inactive") == "intending"
    assert type_of("nurture", "potential") == "potential"


USUAL = (4, 20_000, 2)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ((1, 20_000, 2), Diagnosis("low_frequency", 1, 4)),
        ((4, 20_000, 2), Diagnosis("small_basket", 5_000, 20_000)),
        ((4, 90_000, 1), Diagnosis("single_category", 1, 2)),
        ((2, 10_000, 1), Diagnosis("small_basket", 5_000, 20_000)),  # the furthest behind
        ((4, 80_000, 2), None),
    ],
)
def test_V8_a_small_buyer_gets_one_cause_with_evidence(
    state: tuple[int, int, int], expected: Diagnosis | None
) -> None:
    frequency, money, breadth = state
    assert diagnosis_of("small", frequency, money, breadth, USUAL) == expected


def test_V8_others_have_no_diagnosis() -> None:
    assert diagnosis_of("top", 1, 100, 1, USUAL) is None


def test_V8_all_at_once_is_told_as_each() -> None:
    """A grid around the usual, ties included; a refund without an order may leave money below 0."""
    grid = [*product((1, 3, 4, 5), (-500, 0, 59_999, 60_000, 90_000), (0, 1, 2))]
    orders, money, breadth = np.array(grid).T
    worths = Worths(orders, orders, money, money, orders)
    taste = replace(no_tastes(len(grid)), breadth=breadth)
    small = pl.Series(["small"] * len(grid))
    cuts = Thresholds(usual=USUAL)
    found = diagnoses_of(small, worths, taste, cuts).to_list()
    each = [diagnosis_of("small", *measures, USUAL) for measures in grid]
    assert found == [one and one.cause for one in each]
    assert set(found) == {None, *CAUSES}
    others = pl.Series(["medium"] * len(grid))
    assert diagnoses_of(others, worths, taste, cuts).null_count() == len(grid)


def test_V8_who_sent_back_more_than_they_bought_has_no_small_basket() -> None:
    """The refund is of an order from before the window, or of none: the money is below 0."""
    owing = history_of(purchase(1, 100), refund(2, 300))
    kept = history_of(purchase(1, 100), refund(2, 60))
    cuts = Thresholds(usual=(1, 20_000, 1))
    states = [assess(each, cuts, DEFAULTS, at(6), Tastes(1)) for each in (owing, kept)]
    assert [state.monetary_minor for state in states] == [-20_000, 4_000]
    assert [state.value_class for state in states] == ["small", "small"]
    assert [state.diagnosis for state in states] == [None, "small_basket"]
    taste = replace(no_tastes(2), breadth=np.ones(2, np.int64))
    every = assess_all(snapshot_of([owing, kept]), cuts, DEFAULTS, at(6), taste)
    assert every["diagnosis"].to_list() == [None, "small_basket"]


def test_V8_what_is_usual_is_the_median_of_active_buyers() -> None:
    histories = [
        history_of(*[purchase(day, 100, f"{n} {day}") for day in range(n)]) for n in (1, 2, 5, 5, 5)
    ]
    cuts = population(snapshot_of(histories), DEFAULTS, at(6))
    assert cuts.usual == (5, 10_000, 0)
    assert (
        assess(histories[0], NO_THRESHOLDS, DEFAULTS, at(6), Tastes(1)).development == "potential"
    )
