import tomllib
from pathlib import Path
from typing import Any

import pytest

from engine.customers.config import CustomersConfig, customer_problems
from engine.errors import ConfigError
from engine.events import EventType
from engine.shop import ShopIdentity, read_shop
from tests.engine.customers.world import event, purchase, schemes, state_of

SHIPPED = Path(__file__).parents[3] / "config" / "shop.toml"


def segment(name: str, when: Any) -> dict[str, Any]:
    return {"name": name, "label": {"en": name, "zh": name}, "when": when}


def asks(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


def test_the_shipped_file_says_the_defaults_of_the_code() -> None:
    shop = read_shop(SHIPPED)
    defaults = CustomersConfig()
    assert (shop.value, shop.lifecycle, shop.loyalty, shop.price_band) == (
        defaults.value,
        defaults.lifecycle,
        defaults.loyalty,
        defaults.price_band,
    )
    assert shop.repurchase.model_copy(update={"category_days": {}}) == defaults.repurchase


def test_the_shipped_file_shows_what_a_shop_says_of_itself_with_the_defaults_of_the_code() -> None:
    """The currency too, which stands in a comment: the log knows its own."""
    text = SHIPPED.read_text(encoding="utf-8")
    told = tomllib.loads(text.replace('# currency = "', 'currency = "', 1))["shop"]
    assert set(told) == {"time_zone", "language", "minor_units", "currency"}
    assert ShopIdentity.model_validate(told) == ShopIdentity()
    assert "currency" not in read_shop(SHIPPED).shop.model_fields_set


def test_all_faults_of_all_sections_are_told_at_once() -> None:
    raw = {
        "value": {"top": 0.5},
        "lifecycle": {"dormant_days": 400, "loyal_orders": 2, "sleepy": 1},
        "loyalty": {"tiers": [{"name": "gold", "points": -1, "price": 1.5}], "reset": "maybe"},
        "price_band": {"bands": [{"name": "sensitive", "below": 1}]},
        "repurchase": {"cycle_days": 0},
        "segments": [
            segment("a", asks("tier", "=", "silver")),
            segment("a", asks("stage", "=", "asleep")),
            {"name": "No", "when": {}},
        ],
    }
    problems = "\n".join(customer_problems(raw, "shop.toml"))
    for part in (
        "shop.toml: value: top, large, medium and small overlap",
        "shop.toml: lifecycle.sleepy: 'sleepy' is no key of this table; known: new_orders, loyal",
        "shop.toml: loyalty.tiers[0].points: Input should be greater",
        "shop.toml: loyalty.tiers[0].price: Input should be less",
        "shop.toml: loyalty.tiers[0].label: Field required",
        "shop.toml: loyalty.reset: Input should be 'zero', 'carry' or 'never'",
        "shop.toml: price_band: bands[0] leaves a gap above 1",
        "shop.toml: repurchase.cycle_days: Input should be greater",
        "shop.toml: segments[0].when.value: 'silver' is unknown; allowed: gold",
        "shop.toml: segments[1].when.value: 'asleep' is unknown",
        "shop.toml: segments[2].name: String should match",
        "shop.toml: segments[2].label: Field required",
        "shop.toml: segments: a is there twice",
    ):
        assert part in problems


def test_segments_that_are_no_list_are_refused() -> None:
    problems = customer_problems({"segments": {"name": "a"}, "loyalty": 3}, "shop.toml")
    assert "shop.toml: segments: is no list; write [[segments]]" in problems
    assert problems[0].startswith("shop.toml: loyalty: ")


def test_compiling_refuses_what_the_check_refuses() -> None:
    twice = [segment("a", asks("orders", ">", 1))] * 2
    with pytest.raises(ConfigError, match="a is there twice"):
        schemes(segments=twice)
    with pytest.raises(ConfigError, match="no field"):
        schemes(segments=[segment("a", asks("mood", "=", "good"))])


def test_a_customers_segment_is_the_first_that_matches() -> None:
    two = schemes(
        segments=[
            segment("rich", asks("monetary", ">=", 1000)),
            segment("new", asks("stage", "=", "new")),
            segment("buyer", asks("buyer", "=", True)),
        ]
    )
    poor, rich = (
        state_of([purchase(1, 10)], 2, under=two),
        state_of([purchase(1, 1000)], 2, under=two),
    )
    assert (poor.segment, poor.segments) == ("new", ("new", "buyer"))
    assert (rich.segment, rich.segments) == ("rich", ("rich", "new", "buyer"))
    assert state_of([], 2, under=two).segment is None


SHIPPED_SCHEMES = schemes(segments=tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["segments"])


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("new_in_30_days", ([purchase(1, 10)], 30.9), ([purchase(1, 10)], 31)),
        ("lapsing", ([purchase(1, 10)], 61), ([purchase(1, 10)], 60)),
        ("lapsing", ([purchase(1, 10)], 91), ([purchase(1, 10)], 91.1)),
        (
            "promotion_buyers",
            ([purchase(day, 10, properties={"promotion": "gift"}) for day in (1, 2, 3)], 4),
            ([purchase(day, 10) for day in (1, 2, 3)], 4),
        ),
        (
            "birthday_week",  # the world begins on 1 January 2024
            ([event(EventType.PROFILE, 1, "p", properties={"birthday": "1990-01-10"})], 3),
            ([event(EventType.PROFILE, 1, "p", properties={"birthday": "1990-01-10"})], 2),
        ),
        (
            "cart_left",
            ([event(EventType.CART, 1, "c", item_id="tea")], 2),
            ([event(EventType.CART, 1, "c", item_id="tea"), purchase(1, 10)], 2),
        ),
        (
            "cart_left",  # who orders every week
            ([purchase(1, 10), event(EventType.CART, 5, "c", item_id="tea")], 6),
            ([event(EventType.CART, 5, "c", item_id="tea"), purchase(5.1, 10)], 6),
        ),
        ("members_without_order", ([event(EventType.SIGNUP, 1, "s")], 2), ([purchase(1, 10)], 2)),
        ("buyers_not_members", ([purchase(1, 10)], 2), ([event(EventType.SIGNUP, 1, "s")], 2)),
        ("dormant", ([purchase(1, 10)], 92), ([purchase(1, 10)], 90)),
        ("dormant", ([purchase(1, 10)], 91.1), ([purchase(1, 10)], 91)),
    ],
)
def test_the_shipped_segments_hold_whom_they_name(name: str, inside: Any, outside: Any) -> None:
    assert name in state_of(*inside, under=SHIPPED_SCHEMES).segments
    assert name not in state_of(*outside, under=SHIPPED_SCHEMES).segments


@pytest.mark.parametrize("dormant_days", [30, 60, 90, 91, 200])
def test_who_is_lapsing_is_not_dormant_yet(dormant_days: int) -> None:
    shipped = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["segments"]
    under = schemes(segments=shipped, lifecycle={"dormant_days": dormant_days})
    stay = ("lapsing", "dormant", "lost")
    for idle in (59.9, 60, dormant_days - 0.1, dormant_days, dormant_days + 0.1, 364.9, 366):
        found = state_of([purchase(1, 10)], 1 + idle, under=under).segments
        where = [name for name in stay if name in found]
        asleep = "lost" if idle > 365 else "dormant" if idle > dormant_days else "lapsing"
        assert where == ([] if asleep == "lapsing" and idle < 60 else [asleep]), idle
