"""S4: what an item is worth to a customer, less what it costs them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.customers.labels import PRICE_BANDS
from engine.customers.offers import DeliveredValueConfig, delivered_value


def test_S4_cost_matters_more_to_the_price_sensitive() -> None:
    """Equally good, at half, at the usual and at one and a half times the usual price."""
    benefit, price = np.array([2.0, 2.0, 2.0]), np.array([5_000, 10_000, 15_000])
    config = DeliveredValueConfig(weight={"sensitive": 0.5, "neutral": 0.25, "insensitive": 0})
    values = {band: delivered_value(benefit, price, band, config).tolist() for band in PRICE_BANDS}
    assert values["sensitive"] == [1.5, 1.0, 0.5]
    assert values["insensitive"] == [2, 2, 2]
    assert values["unknown"] == values["neutral"] == [1.75, 1.5, 1.25]
    unknown = delivered_value(benefit, np.array([5_000, -1, 15_000]), "sensitive", config)
    assert unknown.tolist() == [1.5, 1.0, 0.5]
    nothing = delivered_value(benefit, np.full(3, -1), "sensitive", config)
    assert nothing.tolist() == [2, 2, 2]
    with pytest.raises(ValueError, match="rich is no price band"):
        DeliveredValueConfig(weight={"rich": 0})


@given(
    st.lists(st.tuples(st.floats(0.01, 9), st.integers(-1, 10**9)), min_size=1, max_size=9),
    st.floats(0, 3),
)
def test_S4_no_price_makes_a_score_negative_nor_lifts_what_is_dearer(
    told: list[tuple[float, int]], weight: float
) -> None:
    benefit, price = np.array([good for good, _ in told]), np.array([paid for _, paid in told])
    config = DeliveredValueConfig(weight={"sensitive": weight})
    value = delivered_value(benefit, price, "sensitive", config)
    assert (value > 0).all()
    fell = benefit - value
    known = price >= 0
    dearer = fell[known][np.argsort(price[known], kind="stable")]
    assert (np.diff(dearer) >= -1e-9).all()


def test_S4_one_item_at_a_thousand_times_the_usual_price_stays_within_five_means() -> None:
    price = np.array([10_000] * 9 + [10_000_000])
    config = DeliveredValueConfig(weight={"sensitive": 0.5})
    value = delivered_value(np.full(10, 1.0), price, "sensitive", config)
    assert value[0] - value[-1] == pytest.approx(0.5 * (5 - 1))
    assert value[-1] == pytest.approx(0.01)
