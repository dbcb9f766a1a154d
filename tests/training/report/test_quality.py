"""How good the engine is: the manifest's words, and what customers bought since."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from engine.bundle import Bundle
from engine.customers.complaints import is_suppressed
from engine.query import Asked, Query, enrich
from engine.recommend import recommend
from engine.slots import Repeat
from tests.conftest import Trained
from training.report.facts import Facts
from training.report.quality import N, forward, held_out


def test_the_hold_out_is_told_as_it_was_measured(facts: Facts, trained: Trained) -> None:
    table = held_out(facts.bundle.manifest, None)
    lines = {line.name: line for line in trained.evaluation.lines}
    assert {row["path"] for row in table.iter_rows(named=True)} == set(lines)
    for row in table.iter_rows(named=True):
        measured = getattr(lines[row["path"]], row["aim"])
        for name in ("recall", "ndcg", "coverage"):
            assert row[name] == pytest.approx(measured[f"{name}@{N}"])
        assert row["recall_before"] is None


def test_the_bundle_before_stands_beside(facts: Facts) -> None:
    told = {"personal": {"everything": {"recall@10": 0.25}}, "split": "from somewhere on"}
    before = facts.bundle.manifest.model_copy(update={"metrics": told})
    table = held_out(facts.bundle.manifest, before).filter(path="personal", aim="everything")
    assert table["recall_before"].to_list() == [0.25]


def best_for(query: Query, bundle: Bundle) -> list[int]:
    """What is popular and neither disliked, nor like what they complained about (A5), nor for
    another life stage (L4): both sides are judged within the same filters.
    """
    rows = bundle.popular.rows
    keep = bundle.sellable[rows] & ~np.isin(rows, query.history.rows[query.history.unwanted])
    keep &= ~is_suppressed(rows, query.complained, bundle.catalogue)
    if query.customer.life_stages:
        keep &= bundle.item_stages.suit(rows, query.customer.life_stages)
    return rows[keep][:N].tolist()


def test_a_bundle_is_judged_by_what_was_bought_since(facts: Facts) -> None:
    """Asked again one by one: which of the first ten did they go on to buy?"""
    found = forward(facts)
    assert found is not None
    bundle, plan = facts.bundle, facts.slots["my"].repeating(Repeat.ALWAYS)
    later = facts.log.filter(
        pl.col("at").dt.epoch("ms") > facts.now, pl.col("type") == "purchase"
    ).collect()
    shares, popular, stages_told = [], [], 0
    for (who,), part in sorted(later.group_by("customer_id")):
        if who is None or bundle.customers.row(str(who)) < 0:
            continue
        wanted = {bundle.items.row(item) for item in part["item_id"]}
        query = enrich(Asked(n=N, customer_id=str(who)), bundle, facts.now)
        shown = {served.row for served in recommend(query, plan, bundle).items}
        shares.append(len(wanted & shown) / len(wanted))
        best = best_for(query, bundle)
        popular.append(len(wanted & set(best)) / len(wanted))  # also what they had before
        stages_told += bool(query.customer.life_stages)
    assert found.customers == len(shares)
    assert stages_told, "some are shown no items for another life stage"
    assert found.days == pytest.approx(2)
    assert found.personal.mean == pytest.approx(sum(shares) / len(shares))
    assert found.popular.mean == pytest.approx(sum(popular) / len(popular))
    assert found.personal.low <= found.personal.mean <= found.personal.high
    assert found.difference.mean == pytest.approx(found.personal.mean - found.popular.mean)
    assert (found.groups["customers"] >= facts.k).all()
    stages = found.groups.filter(by="stage")
    assert stages["customers"].sum() <= found.customers


def test_without_a_later_event_nothing_is_judged(facts: Facts) -> None:
    past = facts.log.filter(pl.col("at").dt.epoch("ms") <= facts.now)
    assert forward(replace(facts, log=past)) is None
