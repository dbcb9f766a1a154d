"""What is wrong with a shop's settings is told at once, also where a fault stands over another."""

import tomllib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.shop import check_shop
from engine.slots import check_slots
from tests.conftest import CONFIG
from tests.engine.asking import TITLE, shop

LABEL = {"en": "x", "zh": "x"}


def asks(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


def told(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        check_shop(raw, "shop.toml")
    return str(refused.value).splitlines()


TIERS = [
    {"name": "a", "label": LABEL, "points": 50, "price": 0.9, "voucher": 1},
    {"name": "b", "label": LABEL, "points": 30, "price": 0.95, "voucher": -1},
]
WRONG: dict[str, Any] = {
    "segments": [
        {"name": "Bad name", "label": LABEL, "when": asks("nothing", "=", 1)},
        {
            "name": "b",
            "label": {"en": "x"},
            "when": {"all": [asks("orders", "~", 1), asks("stage", "=", "zzz")]},
        },
    ],
    "tags": [{"name": "q", "label": LABEL, "when": asks("stage", "=", "x"), "days": 0}],
    "triggers": [
        {
            "name": "t",
            "label": LABEL,
            "on": "x",
            "action": "y",
            "when": asks("nothing", "=", 1),
            "festivals": ["eve"],
        }
    ],
    "loyalty": {"tiers": TIERS},
    "value": {"top": 0.5, "window_days": 0},
    "lifecycle": {"new_orders": 9, "dormant_days": 400, "at_risk_cycles": 0},
    "price_band": {
        "orders": 0,
        "bands": [{"name": "sensitive", "below": 100}, {"name": "insensitive", "above": 150}],
    },
    "life_stages": [
        {
            "attribute": "b",
            "stages": [
                {"name": "a", "from_months": 5, "words": ["x"]},
                {"name": "A!", "from_months": 3},
            ],
        }
    ],
    "redemption": {"months": [13], "items": {"a": 0}},
    "member_days": [{"days": [40], "tier": "nope"}],
}


def test_a_fault_of_a_key_hides_no_condition_and_no_rule_over_other_keys() -> None:
    parts = (
        "value.window_days: Input should be greater",
        "value: top, large, medium and small overlap: they add up to 1.49, not 1",
        "lifecycle.at_risk_cycles: Input should be greater",
        "lifecycle: new_orders (9) must be below loyal_orders; dormant_days (400) must be below l",
        "loyalty.tiers[1].voucher: Input should be greater",
        "loyalty: tiers[1].points: b must need more than a; tiers[1].price: b may not pay more",
        "price_band.orders: Input should be greater",
        "price_band: bands[0] and bands[1] leave a gap between 100 and 150",
        "redemption: months are 1 to 12, not [13]; items.a: must cost 1 point or more, not 0",
        "life_stages[0].stages[1].name: String should match",
        "life_stages[0]: A! must begin after a; words need categories",
        "segments[0].name: String should match",
        "segments[0].when.field: 'nothing' is no field",
        "segments[1].label.zh: Field required",
        "segments[1].when.all[0].op: '~' does not suit",
        "segments[1].when.all[1].value: 'zzz' is unknown",
        "tags[0].days: Input should be greater",
        "tags[0].when.value: 'x' is unknown",
        "member_days[0]: days are 1 to 31, not [40]",
        "member_days[0].tier: 'nope' is no tier; known: a, b",
        "triggers[0].on: Input should be 'birthday'",
        "triggers[0].when.field: 'nothing' is no field",
        "triggers[0].festivals: 'eve' is no festival",
    )
    lines = told(WRONG)
    for part in parts:
        assert [line.startswith(f"shop.toml: {part}") for line in lines].count(True) == 1, part
    assert len(lines) == len(parts)


@pytest.mark.parametrize(
    ("section", "lines"),
    [
        ({"lifecycle": {"new_orders": "9", "loyal_orders": 2}}, ["lifecycle.new_orders: Input s"]),
        ({"value": {"top": "much", "small": 0.5}}, ["value.top: Input should be a valid number"]),
        (
            {"lifecycle": {"new_orders": "9", "dormant_days": 400}},
            [
                "lifecycle.new_orders: Input",
                "lifecycle: dormant_days (400) must be below lost_days",
            ],
        ),
        (
            {"loyalty": {"tiers": TIERS, "own_per_pont": 3}},
            [
                "loyalty.tiers[1].voucher: Input should be greater",
                "loyalty.own_per_pont: 'own_per_pont' is no key",
                "loyalty: tiers[1].points: b must need more than a; tiers[1].price: b may not pay",
            ],
        ),
        (
            {"value": {"window_days": 0, "of": "profit", "top": 0.5}},
            [
                "value.of: Input should be 'revenue' or 'margin'",
                "value.window_days: Input should be greater",
                "value: top, large, medium and small overlap",
            ],
        ),
    ],
)
def test_nothing_is_guessed_of_a_key_that_has_a_fault(section: Any, lines: list[str]) -> None:
    found = told(section)
    assert len(found) == len(lines), found
    for line in lines:
        assert [each.startswith(f"shop.toml: {line}") for each in found].count(True) == 1, line


def test_a_faulty_slot_hides_no_fault_of_its_overrides_nor_of_its_names() -> None:
    buyers = asks("customer.buyer", "=", True)
    raw = {
        "a": {
            "title": TITLE,
            "sources": {"magic": 1},
            "size": 0,
            "lead": {"source": "due"},
            "ranker": "none",
            "overrides": [
                {"when": buyers, "repeat": "seldom", "fallback": ["luck"]},
                {"when": buyers, "size": 0},
                {"when": asks("customer.mood", "=", 1), "sise": 3},
            ],
        }
    }
    with pytest.raises(ConfigError) as refused:
        check_slots(raw, "slots.toml", shop())
    parts = (
        "a: ranker: there is no slot 'none'; known: a",
        "a: unknown source 'magic'",
        "a: lead.source: 'due' is not among the slot's sources: magic",
        "a: size: Input should be greater",
        "a.overrides[0]: unknown source 'luck'",
        "a.overrides[0]: repeat: Input should be 'never'",
        "a.overrides[2].when.field: 'customer.mood' is no field",
        "a.overrides[2]: 'sise' is no field of a slot; did you mean size?",
    )
    lines = str(refused.value).splitlines()
    for part in parts:
        assert [line.startswith(f"slots.toml: {part}") for line in lines].count(True) == 1, part


SHIPPED = tomllib.loads((CONFIG / "shop.toml").read_text(encoding="utf-8"))
GARBAGE: st.SearchStrategy[Any] = st.sampled_from(
    ["", "x", 0, -1, 10**12, 0.5, float("nan"), float("inf"), True, [], [1], ["x"], {}, {"x": 1}]
)


def places(raw: Any) -> list[tuple[Any, ...]]:
    """Of everything that the settings say, however deep."""
    here = raw.items() if isinstance(raw, dict) else enumerate(raw)
    return [
        (key, *more)
        for key, value in here
        for more in [(), *(places(value) if isinstance(value, dict | list) else [])]
    ]


@given(st.lists(st.tuples(st.sampled_from(places(SHIPPED)), GARBAGE), min_size=1, max_size=4))
def test_whatever_is_written_is_read_or_refused_with_its_place(
    wrong: list[tuple[tuple[Any, ...], Any]],
) -> None:
    raw = deepcopy(SHIPPED)
    for (*table, key), value in wrong:
        at: Any = raw
        for part in table:
            at = (
                at[part]
                if isinstance(at, dict | list)
                and part in (at if isinstance(at, dict) else range(len(at)))
                else {}
            )
        if isinstance(at, dict) or (isinstance(at, list) and key in range(len(at))):
            at[key] = deepcopy(value)
    try:
        check_shop(raw, "shop.toml")
    except ConfigError as refused:
        lines = str(refused).splitlines()
        assert all(line.startswith("shop.toml: ") for line in lines)
        assert len(lines) == len(set(lines))
