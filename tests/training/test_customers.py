import json
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.customers.config import CustomersConfig
from engine.customers.facts import EMPTY_HISTORY, History
from engine.customers.history import fold_all
from engine.customers.referral_graph import Edge, referral_graph
from engine.customers.referrals import derived, referral_of
from engine.customers.schemes import Schemes, compile_schemes
from engine.customers.state import assess, referred_buyers
from engine.customers.tastes import NO_TASTES, Tastes
from engine.events import EventType
from engine.happened import Happened
from engine.shop import check_shop
from engine.types import DAY_MS
from tests.engine.customers.strategies import happenings
from tests.engine.customers.world import DEFAULTS, START, at, event, purchase, refund
from training.customer_facts import snapshot
from training.customer_states import TasteColumns, assess_all, population

PEOPLE = ("ann", "bob", "cat", "dan")

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "event_id": pl.String,
    "type": pl.String,
    "at": pl.Datetime("ms", "UTC"),
    "customer_id": pl.String,
    "visitor_id": pl.String,
    "item_id": pl.String,
    "quantity": pl.Int64,
    "unit_price_minor": pl.Int64,
    "order_id": pl.String,
    "channel": pl.String,
    "slate_id": pl.String,
    "position": pl.Int32,
    "query": pl.String,
    "properties": pl.String,
}


def log_of(events: Sequence[Happened]) -> pl.LazyFrame:
    """The canonical log of these events."""
    rows = [
        {
            **{name: getattr(event, name) for name in SCHEMA},
            "type": str(event.type),
            "properties": json.dumps(dict(event.properties)) if event.properties else None,
        }
        for event in events
    ]
    schema = {**SCHEMA, "at": pl.Int64}
    frame = pl.LazyFrame(rows, schema=schema).with_columns(pl.col("at").cast(SCHEMA["at"]))
    return frame.sort("at", "event_id")


def folded(events: Sequence[Happened]) -> dict[str, History]:
    """Each customer's history as the server folds it, referrers' facts among them."""
    own = {who: [e for e in events if e.customer_id == who] for who in PEOPLE}
    histories = {who: fold_all(EMPTY_HISTORY, own[who]) for who in PEOPLE}
    named = {who: found for who in PEOPLE if (found := referral_of(histories[who]))}
    edges = [Edge(found.at, who, found.referrer_id) for who, found in named.items()]
    for who, edge in referral_graph(edges).referrers.items():
        if edge.referrer not in PEOPLE:
            continue
        told = [found for e in own[who] if (found := derived(e, named[who])) is not None]
        histories[edge.referrer] = fold_all(histories[edge.referrer], told)
    return histories


@st.composite
def shops(draw: Callable[..., Any]) -> list[Happened]:
    ids = draw(st.lists(st.integers(0, 60), max_size=30, unique=True))
    people = st.sampled_from([*PEOPLE, "stranger"])
    return [draw(happenings(f"event {number}", draw(people))) for number in ids]


@given(shops())
@settings(max_examples=100, deadline=None)
def test_the_snapshot_of_a_log_is_the_fold_of_each_customer(events: list[Happened]) -> None:
    found = snapshot(log_of(events), PEOPLE)
    expected = folded(events)
    assert {who: found.history_of(row) for row, who in enumerate(PEOPLE)} == expected


def test_an_empty_log_leaves_everybody_without_a_history() -> None:
    found = snapshot(log_of([]), PEOPLE)
    assert [found.history_of(row) for row in range(4)] == [EMPTY_HISTORY] * 4


def asks(name: str, field: str, op: str, value: Any) -> dict[str, Any]:
    when = {"field": field, "op": op, "value": value}
    return {"name": name, "label": {"en": name, "zh": name}, "when": when}


ODD_SEGMENTS = [
    asks("no_brand", "brand", "known", False),
    asks("not_a", "brand", "!=", "A"),
    asks("neither", "brand", "not_in", ["A", "B"]),
    asks("starts", "brand", "starts_with", "A"),
    asks("rich", "monetary", ">=", 1_500),
    asks("some", "median_order", "between", [0.01, 9.99]),
    asks("by_bob", "referrer_id", "in", ["bob"]),
    asks("star", "tier", "in", ["star_1", "diamond"]),
    asks("private", "personal", "=", False),
    asks("today", "member_day", "=", True),
    asks("baby", "life_stages", "has", "stage_1"),
    asks("any_baby", "life_stages", "has_any", ["stage_1", "stage_2"]),
    asks("both_vouchers", "vouchers", "has_all", ["star_1", "star_2"]),
    {
        "name": "either",
        "label": {"en": "either", "zh": "either"},
        "when": {
            "any": [
                {"not": {"field": "recency_days", "op": "<", "value": 30}},
                {"field": "ratings", "op": ">", "value": 0},
            ]
        },
    },
]

SHOP = check_shop(tomllib.loads(Path("config/shop.toml").read_text(encoding="utf-8")), "shop.toml")
SCHEMES = compile_schemes(SHOP, minor_units=2, time_zone="Asia/Shanghai")
CARRY = compile_schemes(
    CustomersConfig.model_validate(
        {
            "loyalty": {"reset": "carry"},
            "value": {"of": "margin", "top": 0.2, "large": 0.3, "medium": 0.2, "small": 0.3},
            "lifecycle": {"loyal_orders": 4, "cycle_orders": 2, "shortest_cycle_days": 1},
            "segments": ODD_SEGMENTS,
            "member_days": [{"days": [*range(1, 16)]}, {"days": [20], "tier": "star_2"}],
            "life_stages": [
                {
                    "attribute": "baby_born_on",
                    "stages": [
                        {"name": "stage_1", "from_months": 0},
                        {"name": "stage_2", "from_months": 6},
                    ],
                    "until_months": 12,
                }
            ],
        }
    ),
    minor_units=2,
    time_zone="UTC",
)


