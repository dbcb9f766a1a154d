"""No group of fewer than k people is told of, in any table."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import silent
from training.report.facts import Facts
from training.report.groups import hide_small, in_order, shares
from training.report.report import make
from training.report.sales import by
from training.report.speech import Speech
from training.report.trade import BOUGHT, PERIOD_MS, last

PEOPLE = ("customers", "before", "near", "baskets")


def beside_nobodys(facts: Facts) -> Facts:
    """Two customers alone bought at the market and from Iceland, beside 60 orders of nobody."""
    bought = facts.trade.filter(BOUGHT & last(PERIOD_MS, facts.now).holds)
    two = bought["customer_id"].drop_nulls().unique(maintain_order=True)[:2]
    theirs = bought.filter(pl.col("customer_id").is_in(two.implode()))
    nobodys = bought.head(60).with_columns(
        pl.lit(None, pl.String).alias("customer_id"),
        pl.format("till-{}", pl.int_range(pl.len())).alias("order"),
    )
    few = pl.concat([theirs, nobodys]).with_columns(
        pl.lit("market").cast(facts.trade.schema["channel"]).alias("channel"),
        pl.lit("Iceland").alias("country"),
    )
    return replace(facts, trade=pl.concat([facts.trade, few]))


@pytest.mark.parametrize("k", [5, 40])
def test_no_table_tells_of_fewer_than_k(
    k: int, facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    few_there = beside_nobodys(replace(facts, k=k))
    report = make(few_there, speeches["en"], silent)
    for group, name in (("channel", "market"), ("country", "Iceland")):
        assert name in by(replace(few_there, k=2), group)[group], "the world has such a row"
    for chapter in report.chapters:
        for section in chapter.sections:
            for name in set(PEOPLE) & set(section.table.columns):
                few = section.table.filter(pl.col(name) > 0, pl.col(name) < k)
                assert not few.height, (section.name, name)
            for name in {"customers", "before", "baskets"} & set(section.table.columns):
                unknown = ["lost"] if name == "before" else []  # the log is no year old
                without = section.table.filter(pl.col(name).is_null())
                assert without.to_series(0).to_list() == unknown, f"{section.name}: {name}"
            for name in {"channel", "country"} & set(section.table.columns):
                assert not {"market", "Iceland"} & set(section.table[name]), section.name


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.integers(0, 20), min_size=1), st.integers(1, 10))
def test_what_is_left_is_large_enough_or_nobody(counts: list[int], k: int) -> None:
    table = pl.DataFrame({"customers": counts})
    kept = hide_small(table, k)["customers"].to_list()
    assert kept == [count for count in counts if count == 0 or count >= k]


def test_groups_come_in_the_order_of_their_names() -> None:
    table = pl.DataFrame({"stage": ["lost", "new"], "customers": [1, 2]})
    ordered = in_order(table, "stage", ["new", "loyal", "lost"])
    assert ordered.rows() == [("new", 2), ("loyal", 0), ("lost", 1)]


def test_shares_of_nothing_are_unknown() -> None:
    empty = shares(pl.DataFrame({"a": [0, 0]}), share="a")
    assert empty["share"].to_list() == [None, None]
    full = shares(pl.DataFrame({"a": [1, 3]}), share="a")
    assert full["share"].to_list() == [0.25, 0.75]
