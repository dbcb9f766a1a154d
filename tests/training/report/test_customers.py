"""Who the customers are: against the fold of each history, one customer at a time."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from engine.customers.labels import STAGES
from engine.customers.state import CustomerState, assess
from engine.query import Asked, enrich
from engine.types import DAY_MS
from training.customer_orders import PLACE
from training.customers import assess_all, population, snapshot
from training.report.chapter_customers import chapter
from training.report.csv_files import csv_of
from training.report.customers import (
    GROUPS,
    NOBODY_YET,
    by_group,
    can_tell,
    curve,
    development_moves,
    rfm,
    spread,
    stage_moves,
    stages,
    tiers,
    tops,
)
from training.report.examples import examples
from training.report.facts import Facts
from training.report.speech import Speech
from training.report.trade import PERIOD_MS


@pytest.fixture(scope="module")
def states(facts: Facts) -> list[CustomerState]:
    """As a request sees them: each history folded by itself."""
    ids = facts.bundle.customers.ids(range(len(facts.bundle.customers)))
    asked = [Asked(n=1, customer_id=who) for who in ids]
    return [enrich(each, facts.bundle, facts.now).customer for each in asked]


@pytest.mark.parametrize("group", list(GROUPS))
def test_groups_hold_the_people_and_the_money_of_their_members(
    group: str, facts: Facts, states: list[CustomerState]
) -> None:
    people = [each for each in states if each.known or group == "value_class"]
    counts = Counter(getattr(each, group) for each in people)
    money = Counter[str]()
    orders = Counter[str]()
    for each in people:
        money[getattr(each, group)] += each.monetary_minor
        orders[getattr(each, group)] += each.frequency
    table = by_group(facts, group)
    told = set(table[group])
    assert told == {name for name in GROUPS[group] if not 0 < counts[name] < facts.k}
    for row in table.iter_rows(named=True):
        name = row[group]
        assert row["customers"] == counts[name]
        assert row["customer_share"] == pytest.approx(counts[name] / len(people))
        assert row["sales_minor"] == money[name]
        assert row["sales_share"] == pytest.approx(money[name] / money.total())
        assert row["orders_each"] == pytest.approx(orders[name] / max(counts[name], 1))


def test_the_map_counts_who_ever_ordered(facts: Facts, states: list[CustomerState]) -> None:
    cells = Counter(
        (each.recency_score, each.frequency_score) for each in states if each.recency_score
    )
    found = {tuple(row[:2]): row[2] for row in rfm(facts).iter_rows()}
    assert found == {cell: count for cell, count in cells.items() if count >= facts.k}


def test_stages_now_and_a_period_ago_are_those_of_the_log(
    facts: Facts, states: list[CustomerState]
) -> None:
    """The past is read again from the part of the log that had happened by then."""
    then = facts.now - PERIOD_MS
    past = facts.log.filter(pl.col("at").dt.epoch("ms") <= then)
    ids = facts.bundle.customers.ids(range(len(facts.bundle.customers)))
    people = snapshot(past, ids)
    thresholds = population(people, facts.bundle.schemes, then)
    before = [
        assess(people.history_of(row), thresholds, facts.bundle.schemes, then, row=row)
        for row in range(len(ids))
    ]
    expected = assess_all(people, thresholds, facts.bundle.schemes, then)
    for name in ("stage", "development", "known", "orders"):
        assert facts.states_before[name].to_list() == expected[name].to_list(), name
    now_counts = Counter(each.stage for each in states if each.known)
    old_counts = Counter(each.stage for each in before if each.known)
    for row in stages(facts).iter_rows(named=True):
        assert row["customers"] == now_counts[row["stage"]]
        if row["stage"] == "lost":  # a year without an order: the log is younger
            assert row["before"] is row["difference"] is None
            continue
        assert row["before"] == old_counts[row["stage"]]
        assert row["difference"] == row["customers"] - row["before"]
    for name, table in (
        ("stage", stage_moves(facts)),
        ("development", development_moves(facts)),
    ):
        moved = Counter(
            (getattr(old, name) if old.known else NOBODY_YET, getattr(new, name))
            for old, new in zip(before, states, strict=True)
            if new.known
        )
        told = {tuple(row[:2]): row[2] for row in table.iter_rows()}
        assert told == {
            ends: count for ends, count in moved.items() if ends[0] != ends[1] and count >= facts.k
        }


@pytest.mark.parametrize(
    ("age_days", "unknown"),
    [
        (366, set()),
        (365, {"lost"}),
        (91, {"lost"}),
        (90, {"lost", "dormant"}),
        (14, {"lost", "dormant", "at_risk"}),
        (0, set(STAGES)),
    ],
)
def test_a_stage_is_compared_only_where_the_log_was_old_enough_for_it(
    age_days: int, unknown: set[str], facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    """At risk is who is two cycles late, and no cycle is shorter than seven days."""
    began = facts.now - PERIOD_MS - age_days * DAY_MS
    manifest = facts.bundle.manifest.model_copy(update={"first_event_at": began})
    aged = replace(facts, bundle=replace(facts.bundle, manifest=manifest), k=0)
    table = stages(aged)
    assert table["stage"].to_list() == list(STAGES)
    for name in ("before", "difference"):
        assert set(table.filter(pl.col(name).is_null())["stage"]) == unknown
    assert table["customers"].equals(stages(replace(facts, k=0))["customers"])
    for speech in speeches.values() if age_days in (0, 90) else ():
        told = {one.name: one for one in chapter(aged, speech).sections}
        assert ("before" in told["stage"].table.columns) is (age_days > 0)
        assert ('class="bar quiet"' in told["stage"].chart) is (age_days > 0)
        rows = csv_of(told["stage"], speech).splitlines()[1:]
        assert sum(",," in row for row in rows) == (len(unknown) if age_days else 0)


def test_who_moved_is_told_only_of_a_log_that_began_a_period_ago(
    facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    for began, told in ((PERIOD_MS, {"stage_moves", "development_moves"}), (PERIOD_MS - 1, set())):
        changed = {"first_event_at": facts.now - began}
        manifest = facts.bundle.manifest.model_copy(update=changed)
        aged = replace(facts, bundle=replace(facts.bundle, manifest=manifest))
        names = {one.name for one in chapter(aged, speeches["en"]).sections}
        assert {"stage_moves", "development_moves"} & names == told


def test_tiers_count_who_is_near_the_next(facts: Facts, states: list[CustomerState]) -> None:
    ladder = facts.bundle.shop.loyalty.tiers
    goals = {"": ladder[0].points} | {here.name: above.points for here, above in pairwise(ladder)}
    known = [each for each in states if each.known]
    for row in tiers(facts).iter_rows(named=True):
        inside = [each for each in known if (each.tier or "") == row["tier"]]
        near = [each for each in inside if each.points >= 0.9 * goals.get(row["tier"], 10**12)]
        assert row["customers"] == len(inside)
        assert row["near"] == (len(near) if len(near) >= facts.k or not near else None)
        if inside:
            assert row["points_each"] == pytest.approx(np.mean([each.points for each in inside]))


def test_the_best_bring_what_a_sorted_list_says(facts: Facts, states: list[CustomerState]) -> None:
    money = sorted((max(s.monetary_minor, 0) for s in states if s.frequency), reverse=True)
    line = dict(curve(facts).select("best", "customers_part").iter_rows())
    half = sum(money[: len(money) // 2]) / sum(money)
    assert line[0.0] == 0
    assert line[1.0] == pytest.approx(1)
    if len(money) % 2 == 0:
        assert line[0.5] == pytest.approx(half)
    table = tops(facts)
    assert table["customers_part"].is_sorted()
    fifth = table.filter(pl.col("best") == pl.lit(0.2))["customers_part"].item()
    below = sum(money[: int(len(money) * 0.2)]) / sum(money)
    above = sum(money[: int(len(money) * 0.2) + 1]) / sum(money)
    assert below <= fifth <= above


def test_F1_F2_whom_each_cohort_brought_and_from_when_on_it_tips(
    facts: Facts, states: list[CustomerState]
) -> None:
    ids = facts.bundle.customers.ids(range(len(states)))
    brought = Counter(each.referrer_id for each in states)
    cohorts = defaultdict[str, list[int]](lambda: [0, 0, 0])
    for who, each in zip(ids, states, strict=True):
        if each.first_at:
            month = datetime.fromtimestamp(each.first_at / 1000, facts.zone).strftime("%Y-%m")
            for place, count in enumerate((1, each.invitations, brought[who])):
                cohorts[month][place] += count
    told = {row[0]: row[1:] for row in spread(facts).iter_rows()}
    assert told == {
        month: (n, invited, came, pytest.approx(came / n), came >= n)
        for month, (n, invited, came) in sorted(cohorts.items())
        if n >= facts.k
    }
    assert sum(came for _, _, came, _, _ in told.values()) > 0
    people = facts.bundle.snapshot
    nobody = replace(people, referrers=np.zeros_like(people.referrers))
    none = replace(facts, bundle=replace(facts.bundle, snapshot=nobody))
    assert spread(none)["newcomers"].sum() == 0


def test_F2_where_no_month_tips_it_is_said_in_words(
    facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    assert not spread(facts)["tipping"].any()
    told = {
        language: section.note["cohorts"]
        for language, speech in speeches.items()
        for section in chapter(facts, speech).sections
        if section.name == "spread"
    }
    assert told == {"en": "none did", "zh": "尚无月份达到"}


def test_a_split_that_the_log_cannot_tell_is_left_out_and_said(
    facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    people = facts.bundle.snapshot
    moments = people.moments.copy()
    moments[:, [5, 6]] = 0  # sign-ups and ratings
    offsets = people.offsets.copy()
    offsets[:, PLACE["referred"]] = 0
    bare = replace(people, moments=moments, offsets=offsets, referred=people.referred[:, :0])
    silent_log = replace(facts, bundle=replace(facts.bundle, snapshot=bare))
    for speech in speeches.values():
        whole, part = chapter(facts, speech), chapter(silent_log, speech)
        lost = {one.name for one in whole.sections} - {one.name for one in part.sections}
        assert lost == {"opinion", "customer_type", "relation"}
        assert not whole.remarks
        assert len(part.remarks) == 2
        said = " ".join(part.remarks)
        assert all(speech.say(f"section.{name}") in said for name in lost)
    assert not {"opinion"} & {each.group for each in examples(silent_log)}


def test_opinions_are_told_apart_once_k_customers_have_rated_or_brought_a_buyer(
    facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    people = facts.bundle.snapshot
    brought = np.flatnonzero(np.diff(people.offsets[:, PLACE["referred"]]) > 0)
    assert len(brought) > 1
    others = np.setdiff1d(np.arange(len(people)), brought)
    for raters, heard in ((others[:0], 0), (others[:2], 2), (brought[:1], 0)):
        moments = people.moments.copy()
        moments[:, [5, 6]] = 0  # sign-ups and ratings
        moments[raters, 6] = 3
        changed = replace(facts.bundle, snapshot=replace(people, moments=moments))
        most = len(brought) + heard
        assert can_tell("opinion", replace(facts, bundle=changed, k=most))
        one_more = replace(facts, bundle=changed, k=most + 1)
        assert not can_tell("opinion", one_more)
        assert not can_tell("relation", one_more)
    assert f"fewer than {most + 1} customers" in " ".join(chapter(one_more, speeches["en"]).remarks)
    assert f"不足 {most + 1} 位客户" in " ".join(chapter(one_more, speeches["zh"]).remarks)
