"""Sales by channel and country, counted again in SQL."""

import sqlite3
from dataclasses import replace

import polars as pl
import pytest

from tests.training.report.test_changes import MONEY, one
from training.report.facts import Facts
from training.report.sales import by
from training.report.trade import PERIOD_MS, YEAR_MS


def test_channels_add_up_to_what_the_log_says(facts: Facts, sql: sqlite3.Connection) -> None:
    table = by(facts, "channel")
    start = facts.now - PERIOD_MS
    inside = f"at > {start} and at <= {facts.now} and type in ('purchase', 'refund')"
    total = one(sql, f"select {MONEY} from log where {inside}")
    buyers = one(
        sql,
        f"select count(distinct customer_id) from log where {inside} and type = 'purchase'",
    )
    assert table.height > 1
    for row in table.iter_rows(named=True):
        mine = f"{inside} and channel is '{row['channel']}'"
        old = mine.replace(f"at > {start} and at <= {facts.now}", "at > ? and at <= ?")
        before = one(sql, f"select {MONEY} from log where {old}", start - PERIOD_MS, start)
        people = one(
            sql, f"select count(distinct customer_id) from log where {mine} and type = 'purchase'"
        )
        assert row["sales_minor"] == one(sql, f"select {MONEY} from log where {mine}")
        assert row["sales_share"] == pytest.approx(row["sales_minor"] / total)
        assert row["growth"] == pytest.approx(row["sales_minor"] / before - 1)
        assert row["year_growth"] is None  # the log holds no whole period of a year ago
        assert row["customers"] == people
        assert row["coverage"] == pytest.approx(people / buyers)


def test_countries_are_read_from_the_events(facts: Facts) -> None:
    """Half of all orders are said to be from Iceland; the others name no country."""
    odd = pl.col("order").hash(1) % 2 == 0
    told = facts.trade.with_columns(country=pl.when(odd).then(pl.lit("Iceland")))
    table = by(replace(facts, trade=told), "country")
    assert set(table["country"]) == {"Iceland", None}
    assert table["country"].to_list()[-1] is None or table["sales_minor"].is_sorted(descending=True)
    assert table["sales_share"].sum() == pytest.approx(1)


def test_a_year_ago_counts_where_the_log_holds_it(facts: Facts) -> None:
    recent = facts.trade.filter(pl.col("at") > facts.now - 2 * PERIOD_MS)
    both = pl.concat([recent, recent.with_columns(pl.col("at") - YEAR_MS)])
    begun = facts.bundle.manifest.model_copy(
        update={"first_event_at": facts.bundle.manifest.first_event_at - YEAR_MS}
    )
    longer = replace(facts, trade=both, bundle=replace(facts.bundle, manifest=begun))
    growth = by(longer, "channel")["year_growth"].drop_nulls()
    assert growth.to_list() == pytest.approx([0.0] * len(growth))
