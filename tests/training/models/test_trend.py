from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.conftest import Read
from training.interactions import Interactions
from training.models import blend, cooccurrence, ease, local_ridge, trend
from training.models.blend import BlendConfig
from training.models.cooccurrence import CooccurrenceConfig
from training.models.daily import Daily, daily, decayed
from training.models.ridge import RidgeConfig
from training.models.trend import TrendConfig


def sales(item: str, days: Sequence[int]) -> list[dict[str, object]]:
    return [{"day": day, "item": item, "customer": f"c{day % 7}"} for day in days]


def season(read: Read) -> Interactions:
    """Ten weeks: one item sells steadily, one only in the first half, one only at the end."""
    return read(
        sales("steady", range(70)) + sales("summer", range(35)) + sales("winter", range(60, 70))
    )


def of(data: Interactions, config: TrendConfig) -> dict[str, float]:
    found = trend.fit(data, daily(data), config)
    return dict(zip(data.item_ids, found.tolist(), strict=True))


def test_what_rises_is_above_what_is_steady_and_what_has_ended_below(read: Read) -> None:
    found = of(season(read), TrendConfig())
    assert found["winter"] > 1.1 > 0.9 > found["summer"]
    assert found["summer"] < found["steady"] < found["winter"]


def test_if_all_items_are_steady_there_is_no_trend(read: Read) -> None:
    found = of(read(sales("a", range(70)) + sales("b", range(0, 70, 2))), TrendConfig())
    assert all(value == pytest.approx(1, abs=0.05) for value in found.values())


def test_the_exponent_is_how_far_a_trend_counts(read: Read) -> None:
    data = season(read)
    assert set(of(data, TrendConfig(exponent=0)).values()) == {1.0}
    half, whole = (of(data, TrendConfig(exponent=e))["winter"] for e in (0.5, 1.0))
    assert half**2 == pytest.approx(whole, rel=1e-5)


def test_a_log_without_times_has_no_trend(read: Read) -> None:
    data = read([{"day": 0, "item": "a"}, {"day": 0, "item": "b"}])
    assert set(of(data, TrendConfig()).values()) == {1.0}


def test_an_item_that_nobody_has_met_is_as_if_steady(read: Read) -> None:
    data = read([*sales("a", range(70)), {"day": 69, "item": "b", "type": "dislike"}])
    assert of(data, TrendConfig())["b"] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("model", [cooccurrence, ease, local_ridge])
def test_every_model_multiplies_its_targets_by_the_trend(model, read: Read) -> None:  # type: ignore[no-untyped-def]
    data = season(read)
    rises = np.array([1, 0.5, 4], np.float32)
    config = CooccurrenceConfig() if model is cooccurrence else RidgeConfig()
    plain, risen = model.fit(data, config), model.fit(data, config, trend=rises)
    for source in range(data.n_items):
        one, other = plain.of(source, 9), risen.of(source, 9)
        before = dict(zip(one.rows.tolist(), one.scores.tolist(), strict=True))
        after = dict(zip(other.rows.tolist(), other.scores.tolist(), strict=True))
        assert len(after) > 0
        assert after == pytest.approx({row: s * rises[row] for row, s in before.items()})
        assert (np.diff(other.scores) <= 0).all()


def test_a_target_that_rises_is_not_cut_from_the_list(read: Read) -> None:
    data = season(read)
    rises = np.array([1, 1, 1000], np.float32)
    narrow = BlendConfig(neighbours=1, cooccurrence=(CooccurrenceConfig(neighbours=1),))
    lists = blend.fit(data, narrow, trend=rises)
    assert [lists.of(source, 1).rows.tolist() for source in (0, 1)] == [[2], [2]]


def test_who_asks_all_day_counts_once_a_day(read: Read) -> None:
    interest = daily(read([{"day": 1, "item": "a"}] * 50 + [{"day": 2, "item": "a"}]))
    assert decayed(interest, 1e9).tolist() == pytest.approx([2])
    assert decayed(interest, 1).tolist() == pytest.approx([1.5])


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 90)), min_size=1, max_size=60),
    st.floats(1, 60),
    st.floats(0, 1),
)
def test_a_trend_is_finite_and_above_zero(
    sold: list[tuple[int, int]], half_life: float, exponent: float
) -> None:
    items = np.array([item for item, _ in sold], np.int32)
    ages = np.array([age for _, age in sold])
    interest = Daily(np.zeros(len(sold), np.int32), items, ages, np.ones(len(sold), np.float32), 5)
    found = trend.lift(interest, TrendConfig(half_life_days=half_life)) ** exponent
    assert np.isfinite(found).all()
    assert (found > 0).all()
