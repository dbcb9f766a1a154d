"""Every figure of the week, counted again in SQL."""

import sqlite3
from dataclasses import replace
from statistics import median

import pytest

from training.report.changes import MEASURES, movers, week, weekly
from training.report.facts import Facts

DAY = 86_400_000
WEEK = 7 * DAY
MONEY = "sum(case type when 'purchase' then 1 else -1 end * coalesce(unit_price_minor,0)*quantity)"


def one(sql: sqlite3.Connection, query: str, *values: object) -> float:
    found = sql.execute(query, values).fetchone()[0]
    return 0 if found is None else found


def by_hand(sql: sqlite3.Connection, start: int, end: int) -> dict[str, float]:
    inside = f"at > {start} and at <= {end}"
    trade = f"{inside} and type in ('purchase', 'refund')"
    gross = one(
        sql,
        f"select sum(coalesce(unit_price_minor,0)*quantity) from log where {inside} "
        "and type = 'purchase'",
    )
    orders = [
        row[0]
        for row in sql.execute(
            "select sum(coalesce(unit_price_minor,0)*quantity) from log where "
            f"{inside} and type = 'purchase' group by coalesce(order_id, event_id)"
        )
    ]
    net = one(sql, f"select {MONEY} from log where {trade}")
    return {
        "sales_minor": net,
        "orders": len(orders),
        "customers": one(
            sql,
            f"select count(distinct customer_id) from log where {inside} and type = 'purchase'",
        ),
        "new_customers": one(
            sql,
            "select count(*) from (select min(at) first from log where type = 'purchase' and "
            "customer_id is not null group by customer_id) where first > ? and first <= ?",
            start,
            end,
        ),
        "median_order_minor": median(orders),
        "units": one(
            sql,
            "select sum(case type when 'purchase' then quantity else -quantity end) from log "
            f"where {trade}",
        ),
        "refund_share": 1 - net / gross,
        "known_share": one(
            sql, f"select {MONEY} from log where {trade} and customer_id is not null"
        )
        / net,
    }


def test_the_week_is_what_a_plain_query_counts(facts: Facts, sql: sqlite3.Connection) -> None:
    table = {row["measure"]: row for row in week(facts).iter_rows(named=True)}
    weeks = [by_hand(sql, facts.now - (n + 1) * WEEK, facts.now - n * WEEK) for n in range(5)]
    assert tuple(table) == MEASURES
    for name in MEASURES:
        row = table[name]
        assert row["this_week"] == pytest.approx(weeks[0][name]), name
        assert row["last_week"] == pytest.approx(weeks[1][name]), name
        assert row["usual_week"] == pytest.approx(sum(each[name] for each in weeks[1:]) / 4), name
    sales = table["sales_minor"]
    assert sales["change"] == pytest.approx(sales["this_week"] / sales["last_week"] - 1)
    refunds = table["refund_share"]
    assert refunds["change"] == pytest.approx(refunds["this_week"] - refunds["last_week"])


def test_a_week_that_the_log_does_not_hold_whole_is_not_compared(facts: Facts) -> None:
    begun = facts.now - WEEK - DAY
    manifest = facts.bundle.manifest.model_copy(update={"first_event_at": begun})
    short = replace(facts, bundle=replace(facts.bundle, manifest=manifest))
    table = week(short)
    assert table["this_week"].null_count() == 0
    assert table["last_week"].null_count() == table.height
    assert table["change"].null_count() == table.height
    assert weekly(short).height == 1


def test_each_week_of_the_chart_is_a_query(facts: Facts, sql: sqlite3.Connection) -> None:
    table = weekly(facts)
    assert table["week_end"][-1] == facts.now
    assert table["week_end"].diff().drop_nulls().unique().to_list() == [WEEK]
    for end, sales, orders in table.iter_rows():
        inside = f"at > {end - WEEK} and at <= {end} and type in ('purchase', 'refund')"
        assert sales == one(sql, f"select {MONEY} from log where {inside}")
        counted = "count(distinct case type when 'purchase' then coalesce(order_id, event_id) end)"
        assert orders == one(sql, f"select {counted} from log where {inside}")


def test_movers_rose_or_fell_as_the_log_says(facts: Facts, sql: sqlite3.Connection) -> None:
    table = movers(replace(facts, k=2))
    assert table.height > 0
    assert table["difference_minor"].is_sorted(descending=True)
    for row in table.iter_rows(named=True):
        for name, end in (("this_minor", facts.now), ("last_minor", facts.now - WEEK)):
            query = f"select {MONEY} from log where at > ? and at <= ? and item_id = ? and type in "
            query += "('purchase', 'refund')"
            assert row[name] == one(sql, query, end - WEEK, end, row["item_id"])
        query = "select count(distinct customer_id) from log where at > ? and at <= ? and "
        query += "item_id = ? and type = 'purchase'"
        buyers = one(sql, query, facts.now - 2 * WEEK, facts.now, row["item_id"])
        assert row["customers"] == buyers >= 2
