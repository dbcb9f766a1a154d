"""What is expected of the customers, against the log; why the small ones are small."""

import sqlite3
from collections import defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from engine.customers.thresholds import NO_THRESHOLDS
from engine.types import DAY_MS
from training.customers import assess_all
from training.models.lifetime_value import LifetimeValueConfig, expected_purchases, fit, recurrence
from training.report.chapter_customers import chapter
from training.report.customers import diagnoses
from training.report.facts import Facts
from training.report.outlook import WEEKS, outlook_of
from training.report.speech import Speech

SPAN_MS = WEEKS * 7 * DAY_MS


def test_V7_stages_hold_what_the_model_expects_of_their_members(facts: Facts) -> None:
    people = facts.bundle.snapshot
    data = recurrence(people, facts.now, 2)
    coming = expected_purchases(fit(data, LifetimeValueConfig()), data, WEEKS)
    stages = facts.states["stage"].to_list()
    sums, counts = defaultdict[str, float](float), defaultdict[str, int](int)
    for row, orders in zip(data.customers.tolist(), coming.tolist(), strict=True):
        sums[stages[row]] += orders
        counts[stages[row]] += 1
    found = facts.outlook
    assert found is not None
    for row in found.stages.iter_rows(named=True):
        assert row["customers"] == counts[row["stage"]] >= facts.k
        assert row["coming"] == pytest.approx(sums[row["stage"]])
        assert row["each_minor"] == pytest.approx(row["expected_minor"] / row["customers"])
    assert found.coming == pytest.approx(sum(sums.values()))


def test_V7_what_came_since_is_counted_as_the_log_has_it(
    facts: Facts, sql: sqlite3.Connection
) -> None:
    """A customer's order that was paid back whole is none; days are those of UTC."""
    found = facts.outlook
    assert found is not None
    assert found.earlier is not None
    expected, came = found.earlier
    then = (facts.now - SPAN_MS) // DAY_MS
    sql.execute(
        "create temp view kept as select customer_id, min(at) / 86400000 as day from log "
        "where type in ('purchase', 'refund') group by customer_id, order_id "
        "having sum(quantity * case type when 'purchase' then 1 else -1 end) > 0"
    )
    (counted,) = sql.execute(
        "select count(distinct customer_id || ' ' || day) from kept where day > :then "
        "and customer_id in (select customer_id from kept where day <= :then)",
        {"then": then},
    ).fetchone()
    assert came == counted
    assert expected == pytest.approx(came, rel=0.1), "the shop is simulated to go on as it was"


def test_V7_where_hardly_anybody_came_back_nothing_is_expected(
    facts: Facts, speeches: dict[str, Speech]
) -> None:
    young = facts.bundle.manifest.first_event_at + DAY_MS
    assert outlook_of(facts.bundle.snapshot, facts.states["stage"], young, 2, 5) is None
    timeless = replace(
        facts,
        bundle=replace(
            facts.bundle, manifest=facts.bundle.manifest.model_copy(update={"timeless": True})
        ),
    )
    names = [section.name for section in chapter(timeless, speeches["en"]).sections]
    assert "outlook" not in names


def test_V8_the_small_are_told_by_what_lags(facts: Facts, speeches: dict[str, Speech]) -> None:
    table = diagnoses(facts)
    small = facts.states.filter(pl.col("value_class") == "small")
    assert table["customers"].sum() <= small.height
    usual = dict(
        zip(
            ("low_frequency", "small_basket", "single_category"),
            facts.bundle.thresholds.usual,
            strict=True,
        )
    )
    measured = {
        "low_frequency": "orders_each",
        "small_basket": "basket_minor",
        "single_category": "categories_each",
    }
    told = {row["diagnosis"]: row for row in table.iter_rows(named=True)}
    assert set(told) >= {"low_frequency", None}
    for cause, column in measured.items():
        if cause in told:
            assert told[cause][column] < usual[cause]
    assert told[None]["orders_each"] >= usual["low_frequency"]
    for language, word in (("en", "Orders seldom"), ("zh", "购买频次低")):
        assert speeches[language].word("diagnosis", "low_frequency") == word
    nobody = assess_all(facts.bundle.snapshot, NO_THRESHOLDS, facts.bundle.schemes, facts.now)
    assert nobody["diagnosis"].null_count() == nobody.height
    assert np.all(table["customers"].to_numpy() >= facts.k)
