"""What slates of the tea shop are like, and what they bring."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from engine.types import Rows
from tests import worlds
from tests.worlds import BLACK, CUP, GREEN, MILK, POT
from training.assemble import Source
from training.log import LogHeader
from training.shown import brings, shape, worth_of
from training.split import Truth

TEA = worlds.bundle()


def bought(item: int, cost: object, kind: str = "purchase") -> dict[str, object]:
    said = None if cost is None else f'{{"unit_cost_minor": {cost}}}'
    return {"type": kind, "item_id": TEA.items.id(item), "properties": said}


def log(*lines: dict[str, object]) -> Source:
    schema = {"type": str, "item_id": str, "properties": str}
    return Source(pl.LazyFrame(list(lines), schema=schema), LogHeader(minor_units=2), None)


def slates(*lines: list[int]) -> Rows:
    return np.array(lines, np.int32)


def test_a_margin_is_the_price_less_the_last_cost_that_was_told() -> None:
    prices = TEA.catalogue.price_minor
    told = log(
        bought(GREEN, 100), bought(GREEN, 300), bought(GREEN, None), bought(POT, 5, "view"),
        bought(CUP, '"dear"'),
    )  # fmt: skip
    worth = worth_of(TEA, told)
    assert 100 * worth.prices[GREEN] == prices[GREEN] > 0
    assert 100 * worth.margins[GREEN] == pytest.approx(prices[GREEN] - 300)
    assert worth.margins[[POT, CUP]].tolist() == [0, 0]


def test_what_has_no_price_brings_nothing_known() -> None:
    unpriced = TEA.catalogue.price_minor.copy()
    unpriced[GREEN] = -1
    tea = replace(TEA, catalogue=replace(TEA.catalogue, price_minor=unpriced))
    worth = worth_of(tea, log(bought(GREEN, 100)))
    assert (worth.prices[GREEN], worth.margins[GREEN]) == (0, 0)


def test_only_hits_bring_something() -> None:
    truth = Truth(
        np.array([0, 1], np.int32), np.array([0, 2, 3]), np.array([GREEN, MILK, POT], np.int32), 6
    )
    worth = worth_of(TEA, log(bought(GREEN, 100)))
    found = brings(slates([GREEN, CUP, CUP], [CUP, GREEN, -1]), truth, worth)
    assert found["price@3"] == pytest.approx(worth.prices[GREEN] / 2)
    assert found["margin@3"] == pytest.approx((worth.prices[GREEN] - 1) / 2)
    assert brings(slates([CUP], [CUP]), truth, worth)["price@1"] == 0


def test_the_same_for_all_is_seen_in_every_number() -> None:
    own = shape(slates([GREEN, CUP], [BLACK, POT], [MILK, CUP]), TEA)
    same = shape(slates([GREEN, GREEN + 1], [GREEN, GREEN + 1], [GREEN, GREEN + 1]), TEA)
    assert own["coverage"] > same["coverage"]
    assert own["gini"] < same["gini"]
    for found in (own, same):
        assert found["novelty_bits"] > 0
        assert 0 <= found["diversity"] <= 2


def test_where_nobody_owns_or_sees_anything_there_is_no_bias() -> None:
    assert shape(slates([-1, -1]), TEA)["popularity_lift"] == 0
    empty = replace(
        TEA, customer_items=TEA.customer_items.__class__(
            np.zeros(len(TEA.customers) + 1, np.int64),
            **{
                name: getattr(TEA.customer_items, name)[:0]
                for name in TEA.customer_items.__slots__
                if name != "offsets"
            },
        ),
    )  # fmt: skip
    assert shape(slates([GREEN, CUP]), empty)["popularity_lift"] == pytest.approx(0)