@given(shops(), st.sampled_from([SCHEMES, CARRY]), st.integers(0, 500))
@settings(max_examples=80, deadline=None)
def test_assessing_all_is_assessing_each(
    events: list[Happened], schemes: Schemes, day: int
) -> None:
    assert_all_is_each(events, schemes, day)


TASTES = (NO_TASTES, Tastes(1, "A", 0.7), Tastes(2, "B", 0.2), Tastes(3))


def assert_all_is_each(events: list[Happened], schemes: Schemes, day: float) -> pl.DataFrame:
    people = snapshot(log_of(events), PEOPLE)
    now = START + round(day * DAY_MS)
    tastes = TasteColumns(
        breadth=np.array([taste.breadth for taste in TASTES]),
        brand=pl.Series([taste.brand for taste in TASTES]),
        brand_share=np.array([taste.brand_share for taste in TASTES]),
    )
    thresholds = population(people, schemes, now, tastes)
    found = assess_all(people, thresholds, schemes, now, tastes)
    names = [segment.name for segment in schemes.segments]
    for row, taste in enumerate(TASTES):
        state = assess(people.history_of(row), thresholds, schemes, now, taste, row)
        assert found.row(row, named=True) == {
            **{name: value for name, value in state._asdict().items() if name != "attributes"},
            "segments": list(state.segments),
            "vouchers": list(state.vouchers),
            "life_stages": list(state.life_stages),
            "segment": names.index(state.segment) if state.segment else -1,
        }
    return found


def test_a_shop_without_segments_has_nobody_in_one() -> None:
    assert_all_is_each([purchase(1, 20, "a1")], DEFAULTS, 8)


def busy_shop() -> list[Happened]:
    """Half-refunded promotions with costs, a referral as a purchase happens, profile ties."""
    offer = {"promotion": "gift", "unit_cost_minor": 301}
    named = {"referrer_id": "bob"}
    return [
        purchase(1, 20, "a1", order_id="a", quantity=3, properties=offer),
        refund(2, 20, "a2", order_id="a", quantity=2),
        event(EventType.REFERRAL, 3, "a3", properties=named),
        purchase(3, 7, "a4"),
        refund(4, 1, "a5"),
        purchase(5, 9, "a6", order_id="b", quantity=2),
        *[
            event(EventType.PROFILE, 6, f"p{i}", properties={"birthday": f"1990-02-{i:02}"})
            for i in range(10, 20)
        ],
    ]


@pytest.mark.parametrize("schemes", [SCHEMES, CARRY])
def test_a_busy_shop_is_folded_and_assessed_alike(schemes: Schemes) -> None:
    events = busy_shop()
    people = snapshot(log_of(events), PEOPLE)
    expected = folded(events)
    assert {who: people.history_of(row) for row, who in enumerate(PEOPLE)} == expected
    assert expected["bob"].referred[0].amount_minor == 700
    assert_all_is_each(events, schemes, 8)


@pytest.mark.parametrize("schemes", [SCHEMES, CARRY])
@pytest.mark.parametrize(
    ("stage", "orders", "days"), [("at_risk", 4, 20), ("dormant", 1, 90), ("lost", 1, 365)]
)
def test_a_stage_begins_a_millisecond_after_its_last_day_in_both(
    stage: str, orders: int, days: int, schemes: Schemes
) -> None:
    """Who ordered every ten days is at risk after twenty."""
    events = [purchase(10 * number, 20, f"a{number}") for number in range(orders)]
    last = 10 * (orders - 1) + days
    there, after = (
        assert_all_is_each(events, schemes, day)["stage"][0] for day in (last, last + 1 / DAY_MS)
    )
    assert (there != stage, after) == (True, stage)


def of_newcomer(who: str, kind: EventType, day: float, yuan: float, order: str | None) -> Happened:
    return Happened(
        f"{who} {kind} {order} {day}",
        kind,
        at(day),
        who,
        item_id="tea",
        unit_price_minor=round(yuan * 100),
        order_id=order,
    )


def test_what_newcomers_send_back_is_taken_alike() -> None:
    """bob brought three: cat sends an old order back, dan a new one early, ann some of no order."""
    bought, back, named = EventType.PURCHASE, EventType.REFUND, {"referrer_id": "bob"}
    events = [
        *[
            Happened(f"{who} came", EventType.REFERRAL, at(2), who, properties=named)
            for who in ("ann", "cat", "dan")
        ],
        Happened("also", EventType.REFERRAL, at(2), "ann", properties={"referrer_id": "zoe"}),
        of_newcomer("cat", bought, 1, 5_000, "old"),
        of_newcomer("cat", bought, 3, 100, "new"),
        of_newcomer("cat", back, 4, 5_000, "old"),
        of_newcomer("dan", back, 5, 80, "early"),
        of_newcomer("dan", bought, 6, 80, "early"),
        of_newcomer("ann", bought, 3, 60, None),
        of_newcomer("ann", back, 4, 20, None),
        of_newcomer("cat", back, 4.5, 0, "old"),
        of_newcomer("cat", bought, 4.6, 0, "old"),
    ]
    bob = folded(events)["bob"]
    assert snapshot(log_of(events), PEOPLE).history_of(PEOPLE.index("bob")) == bob
    assert referred_buyers(bob.referred) == 2
    assert_all_is_each(events, SCHEMES, 8)
    assert_all_is_each([*events, of_newcomer("cat", back, 5, 100, "new")], SCHEMES, 8)
