"""A message names nothing that a slot would hide from who gets it; mei is due to buy green tea."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bundle import Bundle
from engine.customers.triggers import TriggerConfig
from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked, enrich_row
from engine.shop import ShopConfig
from engine.slot_rules import filters_of
from tests.engine.asking import plan
from tests.training.outreach import LABEL, PEOPLE, day, rules, told, town, trigger
from tests.worlds import BLACK, GREEN, NOW, event, sold_out
from training.naming import Naming

World = tuple[Bundle, ShopConfig]
COMPLAINT, DISLIKE, PROFILE = EventType.COMPLAINT, EventType.DISLIKE, EventType.PROFILE
DUE = rules(trigger("due"))
LATER = datetime.fromtimestamp(NOW / 1000, UTC) + timedelta(days=3)
SPRING = {
    "name": "spring",
    "label": LABEL,
    "starts_at": LATER,
    "ends_at": LATER + timedelta(days=20),
    "items": ["green"],
}
BABY = {
    "attribute": "baby",
    "categories": ["drinks"],
    "until_months": 36,
    "stages": [
        {"name": "first", "from_months": 0, "words": ["Green"]},
        {"name": "second", "from_months": 6, "words": ["Black"]},
    ],
}
SECTIONS: dict[str, Any] = {
    "campaigns": [SPRING],
    "loyalty": {"ready_members": 0},
    "life_stages": [BABY],
    "redemption": {"months": [6], "items": {"milk": 10}},
}
BORN = event(93, PROFILE, None, 12, properties={"baby": "2025-01-01"})


def with_mei(*more: Happened, **sections: object) -> World:
    return town({**PEOPLE, "mei": [*PEOPLE["mei"], *more]}, **sections)


def stocked(world: World, row: int, count: int) -> World:
    stock = world[0].catalogue.stock.copy()
    stock[row] = count
    return replace(world[0], catalogue=replace(world[0].catalogue, stock=stock)), world[1]


def withdrawn(world: World, row: int) -> World:
    return sold_out(world[0], row), world[1]


@pytest.mark.parametrize(
    ("why", "world"),
    [
        ("A5: she complained about it", lambda: with_mei(event(91, COMPLAINT, "green", 12))),
        ("A5: its like", lambda: with_mei(event(91, COMPLAINT, "black", 12))),
        ("she disliked it", lambda: with_mei(event(91, DISLIKE, "green", 12))),
        ("withdrawn", lambda: withdrawn(town(), GREEN)),
        ("none left", lambda: stocked(town(), GREEN, 0)),
        (
            "P5: a campaign has not opened to her",
            lambda: town(campaigns=[SPRING], loyalty={"ready_members": 0}),
        ),
        ("P6: for points, later", lambda: town(redemption={"months": [6], "items": {"green": 1}})),
        ("P6: for more points", lambda: town(redemption={"items": {"green": 999}})),
        ("L4: outgrown", lambda: with_mei(BORN, life_stages=[BABY])),
    ],
)
def test_a_message_about_what_is_due_names_nothing_that_a_slot_would_hide(
    why: str, world: Callable[[], World]
) -> None:
    assert told(day(world()), DUE) == [], why


@pytest.mark.parametrize(
    "world",
    [
        town,
        lambda: withdrawn(town(), BLACK),
        lambda: with_mei(event(91, COMPLAINT, "green", 8)),  # bought again on day 10: forgiven
        lambda: with_mei(event(91, COMPLAINT, "cup", 12)),
        lambda: town(campaigns=[SPRING]),  # too few members for any
        lambda: town(redemption={"months": [6], "items": {"milk": 1}}),
        lambda: town(redemption={"months": [11], "items": {"green": 100}}),  # of her 150 points
        lambda: with_mei(life_stages=[BABY]),
    ],
)
def test_what_a_slot_would_show_is_named(world: Callable[[], World]) -> None:
    assert [(line["customer_id"], line["items"]) for line in told(day(world()), DUE)] == [
        ("mei", ["green"])
    ]


def test_C2_care_asks_after_nothing_that_was_complained_about() -> None:
    three = event(91, EventType.PURCHASE, "milk", 20, quantity=3, unit_price_minor=1000)

    def cared(*more: Happened) -> list[dict[str, Any]]:
        tea, shop = town({**PEOPLE, "lin": [*PEOPLE["lin"], three, *more]})
        cycles = replace(tea.cycles, per_unit=tea.cycles.per_unit | True)
        world = replace(tea, cycles=replace(cycles, days=cycles.days * 0 + 7)), shop
        return told(day(world, -3.5), rules(trigger("care", late_days=0)))

    assert [line["items"] for line in cared()] == [["milk"]]
    assert cared(event(92, COMPLAINT, "milk", 21)) == []


def test_what_is_left_out_of_a_message_is_told_once_it_may_be(tmp_path: Path) -> None:
    milk = [event(94 + n, EventType.PURCHASE, "milk", n * 10, order_id=f"m{n}") for n in (0, 1)]
    both = with_mei(*milk)
    lines = told(day(withdrawn(both, GREEN)), DUE, tmp_path)
    assert [(line["items"], line["titles"]) for line in lines] == [(["milk"], ["Milk"])]
    assert len(lines[0]["occasions"]) == 1
    assert told(day(withdrawn(both, GREEN)), DUE, tmp_path) == []
    (line,) = told(day(both), DUE, tmp_path)
    assert line["items"] == ["green"], "it sells again, and milk was told of"


def test_P5_once_a_campaign_opens_to_her_its_items_are_named_again() -> None:
    world = town(campaigns=[{**SPRING, "wave_days": 0}], loyalty={"ready_members": 0})
    assert [len(told(day(world, later), DUE)) for later in (2.9, 3.1)] == [0, 1]


@pytest.mark.parametrize(("count", "named"), [(9, False), (10, True), (-1, True)])
def test_S2_scarce_stock_is_named_to_the_best_classes_alone(count: int, named: bool) -> None:
    world = stocked(town(), GREEN, count)
    kept = rules(trigger("due", scarce={"threshold": 10, "classes": ["top"]}))
    assert len(told(day(world), kept)) == named
    assert len(told(day(world), DUE)) == 1, "no trigger keeps stock back unless it says so"
    states = day(world).states
    mine = states["value_class"][0]
    for_her = rules(trigger("due", scarce={"threshold": 10, "classes": [mine]}))
    assert len(told(day(world), for_her)) == 1


ODD = st.lists(
    st.tuples(
        st.sampled_from([COMPLAINT, DISLIKE, EventType.PURCHASE, EventType.VIEW]),
        st.sampled_from(["green", "black", "milk", "cup", "pot"]),
        st.integers(0, 29),
    ),
    max_size=6,
)


@given(ODD, st.sets(st.integers(0, 5)), st.booleans(), st.integers(-9, 40))
@settings(max_examples=60, deadline=None)
def test_a_message_may_name_what_a_slot_of_the_same_rules_would_keep(
    did: Sequence[tuple[EventType, str, int]], gone: set[int], born: bool, later: int
) -> None:
    more = [event(100 + n, *each) for n, each in enumerate(did)] + [BORN] * born
    world = with_mei(*more, **SECTIONS)
    tea = replace(world[0], catalogue=sold_out(world[0], *gone).catalogue)
    scarce: Mapping[str, Any] = {"threshold": 4, "classes": ["top"]}
    slot = plan(world[1], scarce=scarce, repeat="always").base
    today = day((tea, world[1]), later)
    naming = Naming.of(TriggerConfig.model_validate(trigger("due", scarce=scarce)), today)
    everything = np.arange(len(tea.items), dtype=np.int32)
    for row in np.flatnonzero(today.states["personal"].to_numpy()).tolist():
        query = enrich_row(Asked(n=1), tea, row, today.now)
        kept = filters_of(query, slot, tea).keep(everything)
        assert naming.may_name(everything.tolist(), row).tolist() == kept.tolist()
