"""What to do: each figure is that of its table, each rule is silent without cause."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from engine.customers.triggers import On
from tests.training.report.conftest import speak
from training.causes import Day, dues
from training.choosing import with_open
from training.report import exposure, pairs
from training.report.examples import EXAMPLES, examples
from training.report.facts import Facts
from training.report.findings import Finding, findings
from training.report.texts import TEXTS
from training.report.trade import PERIOD_MS, last, sums


@pytest.fixture(scope="module")
def told(facts: Facts) -> dict[str, Finding]:
    return {finding.code: finding for finding in findings(facts)}


def test_there_is_something_to_do(told: dict[str, Finding]) -> None:
    assert {"win_back", "one_order", "due", "pair", "engine_ahead_everything"} <= set(told)
    assert all(f"finding.{code}" in TEXTS for code in told)


def test_the_customers_to_win_back_are_counted_one_by_one(
    facts: Facts, told: dict[str, Finding]
) -> None:
    people = [
        row
        for row in facts.states.iter_rows(named=True)
        if row["value_class"] in ("top", "large", "medium")
        and row["stage"] in ("at_risk", "dormant")
    ]
    everything = sum(facts.states["monetary_minor"].to_list())
    brought = sum(row["monetary_minor"] for row in people)
    assert told["win_back"].values == {
        "customers": len(people),
        "sales_minor": brought,
        "sales_share": pytest.approx(brought / everything),
    }


def test_who_ordered_once_lately_had_no_time_to_come_again(
    facts: Facts, told: dict[str, Finding]
) -> None:
    """By the log itself, against the 90 days after which a customer is dormant."""
    ordered = facts.log.filter(
        pl.col("type") == "purchase", pl.col("at").dt.epoch("ms") <= facts.now
    )
    firsts = dict(
        ordered.group_by("customer_id").agg(pl.col("at").dt.epoch("ms").min()).collect().iter_rows()
    )
    states = facts.states.with_columns(
        who=pl.Series(facts.bundle.customers.ids(range(len(facts.bundle.customers))))
    ).filter("buyer")
    old = [
        row
        for row in states.iter_rows(named=True)
        if firsts[row["who"]] < facts.now - 90 * 86_400_000
    ]
    once = [row for row in old if row["orders"] == 1]
    assert 0 < len(once) < states.filter(pl.col("orders") == 1).height
    assert told["one_order"].values == {
        "customers": len(once),
        "customer_share": pytest.approx(len(once) / len(old)),
        "days": 90,
    }


def test_goods_are_told_as_the_tables_have_them(facts: Facts, told: dict[str, Finding]) -> None:
    stock = {row["dead"]: row for row in exposure.stock(facts.item_table).to_dicts()}
    if "not_shown" in told:
        assert told["not_shown"].values["items"] == stock["never_shown"]["items"]
    assert told["pair"].values["baskets"] == pairs.together(facts)["baskets"][0]
    assert told["due"].values["customers"] == pairs.due_pairs(facts)["customer"].n_unique()


def test_what_is_due_is_told_with_whom_a_reminder_reaches(
    facts: Facts, told: dict[str, Finding]
) -> None:
    """The messages of the day on which the log ends, without conditions and caps."""
    schemes = facts.bundle.schemes
    states = with_open(facts.states, facts.bundle, ())
    today = Day(facts.bundle, schemes, states, (), facts.now)
    trigger = next(one for one in facts.bundle.shop.triggers if one.on is On.DUE)
    reminded = list(dues(today, trigger, np.ones(states.height, np.bool_)))
    assert 0 < len(reminded) < told["due"].values["customers"]
    assert told["due"].values["reminded"] == len(reminded)
    k = len(reminded) + 1
    found = {one.code: one for one in findings(replace(facts, k=k))}
    assert "due" not in found
    values = found["due_once"].values
    english = speak(facts.bundle, facts.slots, "en")
    said = {name: english.show(name, value) for name, value in values.items()}
    words = english.say("finding.due_once", **said)
    assert f"Fewer than {k} of them bought it more than once: no reminder" in words


def test_refunds_and_nameless_sales_speak_only_when_they_matter(
    facts: Facts, told: dict[str, Finding]
) -> None:
    calm = facts.trade.filter(pl.col("type") == "purchase", pl.col("customer_id").is_not_null())
    codes = {finding.code for finding in findings(replace(facts, trade=calm))}
    assert not codes & {"refunds", "nameless"}
    cut = pl.when(pl.col("order").is_not_null() & (pl.col("order").hash(1) % 2 == 0))
    loud = calm.with_columns(customer_id=cut.then("customer_id"))
    found = {finding.code: finding for finding in findings(replace(facts, trade=loud))}
    window = sums(loud, last(PERIOD_MS, facts.now))
    share = 1 - window["known_sales_minor"] / window["sales_minor"]
    assert found["nameless"].values["sales_share"] == pytest.approx(share)
    back = facts.trade.with_columns(
        pl.when(pl.col("type") == "refund")
        .then(pl.col("amount_minor") * 100)
        .otherwise("amount_minor")
        .alias("amount_minor")
    )
    assert "refunds" in {finding.code for finding in findings(replace(facts, trade=back))}


def test_twelve_customers_of_different_kinds_are_shown_without_a_name(facts: Facts) -> None:
    shown = examples(facts)
    assert len(shown) == EXAMPLES
    assert len({(example.group, example.name) for example in shown}) == EXAMPLES
    for example in shown[:-1]:
        assert getattr(example.state, example.group) == example.name
        assert example.history
        assert all(offers for _, offers in example.slates)
    assert shown[-1].group == "visitor"
    assert not shown[-1].history
