import numpy as np
import polars as pl
import pytest

from engine.customers.repurchase import Cycles, RepurchaseConfig
from engine.happened import Happened
from tests.engine.customers.world import purchase
from tests.training.test_customers import log_of
from training.catalogue import catalogue_of
from training.cycles import cycles

ITEMS = ("cup", "green", "milk", "oolong")
CATALOGUE = catalogue_of(
    pl.DataFrame(
        {
            "item_id": list(ITEMS),
            "title": list(ITEMS),
            "category": ["teaware", "food > tea", "food > formula milk", "food > tea"],
            "brand": [None] * 4,
            "kind": [None] * 4,
            "price_minor": [100] * 4,
            "list_price_minor": [None] * 4,
            "stock": [None] * 4,
            "available": [True] * 4,
        },
        schema_overrides={"brand": pl.String, "kind": pl.String},
    ),
    ITEMS,
    np.zeros(4, np.int64),
)


def bought(item: str, days: list[float], units: int = 1) -> list[Happened]:
    lines = [purchase(day, 1, f"{item} {day} {units}") for day in days]
    return [Happened(e.event_id, e.type, e.at, "ann", item_id=item, quantity=units) for e in lines]


def learned(events: list[Happened], **config: object) -> dict[str, tuple[float, bool]]:
    found: Cycles = cycles(
        log_of(events), ITEMS, CATALOGUE, RepurchaseConfig.model_validate(config)
    )
    pairs = zip(found.days.tolist(), found.per_unit.tolist(), strict=True)
    return dict(zip(ITEMS, pairs, strict=True))


def test_C1_in_a_log_without_repeats_everything_lasts_the_configured_cycle() -> None:
    assert learned(bought("cup", [0])) == dict.fromkeys(ITEMS, (20.0, False))


def used_up_in(days_per_unit: float) -> list[Happened]:
    """Two units last twice as long as one."""
    found, day = [], 0.0
    for units in (1, 2, 3, 1, 2, 3, 1, 2):
        found += bought("green", [day], units)
        day += units * days_per_unit
    return found


def test_C1_goods_that_are_used_up_are_counted_per_unit() -> None:
    assert learned(used_up_in(10), prior=0)["green"] == (10.0, True)


def test_C1_goods_that_are_bought_by_habit_are_counted_per_purchase() -> None:
    weekly = [each for i in range(9) for each in bought("green", [7.0 * i], 1 + i % 3)]
    assert learned(weekly, prior=0)["green"] == (7.0, False)


def test_C1_a_long_pause_does_not_matter() -> None:
    days = [0.0, 10, 20, 30, 40, 50, 650]
    assert learned(bought("green", days), prior=0)["green"] == (10.0, False)


def test_C1_an_item_with_few_intervals_lasts_nearly_as_long_as_its_category() -> None:
    many = bought("green", [10.0 * i for i in range(1001)])
    found = learned(many + bought("oolong", [0, 22]))
    assert found["green"][0] == pytest.approx(10, abs=0.1)
    assert found["oolong"][0] == pytest.approx((22 + 5 * 10) / 6, abs=0.1)
    assert found["cup"][0] == pytest.approx(10, abs=0.1)  # by the shop


def test_C1_what_the_shop_says_goes_before_what_is_learned() -> None:
    found = learned(
        bought("milk", [0, 30, 60, 90]),
        category_days={"food > formula milk": 7, "nothing": 3},
        item_days={"cup": 400, "gone": 1},
    )
    assert found["milk"] == (7.0, True)
    assert found["cup"] == (400.0, True)


def test_C1_lines_of_one_day_are_one_purchase() -> None:
    twice_a_day = [*bought("green", [0, 10, 20, 30, 40, 50]), *bought("green", [0.1], units=1)]
    assert learned(twice_a_day, prior=0)["green"] == (10.0, False)
