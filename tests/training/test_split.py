import numpy as np
import polars as pl
import pytest

from engine.errors import LogError
from engine.events import EventType
from engine.interactions import InteractionConfig
from engine.types import DAY_MS
from tests.training.conftest import Frame, Lines
from training.interactions import Interactions, read_interactions
from training.split import (
    Split,
    Truth,
    at_random,
    at_random_or_at_the_end,
    by_time,
    cut_off,
    last_out,
    new_only,
    truth_of,
)

RNG = np.random.default_rng(11)


def ids(part: pl.LazyFrame) -> list[str]:
    return part.collect()["item_id"].to_list()


def days(count: int) -> list[dict[str, object]]:
    return [{"day": day, "item": f"i{day}"} for day in range(count)]


def wanted(truth: Truth, data: Interactions) -> dict[str, list[str]]:
    return {
        data.customer_ids[customer]: [
            data.item_ids[row] if row >= 0 else "?"
            for row in truth.items[truth.offsets[place] : truth.offsets[place + 1]]
        ]
        for place, customer in enumerate(truth.customers)
    }


def test_the_past_trains_and_the_rest_judges(frame: Frame) -> None:
    log = frame(days(10))
    split = by_time(log, cut_off(log, days=3, largest_share=0.5))
    assert ids(split.train) == [f"i{day}" for day in range(6)]
    assert ids(split.test) == [f"i{day}" for day in range(6, 10)]


def test_a_short_log_gives_at_most_a_share_of_its_time(frame: Frame) -> None:
    log = frame(days(11))
    instant = cut_off(log, days=28, largest_share=0.2)
    last = log.select(pl.col("at").dt.epoch("ms").max()).collect().item()
    assert last - instant == 2 * DAY_MS


def test_a_log_of_one_instant_cannot_be_split_by_time(frame: Frame) -> None:
    with pytest.raises(LogError, match="single instant"):
        cut_off(frame(days(1)), 28, 0.2)


def test_an_empty_log_cannot_be_split(frame: Frame) -> None:
    with pytest.raises(LogError, match="no events"):
        cut_off(frame(days(1)).filter(pl.col("item_id") == "none"), 28, 0.2)


def test_the_last_visit_of_those_who_returned_judges(frame: Frame) -> None:
    log = frame(
        [
            {"day": 0, "item": "a1", "customer": "a"},
            {"day": 5, "item": "a2", "customer": "a"},
            {"day": 5, "item": "a3", "customer": "a"},
            {"day": 9, "item": "b1", "customer": "b"},
            {"day": 9, "item": "anonymous", "customer": None, "visitor": "v"},
        ]
    )
    split = last_out(log)
    assert ids(split.test) == ["a2", "a3"]
    assert ids(split.train) == ["a1", "b1", "anonymous"]


def test_a_random_split_takes_a_share_of_pairs_whole_and_leaves_everyone_one(frame: Frame) -> None:
    lines = [
        {"day": 0, "item": f"i{k}", "customer": f"c{c}"} for c in range(40) for k in range(10)
    ] * 2
    lines += [{"day": 0, "item": "only", "customer": f"single{c}"} for c in range(50)]
    split = at_random(frame(lines), 0.2, RNG)
    train, test = (
        part.select("customer_id", "item_id").unique().collect()
        for part in (split.train, split.test)
    )
    assert 0.1 < len(test) / 400 < 0.3
    assert len(train) + len(test) == 450
    assert train["customer_id"].n_unique() == 90


def test_half_of_the_customers_lose_the_end_of_their_line_the_others_pairs_at_random(
    frame: Frame,
) -> None:
    lines = [
        {"day": 0, "item": f"i{k}", "customer": f"c{c:02}"} for c in range(60) for k in range(10)
    ]
    lines += [{"day": 0, "item": "only", "customer": f"single{c}"} for c in range(20)]
    test = at_random_or_at_the_end(frame(lines), 0.2, RNG).test
    lost = test.group_by("customer_id").agg(pl.col("item_id").sort()).collect()
    ends = lost.filter(pl.col("item_id").list.join(" ") == "i8 i9")
    assert 20 < len(ends) < 45
    others = lost.join(ends, on="customer_id", how="anti")["item_id"].explode()
    assert others.n_unique() == 10
    assert not lost["customer_id"].str.starts_with("single").any()


def test_the_same_chance_gives_the_same_split(frame: Frame) -> None:
    log = frame([{"day": 0, "item": f"i{k}"} for k in range(50)])
    first, again = (at_random(log, 0.3, np.random.default_rng(4)) for _ in range(2))
    assert ids(first.test) == ids(again.test)


WORLD: Lines = [
    {"day": 0, "item": "x", "customer": "a"},
    {"day": 0, "item": "y", "customer": "b"},
    {"day": 1, "item": "z", "customer": "b", "type": "view"},
    {"day": 9, "item": "x", "customer": "a"},
    {"day": 9, "item": "y", "customer": "a"},
    {"day": 9, "item": "y", "customer": "a"},
    {"day": 9, "item": "unheard of", "customer": "a"},
    {"day": 9, "item": "z", "customer": "b", "type": "view"},
    {"day": 9, "item": "x", "customer": "stranger"},
]


def world(frame: Frame) -> tuple[Split, Interactions]:
    log = frame(WORLD)
    split = by_time(log, cut_off(log, 4, 0.5))
    return split, read_interactions(split.train, InteractionConfig())


def test_the_truth_is_what_known_customers_bought(frame: Frame) -> None:
    split, data = world(frame)
    assert wanted(truth_of(split.test, data), data) == {"a": ["?", "x", "y"]}


def test_the_truth_may_be_of_other_events(frame: Frame) -> None:
    split, data = world(frame)
    assert wanted(truth_of(split.test, data, [EventType.VIEW]), data) == {"b": ["z"]}


def test_discoveries_are_judged_apart(frame: Frame) -> None:
    split, data = world(frame)
    truth = truth_of(split.test, data)
    assert wanted(new_only(truth, data), data) == {"a": ["?", "y"]}
