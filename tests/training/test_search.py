"""The rule by which a setting replaces another, and the choice it comes to on small worlds."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from engine.interactions import InteractionConfig
from training.bank import Bank
from training.interactions import read_interactions
from training.models.als import AlsConfig, rarity
from training.models.daily import daily
from training.search import ALS_SHARES, STEPS, Choice, best_of, hold_out, search
from training.search_config import SearchConfig
from training.setting import Setting
from training.split import Truth, new_only, truth_of

Frame = Callable[[Sequence[dict[str, object]]], pl.LazyFrame]
SMALL = SearchConfig(customers=60, k=5)
START = Setting(als=AlsConfig(factors=4, iterations=3))
ENOUGH = 60.0


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def tastes(frame: Frame) -> pl.LazyFrame:
    """Two tastes of ten items each; everybody likes six of one."""
    return frame(
        [
            {"day": 0, "customer": f"c{c:03}", "item": f"i{10 * (c % 2) + k:02}"}
            for c, draw in enumerate(rng().permuted(np.tile(np.arange(10), (80, 1)), axis=1))
            for k in draw[:6]
        ]
    )


def walks(frame: Frame, *, in_order: bool) -> pl.LazyFrame:
    """Everybody likes eight runs of five items that follow each other, in any order of the runs."""
    draw = rng()

    def line() -> list[int]:
        starts = draw.choice(24, 8, replace=False) * 5
        items = [int(start) + step for start in starts for step in range(5)]
        return items if in_order else [int(item) for item in draw.permutation(items)]

    return frame(
        [
            {"day": 0, "customer": f"c{c:03}", "item": f"i{item:03}"}
            for c in range(60)
            for item in line()
        ]
    )


def season(frame: Frame) -> pl.LazyFrame:
    """Every ten days another dozen of thirty items is bought by all, at random within it."""
    draw = rng()
    return frame(
        [
            {
                "day": day,
                "customer": f"c{draw.integers(60):02}",
                "item": f"i{(int(day) // 10 * 3 + int(draw.integers(12))) % 30:02}",
            }
            for day in np.linspace(0, 100, 1500)
        ]
    )


def bank_of(log: pl.LazyFrame, *, timeless: bool, budget: float = ENOUGH) -> Bank:
    split = hold_out(log, SMALL, timeless=timeless, rng=rng())
    data = read_interactions(split.train, InteractionConfig())
    truth = new_only(truth_of(split.test, data), data).sampled(SMALL.customers, rng())
    bank = Bank(data, daily(data), truth, budget, seed=1)
    bank.open(START, k=SMALL.k, threads=1)
    return bank


def choose(log: pl.LazyFrame, *, timeless: bool, budget: float = ENOUGH) -> Choice:
    return search(bank_of(log, timeless=timeless, budget=budget), START)


def test_what_changes_with_the_season_is_foretold_by_the_trend(frame: Frame) -> None:
    choice = choose(season(frame), timeless=False)
    marks = {trial.name: trial.ndcg for trial in choice.trials}
    assert choice.setting.trend.exponent > START.trend.exponent
    assert max(marks.values()) > marks["trend 0 of 7 days"] + 0.1


def test_without_times_no_trend_is_tried(frame: Frame) -> None:
    choice = choose(tastes(frame), timeless=True)
    tried = {trial.name.split()[0] for trial in choice.trials}
    assert tried <= {"start", "exponents", "pairs", "ridge", "als"}
    assert choice.setting.trend == START.trend
    assert choice.setting.similar.cooccurrence == START.similar.cooccurrence


@pytest.mark.parametrize(("in_order", "places"), [(True, 5.0), (False, None)])
def test_the_order_of_a_line_counts_only_where_it_says_something(
    frame: Frame, *, in_order: bool, places: float | None
) -> None:
    choice = choose(walks(frame, in_order=in_order), timeless=True)
    ways = choice.setting.similar.cooccurrence
    assert {way.pair_half_life_places for way in ways} == {places}


def test_the_same_log_gives_the_same_choice(frame: Frame) -> None:
    assert choose(season(frame), timeless=False) == choose(season(frame), timeless=False)


def test_what_the_budget_does_not_pay_for_is_left_out_and_told(frame: Frame) -> None:
    rich, poor = (choose(season(frame), timeless=False, budget=b) for b in (ENOUGH, 1e-4))
    assert rich.left_out == ()
    assert any(name.startswith("als") for name in poor.left_out)
    assert len(poor.trials) < len(rich.trials)
    assert 1 <= poor.customers < rich.customers
    assert poor.setting.with_rarity(0).als == START.als, "no other fit was paid for"


def test_where_factors_are_too_dear_the_lists_are_chosen_by_themselves(
    frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.bank.ALS_LINE_S", ENOUGH)
    choice = choose(season(frame), timeless=False)
    assert choice.setting.trend.exponent > START.trend.exponent, "as where they are paid for"
    assert (choice.setting.als, choice.setting.als_share) == (START.als, START.als_share)
    assert {name.split()[0] for name in choice.left_out} == {"als"}
    assert not [trial for trial in choice.trials if trial.name.startswith("als")]


def test_more_factors_cost_more_of_the_budget(frame: Frame) -> None:
    bank = bank_of(tastes(frame), timeless=True)
    begun = bank.left_s
    assert bank.factors(AlsConfig(factors=8)) is not None
    cost = begun - bank.left_s
    assert cost > 0
    bank.left_s = 1.9 * cost
    assert bank.factors(AlsConfig(factors=16)) is None
    assert bank.left_s == 1.9 * cost, "what is left out costs nothing"
    bank.left_s = 2.1 * cost
    assert bank.factors(AlsConfig(factors=16, iterations=9)) is None
    assert bank.factors(AlsConfig(factors=16, regularization=5)) is not None
    assert 0 <= bank.left_s < 0.11 * cost


def test_one_fit_of_factors_serves_every_exponent_of_rarity(frame: Frame) -> None:
    bank = bank_of(tastes(frame), timeless=True)
    plain, left = bank.factors(START.als), bank.left_s
    rarer = bank.factors(START.with_rarity(0.5).als)
    assert plain is not None
    assert bank.left_s == left
    scale = rarity(bank.totals, 0.5)
    assert scale.std() > 0
    np.testing.assert_allclose(rarer, plain * bank.exam.of_items(scale), rtol=1e-6)


@pytest.mark.parametrize(("gain", "factors"), [(0.01, 128), (0.5, 256)])
def test_more_factors_are_taken_only_where_they_pay(gain: float, factors: int) -> None:
    """Some customers gain and some lose by them; a share of their own is tried for each."""
    noise = np.tile([-0.4, 0.4], 200)
    entries = STEPS[-1](Setting())
    assert {one.als_share for _, one in entries if one.als.factors == 256} == set(ALS_SHARES)

    def judged(one: Setting) -> np.ndarray:
        return 1 - abs(one.als_share - 0.6) + (gain + noise) * (one.als.factors == 256)

    setting, _, _ = best_of(entries, judged, 2.0)
    assert (setting.als.factors, setting.als_share) == (factors, 0.6)


def marks_of(*values: float) -> np.ndarray:
    return np.array(values)


MARKS = {
    1: marks_of(1.0, 0.0, 0.0, 0.0),
    2: marks_of(0.0, 1.0, 0.0, 0.1),
    3: marks_of(1.0, 0.9, 1.0, 0.8),
    4: marks_of(1.0, 0.9, 1.0, 0.8),
}


def numbered(number: int) -> Setting:
    return Setting(als=AlsConfig(factors=number))


def judge(setting: Setting) -> np.ndarray | None:
    return MARKS.get(setting.als.factors)


def test_a_setting_is_kept_unless_another_is_clearly_better() -> None:
    entries = [(str(n), numbered(n)) for n in (1, 2, 3, 4)]
    setting, trials, _ = best_of(entries, judge, 1.0)
    assert setting == numbered(3)
    assert [trial.taken for trial in trials] == [False, False, True, False]
    assert best_of(entries, judge, 100.0)[0] == numbered(1)


def test_of_those_that_are_about_as_good_as_the_best_the_first_is_taken() -> None:
    near = {5: marks_of(1.0, 0.9, 1.0, 0.7), 6: marks_of(1.0, 0.9, 0.9, 0.9)}
    entries = [(str(n), numbered(n)) for n in (1, 5, 6)]
    setting, trials, _ = best_of(entries, lambda one: (MARKS | near)[one.als.factors], 1.0)
    assert max(trials, key=lambda trial: trial.ndcg).name == "6"
    assert setting == numbered(5)


def test_a_setting_is_judged_once_and_one_without_marks_is_left_out() -> None:
    entries = [("a", numbered(1)), ("a again", numbered(1)), ("dear", numbered(9))]
    setting, trials, left_out = best_of(entries, judge, 1.0)
    assert setting == numbered(1)
    assert [trial.name for trial in trials] == ["a"]
    assert left_out == ["dear"]


def test_if_nothing_can_be_judged_the_start_stays() -> None:
    setting, trials, left_out = best_of([("dear", numbered(9))], judge, 1.0)
    assert (setting, trials, left_out) == (numbered(9), [], ["dear"])


@pytest.mark.parametrize(("days", "first"), [(28.0, "i80"), (5.0, "i95")])
def test_a_log_with_times_is_held_out_by_time(frame: Frame, days: float, first: str) -> None:
    log = frame([{"day": day, "item": f"i{day}"} for day in range(101)])
    config = SMALL.model_copy(update={"days": days})
    split = hold_out(log, config, timeless=False, rng=rng())
    assert split.test.collect()["item_id"][0] == first


def test_a_sample_keeps_what_each_customer_wants() -> None:
    offsets = np.array([0, 1, 3, 6, 7])
    truth = Truth(np.array([2, 5, 6, 9], np.int32), offsets, np.arange(7, dtype=np.int32), 9)
    part = truth.sampled(2, rng())
    assert len(part) == 2
    for place, customer in enumerate(part.customers):
        whole = truth.customers.tolist().index(int(customer))
        ours = part.items[part.offsets[place] : part.offsets[place + 1]]
        assert ours.tolist() == list(range(offsets[whole], offsets[whole + 1]))
    assert truth.sampled(4, rng()) is truth
