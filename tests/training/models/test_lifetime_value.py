from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.customers.snapshot import NO_SNAPSHOT, snapshot_of
from engine.errors import LogError
from engine.types import DAY_MS
from tests.engine.customers.world import START, history_of, purchase
from training.models.lifetime_value import (
    LifetimeValue,
    LifetimeValueConfig,
    Recurrence,
    active_chance,
    expected_purchases,
    expected_spend,
    fit,
    recurrence,
    recurrence_of,
)

CONFIG = LifetimeValueConfig()
PUBLISHED = LifetimeValue(0.243, 4.414, 0.793, 2.426, 6.25, 3.74, 15.44, -9582.4)
CALIBRATED = date(1997, 9, 30).toordinal()


@pytest.fixture
def real_data() -> Path:
    folder = Path(__file__).parents[4] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real data beside the project")
    return folder


def one(repeats: float, last: float, age: float, spend: float = 0) -> Recurrence:
    numbers = (np.array([each], np.float64) for each in (repeats, last, age, spend))
    return Recurrence(np.zeros(1, np.int64), *numbers)


def test_V7_purchases_of_one_day_are_one() -> None:
    found = recurrence_of(
        np.array([3, 3, 3, 3, 8]),
        np.array([0, 0, 7, 21, 14]),
        np.array([5.0, 6.0, 10.0, 30.0, 1.0]),
        28,
    )
    assert found.customers.tolist() == [3, 8]
    assert found.repeats.tolist() == [2, 0]
    assert found.last.tolist() == [3, 0]
    assert found.age.tolist() == [4, 2]
    assert found.spend.tolist() == [20, 0]


def test_V7_what_was_bought_later_than_the_end_is_not_seen() -> None:
    people = snapshot_of([history_of(purchase(0, 10), purchase(7, 20), purchase(30, 99))])
    found = recurrence(people, START + 14 * DAY_MS, 2)
    assert (found.repeats.tolist(), found.age.tolist(), found.spend.tolist()) == ([1], [2], [20])


def test_V7_the_papers_example_is_reproduced() -> None:
    """x = 2, t_x = 30.43, T = 38.86: 1.226 purchases in the next 39 weeks."""
    expected = expected_purchases(PUBLISHED, one(2, 30.43, 38.86), 39)
    assert expected[0] == pytest.approx(1.226, abs=0.001)


def test_V7_who_never_came_back_is_still_a_customer_to_the_model() -> None:
    assert active_chance(PUBLISHED, one(0, 0, 38.86))[0] == 1
    assert active_chance(PUBLISHED, one(5, 5, 38.86))[0] < 0.1
    assert active_chance(PUBLISHED, one(5, 38, 38.86))[0] > 0.8


def test_V7_spend_lies_between_the_customers_own_and_the_populations() -> None:
    population = expected_spend(PUBLISHED, one(0, 0, 30))[0]
    assert population == pytest.approx(6.25 * 15.44 / 2.74)
    some = expected_spend(PUBLISHED, one(1, 10, 30, 100))[0]
    many = expected_spend(PUBLISHED, one(50, 29, 30, 100))[0]
    assert population < some < many < 100


def test_V7_known_parameters_are_found_again() -> None:
    chance = np.random.default_rng(7)
    data = simulated(chance, LifetimeValue(0.8, 6.0, 0.9, 2.5, 4.0, 4.0, 20.0, 0), 6_000)
    found = fit(data, CONFIG)
    assert found.r == pytest.approx(0.8, rel=0.12)
    assert found.alpha == pytest.approx(6.0, rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(0.9 / 3.4, rel=0.1)
    mean = found.p * found.gamma / (found.q - 1)
    assert mean == pytest.approx(4 * 20 / 3, rel=0.05)


def simulated(chance: np.random.Generator, model: LifetimeValue, n: int) -> Recurrence:
    """Customers as the two models say they are."""
    age = chance.uniform(20, 60, n)
    rate = chance.gamma(model.r, 1 / model.alpha, n)
    leaving = chance.beta(model.a, model.b, n)
    repeats, last, spend = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        now = chance.exponential(1 / rate[i])
        while now < age[i]:
            repeats[i], last[i] = repeats[i] + 1, now
            if chance.random() < leaving[i]:
                break
            now += chance.exponential(1 / rate[i])
        if repeats[i]:
            nu = chance.gamma(model.q, 1 / model.gamma)
            spend[i] = chance.gamma(model.p * repeats[i], 1 / (nu * repeats[i]))
    return Recurrence(np.arange(n), repeats, last, age, spend)


def test_V7_too_few_who_came_back_are_refused() -> None:
    with pytest.raises(LogError, match="there are 0"):
        fit(recurrence(NO_SNAPSHOT, START, 2), CONFIG)


def cdnow(path: Path, until: int) -> tuple[Recurrence, NDArray[np.int64]]:
    """What was seen up to a day, and each customer's days with a purchase in the 39 weeks after."""
    rows = [line.split() for line in path.read_text().splitlines()]
    read = [
        (int(row[0]), date.fromisoformat(row[-3]).toordinal(), float(row[-1]))
        for row in rows
        if row and row[0].isdigit()
    ]
    read.sort()
    owners, days = (np.array([row[i] for row in read]) for i in (0, 1))
    money = np.array([row[2] for row in read])
    seen = days <= until
    found = recurrence_of(owners[seen], days[seen], money[seen], until)
    after = (days > until) & (days <= until + 39 * 7)
    visits = np.unique(np.column_stack([owners[after], days[after]]), axis=0)
    return found, np.array([(visits[:, 0] == who).sum() for who in found.customers.tolist()])


@pytest.mark.real_data
def test_V7_cdnow_gives_the_published_estimates(real_data: Path) -> None:
    data, bought = cdnow(real_data / "cdnow" / "CDNOW_sample.txt", CALIBRATED)
    found = fit(data, CONFIG)
    assert len(data.customers) == 2_357
    assert found.r == pytest.approx(0.243, abs=0.001)
    assert found.alpha == pytest.approx(4.414, abs=0.01)
    assert found.a == pytest.approx(0.793, abs=0.005)
    assert found.b == pytest.approx(2.426, abs=0.02)
    assert found.log_likelihood == pytest.approx(-9_582.4, abs=0.1)
    assert found.p == pytest.approx(6.25, abs=0.05)
    assert found.q == pytest.approx(3.74, abs=0.02)
    assert found.gamma == pytest.approx(15.44, abs=0.1)
    expected = expected_purchases(found, data, 39)
    assert np.corrcoef(expected, bought)[0, 1] == pytest.approx(0.626, abs=0.002)  # the paper's
    assert expected.sum() == pytest.approx(bought.sum(), rel=0.15)  # too few, as in the paper


@pytest.mark.real_data
@pytest.mark.slow
def test_V7_all_of_cdnow_is_fitted(real_data: Path) -> None:
    data, _ = cdnow(real_data / "cdnow" / "CDNOW_master.txt", CALIBRATED)
    found = fit(data, CONFIG)
    assert len(data.customers) == 23_570
    assert found.r == pytest.approx(0.25, abs=0.05)
