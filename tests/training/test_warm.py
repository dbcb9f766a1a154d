"""Where the factors of a next bundle begin."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from engine.bundle import Bundle
from engine.bundle_files import read_manifest
from engine.ids import IdMap
from engine.types import DAY_MS
from tests import worlds
from tests.training.conftest import Histories
from tests.training.jobs import longer, ran
from training.job import Job
from training.log import read_log, write_log
from training.models import als
from training.models.als import AlsConfig
from training.publish import current
from training.warm import start_of

CONFIG = AlsConfig(factors=4, regularization=1, iterations=30, warm_iterations=1)
TASTES = ["abc", "abd", "acd", "bcd", "wxy", "wxz", "wyz", "xyz"]


def loss(model: als.AlsModel, liked: np.ndarray) -> float:
    """Of Hu, Koren and Volinsky, for a table of 0 and 1."""
    wrong = (liked - model.customer_factors @ model.item_factors.T) ** 2
    sizes = (model.customer_factors**2).sum() + (model.item_factors**2).sum()
    return float(((1 + CONFIG.alpha * liked) * wrong).sum() + CONFIG.regularization * sizes)


def test_from_the_last_factors_one_iteration_ends_where_many_do(histories: Histories) -> None:
    data = histories([*TASTES, "abcd"])
    liked = np.zeros((len(data.customer_ids), data.n_items))
    for row in range(data.n_rows):
        liked[row, data.items[data.offsets[row] : data.offsets[row + 1]]] = 1
    full = als.fit(data, CONFIG, seed=1)
    start = als.Start(full.item_factors, full.customer_factors)
    warm = als.fit(data, CONFIG, seed=1, start=start)
    cold = als.fit(data, CONFIG.model_copy(update={"iterations": 1}), seed=1)
    assert loss(warm, liked) <= loss(full, liked) * 1.001
    assert loss(warm, liked) < 0.9 * loss(cold, liked)
    assert start.items is full.item_factors, "the start is left as it was"
    np.testing.assert_array_equal(start.items, als.fit(data, CONFIG, seed=1).item_factors)


@pytest.fixture
def last() -> Callable[[Sequence[str]], Bundle]:
    """A bundle that knows customers c0000 and c0002 and these items, with telling factors."""

    tea = worlds.bundle()

    def build(items: Sequence[str]) -> Bundle:
        factors = replace(
            tea.factors,
            item=np.arange(len(items), dtype=np.float32)[:, np.newaxis] + np.ones(4, np.float32),
            customer=np.full((2, 4), 7, np.float32),
        )
        ids = IdMap.build(list(items)), IdMap.build(["c0000", "c0002"])
        return replace(tea, factors=factors, items=ids[0], customers=ids[1])

    return build


def test_everybody_and_everything_known_is_found_by_id(
    histories: Histories, last: Callable[[Sequence[str]], Bundle]
) -> None:
    data = histories(["ad", "bc", "ab"])
    start = start_of(last(["b", "c", "gone"]), data, CONFIG, seed=3)
    assert start is not None
    assert start.items[[1, 2], 0].tolist() == [1, 2]
    assert start.rows[[0, 2], 0].tolist() == [7, 7]
    for drawn in (start.items[[0, 3]], start.rows[1]):
        assert 0 < drawn.max() < 0.01
        assert len(np.unique(drawn)) == drawn.size


@pytest.mark.parametrize(("items", "factors"), [("a", 4), ("abcd", 8)])
def test_where_the_last_knows_too_little_it_begins_at_random(
    histories: Histories,
    last: Callable[[Sequence[str]], Bundle],
    items: str,
    factors: int,
) -> None:
    data, config = histories(["abcd"]), CONFIG.model_copy(update={"factors": factors})
    assert start_of(last(list(items)), data, config, seed=3) is None


def test_a_retraining_says_which_version_its_factors_began_with(live: Job) -> None:
    champion = str(current(live.bundles))
    assert read_manifest(live.bundles / champion).warm_from == ""
    longer(live)
    made = ran(live).version
    assert read_manifest(live.bundles / str(made)).warm_from == champion


def test_after_somebody_opted_out_nothing_of_the_last_factors_is_used(live: Job) -> None:
    longer(live, type="consent", properties='{"personal": false}')
    made = ran(live).version
    assert read_manifest(live.bundles / str(made)).warm_from == ""


def test_what_the_last_bundle_has_only_zeros_for_is_drawn_as_what_is_new(
    histories: Histories,
) -> None:
    """An item that waited in the catalogue, and a customer who only looked around till then."""
    data, tea = histories(["ab", "ab"]), worlds.bundle()
    factors = replace(
        tea.factors,
        item=np.array([[5, 5, 5, 5], [0, 0, 0, 0]], np.float32),
        customer=np.array([[0, 0, 0, 0], [7, 7, 7, 7]], np.float32),
    )
    ids = IdMap.build(["a", "b"]), IdMap.build(list(data.customer_ids))
    last = replace(tea, factors=factors, items=ids[0], customers=ids[1])
    start = start_of(last, data, CONFIG, seed=3)
    assert start is not None
    assert (start.items[0].tolist(), start.rows[1].tolist()) == ([5] * 4, [7] * 4)
    for drawn in (start.items[1], start.rows[0]):
        assert 0 < drawn.max() < 0.01


NO = {"type": "consent", "properties": '{"personal": false}', "item_id": None}
MET = {"type": "view", "item_id": "tea-001", "customer_id": None, "visitor_id": "v-new"}


def with_lines(job: Job, *lines: dict[str, object]) -> None:
    """The last view once more for each, `days` after the end, and changed in what is said."""
    log = read_log(job.log)
    end = log.frame["at"].dt.epoch("ms").max()
    frames, looks = [log.frame], log.frame.filter(pl.col("type") == "view")
    for place, line in enumerate(lines):
        said = {name: told for name, told in line.items() if name != "days"}
        days = float(str(line.get("days", 0.01)))
        frames.append(
            looks.tail(1).with_columns(
                at=pl.lit(end + round(days * DAY_MS)).cast(log.frame["at"].dtype),
                event_id=pl.lit(f"more{len(log)}-{place}"),
                **{name: pl.lit(told, log.frame[name].dtype) for name, told in said.items()},
            )
        )
    write_log(pl.concat(frames).sort("at", "event_id"), log.header, job.log)


def somebody(job: Job, place: int = 0) -> str:
    return str(read_log(job.log).frame["customer_id"].drop_nulls().unique().sort()[place])


def began_with(job: Job) -> str:
    version = ran(job).version
    return read_manifest(job.bundles / str(version)).warm_from


def test_a_no_that_comes_late_counts_as_one_that_is_new(live: Job) -> None:
    with_lines(live, {**NO, "customer_id": somebody(live), "days": -20}, {})
    assert began_with(live) == ""


def test_a_no_becomes_that_of_every_id_which_is_linked_later(live: Job) -> None:
    """Nobody was known as `quiet` when they said no; then they turn out to be a customer."""
    with_lines(live, {**NO, "customer_id": "quiet"})
    first = str(current(live.bundles))
    assert began_with(live) == first, "nothing was learned from them"
    second = str(current(live.bundles))
    whose = json.dumps({"kind": "pos_card", "alias": somebody(live)})
    link = {"type": "link", "customer_id": "quiet", "properties": whose, "item_id": None}
    with_lines(live, link)
    assert began_with(live) == ""
    with_lines(live, {})
    assert began_with(live) not in ("", first, second), "from then on it is known"


def test_a_stranger_who_turns_out_to_have_said_no_is_not_learned_from_again(live: Job) -> None:
    with_lines(live, MET)
    assert began_with(live) != ""
    here = {**MET, "type": "view", "customer_id": "quiet"}
    with_lines(live, {**NO, "customer_id": "quiet"}, here)
    assert began_with(live) == ""
    with_lines(live, {})
    assert began_with(live) != "", "from then on it is known"
