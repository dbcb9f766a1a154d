"""When a ranker is learned, and when it is left alone.

A year of a shop where everybody comes every two weeks or so and buys what they bought last time:
how often something was bought says little of what is bought next. In the other shop everybody
buys by lot.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from engine.bundle_files import read_bundle
from engine.forest import NO_FORESTS
from engine.slots import Slots, check_slots
from tests.conftest import CONFIG, Trained, silent
from tests.training.loyal import Line, by_lot, loyal, visits
from training.assemble import Source
from training.config import TrainConfig
from training.log import LogHeader, conform
from training.models.als import AlsConfig
from training.publish import current
from training.ranker import as_said, learn_rankers, learned_in
from training.ranker_config import Learn, RankerConfig
from training.train import read_settings

Frame = Callable[[Sequence[Line]], pl.LazyFrame]
SETTINGS = read_settings(CONFIG)
SLOT = {
    "title": {"en": "x", "zh": "x"},
    "sources": {"again": 1, "popular": 1},
    "ranker": "my",
    "repeat": "always",
}
TRAIN = TrainConfig(
    als=AlsConfig(factors=8, iterations=2),
    ranker=RankerConfig(learn=Learn.WHEN_IT_HELPS, fewest_customers=100, fewest_in_leaf=50, k=3),
)


def slots(**more: object) -> Slots:
    return check_slots({"my": {**SLOT, **more}}, "slots.toml", SETTINGS.shop)


def source(frame: Frame, lines: Sequence[Line], *, timeless: bool = False) -> Source:
    header = LogHeader("GBP", 2, timeless=timeless)
    return Source(conform(frame(lines).collect()).lazy(), header, None)


@pytest.fixture
def loyal_shop(frame: Frame) -> Source:
    return source(frame, visits(loyal))


def test_a_ranker_that_helps_is_switched_on_with_its_figures(loyal_shop: Source) -> None:
    steps: list[str] = []
    learned = learn_rankers(loyal_shop, SETTINGS.shop, slots(), TRAIN, steps.append)
    told = learned.told["my"]
    assert told["on"] is True
    assert told["difference"][0] > 0
    assert told["ndcg_with"] > told["ndcg_without"] + 0.02
    assert told["customers"] > 100
    assert "behind_days" in learned.forests.by_name()["my"].features
    assert as_said(learned.told).startswith("my: learned ranker on, NDCG +0.")
    assert steps == ["ranker: teach", "ranker: teach", "ranker: judge", "ranker: my"]


def test_a_ranker_that_proves_nothing_is_left_out(frame: Frame) -> None:
    learned = learn_rankers(source(frame, visits(by_lot)), SETTINGS.shop, slots(), TRAIN, silent)
    assert learned.told["my"]["on"] is False
    assert learned.told["my"]["difference"][0] <= 0
    assert learned.forests is NO_FORESTS
    assert as_said(learned.told).startswith("my: learned ranker off, NDCG ")


def test_where_few_buy_what_the_slot_is_for_nothing_is_learned(loyal_shop: Source) -> None:
    strict = TRAIN.model_copy(
        update={"ranker": TRAIN.ranker.model_copy(update={"fewest_customers": 140})}
    )
    only_new = slots(repeat="never")
    told = learn_rankers(loyal_shop, SETTINGS.shop, only_new, strict, silent).told
    assert told["my"]["on"] is False
    assert told["my"]["why"].endswith("customers bought what the slot is for; 140 needed")
    assert as_said(told) == f"my: no learned ranker: {told['my']['why']}"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"learn": Learn.NEVER}, "as configured"),
        ({"fewest_customers": 1000}, "150 customers bought in the part that is to teach; 1000 "),
    ],
)
def test_it_is_said_why_there_is_none(
    loyal_shop: Source, change: dict[str, object], why: str
) -> None:
    train = TRAIN.model_copy(update={"ranker": TRAIN.ranker.model_copy(update=change)})
    learned = learn_rankers(loyal_shop, SETTINGS.shop, slots(), train, silent)
    assert learned.forests is NO_FORESTS
    assert learned.told["off"].startswith(why)
    assert as_said(learned.told) == f"no learned ranker: {learned.told['off']}"


def test_a_log_without_times_or_with_one_visit_proves_nothing(frame: Frame) -> None:
    lines = visits(loyal)
    for log, why in (
        (source(frame, lines, timeless=True), "the log has no times"),
        (source(frame, lines[:1]), "the log is too short to be split"),
    ):
        assert learn_rankers(log, SETTINGS.shop, slots(), TRAIN, silent).told == {"off": why}


def test_where_no_slot_names_one_nothing_is_done(loyal_shop: Source) -> None:
    steps: list[str] = []
    plain = slots(ranker=None)
    learned = learn_rankers(loyal_shop, SETTINGS.shop, plain, TRAIN, steps.append)
    assert (learned.told, steps, as_said(learned.told)) == ({}, [], "")


def test_the_same_past_and_seed_give_the_same_ranker(loyal_shop: Source) -> None:
    one, two = (learn_rankers(loyal_shop, SETTINGS.shop, slots(), TRAIN, silent) for _ in range(2))
    assert one.told == two.told
    assert np.array_equal(one.forests.edges, two.forests.edges)
    assert np.array_equal(one.forests.values, two.forests.values)


def test_a_published_bundle_says_what_was_decided(trained: Trained) -> None:
    bundle = read_bundle(trained.bundles / str(current(trained.bundles)))
    assert bundle.manifest.ranker
    decided = learned_in(bundle)
    assert decided.told == dict(bundle.manifest.ranker)
    assert set(bundle.rankers) == {
        name for name, told in decided.told.items() if isinstance(told, dict) and told["on"]
    }
    assert (
        decided.put_in(replace(bundle, forests=NO_FORESTS)).rankers.keys() == bundle.rankers.keys()
    )
