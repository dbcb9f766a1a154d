import numpy as np
import pytest
from scipy import stats

from training.significance import bootstrap, compare


def rng() -> np.random.Generator:
    return np.random.default_rng(8)


def test_the_interval_is_near_that_of_theory() -> None:
    values = rng().normal(3, 2, 400)
    interval = bootstrap(values, rng())
    half = 1.96 * values.std() / 20
    assert interval.mean == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.03)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.03)


def test_no_customers_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no customers"):
        bootstrap(np.empty(0), rng())


def test_the_paired_test_agrees_with_scipys() -> None:
    base = rng().normal(0, 1, 60)
    better = base + rng().normal(0.12, 0.5, 60)
    ours = compare(better, base, rng(), resamples=20_000)
    theirs = stats.permutation_test(
        (better, base),
        lambda a, b, axis: (a - b).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=3,
    )
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=0.01)
    assert ours.difference.mean == pytest.approx((better - base).mean())


def test_pairing_finds_what_is_small_but_steady() -> None:
    base = rng().normal(0, 10, 200)
    assert compare(base + 0.1, base, rng()).p_value < 0.01
    assert compare(base + 0.1, base, rng()).difference.low > 0


def test_no_difference_is_no_evidence() -> None:
    same = rng().normal(0, 1, 50)
    assert compare(same, same, rng()).p_value == 1


def test_other_customers_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="paired"):
        compare(np.zeros(3), np.zeros(4), rng())


def test_the_same_chance_gives_the_same_answer() -> None:
    values = rng().normal(0, 1, 50)
    assert bootstrap(values, rng()) == bootstrap(values, rng())
