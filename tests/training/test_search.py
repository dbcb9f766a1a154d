from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from engine.interactions import InteractionConfig
from engine.types import Candidates
from training.interactions import read_interactions
from training.models.als import AlsConfig
from training.models.blend import BlendConfig
from training.search import (
    Choice,
    Exam,
    SearchConfig,
    best_of,
    hold_out,
    mixed,
    sampled,
    search,
)
from training.split import Truth, truth_of

Frame = Callable[[Sequence[dict[str, object]]], pl.LazyFrame]
SMALL = SearchConfig(customers=60, depth=20, k=5)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def candidates(*rows: int) -> Candidates:
    scores = np.arange(len(rows), 0, -1).astype(np.float32)
    return Candidates(np.array(rows, np.int32), scores)


def tastes(frame: Frame) -> pl.LazyFrame:
    """Two tastes of ten items each; everybody likes six of one."""
    return frame(
        [
            {"day": 0, "customer": f"c{c:03}", "item": f"i{10 * (c % 2) + k:02}"}
            for c, draw in enumerate(rng().permuted(np.tile(np.arange(10), (80, 1)), axis=1))
            for k in draw[:6]
        ]
    )


def exam_of(log: pl.LazyFrame) -> Exam:
    split = hold_out(log, SMALL, timeless=True, rng=rng())
    data = read_interactions(split.train, InteractionConfig())
    return Exam(data, sampled(truth_of(split.test, data), SMALL.customers, rng()), SMALL)


def choose(exam: Exam) -> Choice:
    return search(exam, BlendConfig(), AlsConfig(factors=4, iterations=3), seed=1, threads=1)


def test_the_choice_is_the_last_that_was_taken_at_each_step(frame: Frame) -> None:
    choice = choose(exam_of(tastes(frame)))
    taken = [trial.name for trial in choice.trials if trial.taken]
    ridge = [name for name in taken if name.startswith("ridge")][-1]
    assert ridge == f"ridge {choice.blend.ridge_weight}"
    assert taken[0].startswith("exponents")
    assert choice.trials[-1].name.startswith("als")
    assert max(trial.ndcg for trial in choice.trials) > 0.3


def test_the_same_log_gives_the_same_choice(frame: Frame) -> None:
    assert choose(exam_of(tastes(frame))) == choose(exam_of(tastes(frame)))


def test_what_is_known_is_not_proposed(frame: Frame) -> None:
    exam = exam_of(tastes(frame))
    from training.models import als, cooccurrence

    model = als.fit(exam.data, AlsConfig(factors=4), seed=1, threads=1)
    lists = cooccurrence.fit(exam.data, BlendConfig().cooccurrence[0])
    for found in (exam.linear(lists), exam.factors(model, seed=1)):
        for row, one in zip(exam.truth.customers, found, strict=True):
            seen = exam.data.items[exam.data.offsets[row] : exam.data.offsets[row + 1]]
            assert not np.isin(one.rows, seen).any()
            assert (one.scores > 0).all()


def world_of_one() -> Exam:
    truth = Truth(np.arange(4, dtype=np.int32), np.arange(5), np.zeros(4, np.int32), 3)
    return Exam(None, truth, SMALL)  # type: ignore[arg-type]  # only the truth is asked


def test_a_setting_is_kept_unless_another_is_clearly_better() -> None:
    right, wrong = candidates(0, 1), candidates(1, 2)
    exam = world_of_one()
    entries = [
        ("start", 0, [right, wrong, wrong, wrong]),
        ("better for one, worse for another", 1, [wrong, right, wrong, wrong]),
        ("better for all", 2, [right] * 4),
        ("the same", 3, [right] * 4),
    ]
    setting, found, trials = best_of(exam, entries)
    assert setting == 2
    assert found == [right] * 4
    assert [trial.taken for trial in trials] == [True, False, True, False]


def test_sources_are_mixed_in_units_of_their_best() -> None:
    small, large = candidates(0, 1), candidates(2, 1)
    large = Candidates(large.rows, large.scores * 1000)
    both = mixed([small], [large], 0.5)[0]
    assert both.rows.tolist() == [0, 1, 2]
    np.testing.assert_allclose(both.scores, 2 / 3)


@pytest.mark.parametrize(("share", "rows"), [(0.0, [0, 1]), (1.0, [2, 1])])
def test_a_share_of_all_or_nothing_is_one_source(share: float, rows: list[int]) -> None:
    both = mixed([candidates(0, 1)], [candidates(2, 1)], share)
    assert both[0].rows.tolist() == rows


def test_nothing_mixed_with_nothing_is_nothing() -> None:
    assert len(mixed([candidates()], [candidates()], 0.5)[0]) == 0


def test_a_log_with_times_is_held_out_by_time(frame: Frame) -> None:
    log = frame([{"day": day, "item": f"i{day}"} for day in range(11)])
    split = hold_out(log, SMALL, timeless=False, rng=rng())
    assert split.test.collect()["item_id"].to_list() == ["i8", "i9", "i10"]


def test_a_sample_keeps_what_each_customer_wants() -> None:
    offsets = np.array([0, 1, 3, 6, 7])
    truth = Truth(np.array([2, 5, 6, 9], np.int32), offsets, np.arange(7, dtype=np.int32), 9)
    part = sampled(truth, 2, rng())
    assert len(part) == 2
    for place, customer in enumerate(part.customers):
        whole = truth.customers.tolist().index(int(customer))
        ours = part.items[part.offsets[place] : part.offsets[place + 1]]
        assert ours.tolist() == list(range(offsets[whole], offsets[whole + 1]))
    assert sampled(truth, 4, rng()) is truth
