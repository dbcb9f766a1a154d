"""Money at the limits is exact, offline as online; beyond them it is refused, never wrapped."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.customers.config import CustomersConfig
from engine.customers.draft import MOST_MINOR
from engine.customers.schemes import compile_schemes
from engine.errors import LogError
from engine.events import MAX_AMOUNT, MAX_QUANTITY, MAX_UNIT_PRICE, Event, EventType
from engine.happened import Happened
from tests.engine.customers.world import purchase, refund
from tests.training.test_customers import PEOPLE, assert_all_is_each, folded, log_of
from training.customer_facts import snapshot
from training.importers.check import SURE, check
from training.importers.chunk import LINE
from training.importers.judge import judge

SALE: dict[str, Any] = {
    "event_id": "e",
    "type": "purchase",
    "at": "2026-01-01T00:00:00Z",
    "customer_id": "c",
    "item_id": "i",
}


def test_a_line_is_worth_so_much_at_most() -> None:
    line = SALE | {"quantity": MAX_QUANTITY, "unit_price": MAX_AMOUNT / MAX_QUANTITY}
    assert Event.model_validate(line).quantity == MAX_QUANTITY
    with pytest.raises(ValidationError, match="quantity × unit_price"):
        Event.model_validate(line | {"unit_price": line["unit_price"] + 1})
    assert Event.model_validate(SALE | {"unit_price": MAX_UNIT_PRICE}).quantity == 1
    with pytest.raises(ValidationError, match="quantity × unit_price"):
        Event.model_validate(SALE | {"unit_price": MAX_UNIT_PRICE, "quantity": 2})


def test_an_import_quarantines_what_is_worth_more() -> None:
    verdict = judge(SALE | {"quantity": "2", "unit_price": "1e10"}, 2)
    assert isinstance(verdict, tuple)
    assert verdict[0] == "amount_out_of_range"


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, MAX_QUANTITY), st.integers(0, int(MAX_UNIT_PRICE)), st.sampled_from([0, 2, 4])
)
def test_whole_columns_are_sure_of_no_line_that_is_worth_more(
    quantity: int, price: int, minor_units: int
) -> None:
    row = SALE | {"quantity": quantity, "unit_price": str(price)}
    sure = check(pl.DataFrame([row | {LINE: 1}]), minor_units)[SURE].item()
    assert not (sure and quantity * price > MAX_AMOUNT)


MANY = 1_000_000  # units of a line
SAID = {"unit_cost_minor": MOST_MINOR // MANY, "promotion": "gift"}
LINE_AT_THE_LIMIT = {"quantity": MANY, "unit_price_minor": MOST_MINOR // MANY, "order_id": "o"}


def largest_sales(customer: str, **said: Any) -> list[Happened]:
    return [
        replace(
            purchase(day, 1, f"{customer}{day}"),
            **LINE_AT_THE_LIMIT,
            customer_id=customer,
            properties=SAID | said,
        )
        for day in range(1, 40)
    ]


@pytest.mark.parametrize("reset", ["never", "zero"])
def test_sums_of_the_largest_lines_are_exact(reset: str) -> None:
    """Of who bought, who paid with points, and who brought some back."""
    loyalty = {"reset": reset, "own_per_point": 1, "referred_per_point": 9_999}
    schemes = compile_schemes(
        CustomersConfig.model_validate({"loyalty": loyalty, "value": {"of": "margin"}}),
        minor_units=4,
        time_zone="UTC",
    )
    back = replace(refund(50, 1, "r"), **LINE_AT_THE_LIMIT, customer_id="cat")
    events = [
        *largest_sales("ann"),
        *largest_sales("bob"),
        *[replace(e, unit_price_minor=1) for e in largest_sales("dan", points=MOST_MINOR)],
        *largest_sales("cat"),
        back,
    ]
    people = snapshot(log_of(events), PEOPLE)
    assert {who: people.history_of(row) for row, who in enumerate(PEOPLE)} == folded(events)
    assert_all_is_each(events, schemes, 50)


def test_a_note_of_more_than_any_line_is_worth_says_nothing() -> None:
    for odd in (MOST_MINOR + 1, 10**30):
        said = {"unit_cost_minor": odd, "points": odd}
        events = [purchase(1, 20, "p", properties=said)]
        people = snapshot(log_of(events), PEOPLE)
        (order,) = people.history_of(0).orders.each()
        assert (order.cost_minor, order.points) == (0, 0)
        assert people.history_of(0) == folded(events)["ann"]


def test_a_log_that_adds_up_beyond_counting_is_refused_with_its_largest_line() -> None:
    lines = [purchase(day, 20, f"p{day}") for day in range(3)]
    sums = Happened("whale", EventType.PURCHASE, lines[0].at, "ann", None, "tea", 10**7, 10**13)
    with pytest.raises(LogError, match="whale"):
        snapshot(log_of([*lines, sums]), PEOPLE)
