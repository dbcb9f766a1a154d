from typing import Any

import pytest

from engine.customers.price_band import PriceBandConfig
from tests.engine.customers.world import purchase, refund, schemes, state_of


@pytest.mark.parametrize(
    ("median", "band"),
    [(401, "insensitive"), (199, "sensitive"), (300, "neutral"), (200, "neutral"), (400, "neutral"),
     (400.01, "insensitive"), (199.99, "sensitive")],
)  # fmt: skip
def test_S1_the_median_of_the_last_orders_makes_the_band(median: float, band: str) -> None:
    events = [purchase(0, 5_000), *[purchase(day, median) for day in (1, 2, 3)], purchase(4, 1)]
    assert state_of(events, 5).price_band == band


def test_S1_only_the_last_five_orders_count() -> None:
    events = [
        *[purchase(day, 1_000) for day in range(5)],
        *[purchase(day, 10) for day in (6, 7, 8)],
    ]
    assert state_of(events, 9).price_band == "sensitive"


def test_S1_between_two_middle_orders_lies_their_mean() -> None:
    state = state_of([purchase(1, 400), purchase(2, 400.01)], 3)
    assert (state.price_band, state.median_order_minor) == ("insensitive", 40_000)


def test_S1_without_an_order_the_band_is_unknown() -> None:
    assert state_of([], 1).price_band == "unknown"
    came_back = [purchase(1, 50, order_id="a"), refund(2, 50, order_id="a")]
    assert state_of(came_back, 3).price_band == "unknown"


def test_S1_bands_in_a_currency_without_decimals_work_too() -> None:
    bands = [{"name": "sensitive", "at_most": 10}, {"name": "insensitive", "above": 10}]
    two = schemes(price_band={"bands": bands})
    assert state_of([purchase(1, 10)], 2, under=two).price_band == "sensitive"
    assert state_of([purchase(1, 10.01)], 2, under=two).price_band == "insensitive"


@pytest.mark.parametrize(
    ("bands", "fault"),
    [
        (
            [("sensitive", {"below": 200}), ("insensitive", {"at_least": 300})],
            "leave a gap between",
        ),
        ([("sensitive", {"below": 300}), ("insensitive", {"at_least": 200})], "overlap between"),
        ([("sensitive", {"below": 200}), ("insensitive", {"above": 200})], "leave a gap at 200"),
        ([("sensitive", {"at_most": 200}), ("insensitive", {"at_least": 200})], "overlap at 200"),
        ([("sensitive", {"at_most": 200}), ("insensitive", {})], "overlap: the one has no"),
        ([("sensitive", {"at_least": 2})], "leaves a gap below 2"),
        ([("sensitive", {"at_most": 2})], "leaves a gap above 2"),
        ([("sensitive", {"below": 2}), ("sensitive", {"at_least": 2})], "is there twice"),
        ([("cheap", {})], "allowed: sensitive, neutral, insensitive"),
        ([("sensitive", {"below": 2, "at_most": 2})], "both at_most and below"),
        ([("sensitive", {"above": 2, "at_least": 2})], "both at_least and above"),
    ],
)
def test_S1_bands_that_do_not_meet_are_refused(
    bands: list[tuple[str, dict[str, Any]]], fault: str
) -> None:
    raw = [{"name": name, **bounds} for name, bounds in bands]
    with pytest.raises(ValueError, match=fault):
        PriceBandConfig.model_validate({"bands": raw})
