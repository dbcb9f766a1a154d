"""What is shown: counted again from the slates, place by place."""

import sqlite3
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from engine.query import Asked, enrich
from engine.recommend import recommend
from tests.training.report.test_changes import MONEY
from training.report import exposure
from training.report.facts import Facts
from training.report.item_table import HEAD, RECENT_MS


def places(facts: Facts, *, personal: bool) -> Counter[int]:
    found = Counter[int]()
    for slot, rows in facts.shown.slates.items():
        if not personal or slot not in facts.shown.on_pages:
            found.update(row for row in rows.ravel().tolist() if row >= 0)
    return found


def sold(facts: Facts, sql: sqlite3.Connection) -> dict[str, int]:
    query = (
        f"select item_id, {MONEY} from log where at > ? and at <= ? and type in "
        "('purchase', 'refund') group by item_id"
    )
    return dict(sql.execute(query, (facts.now - RECENT_MS, facts.now)).fetchall())


def test_slates_are_those_of_the_path(facts: Facts) -> None:
    """The first customer and the first page of each slot, asked again one by one."""
    for slot, rows in facts.shown.slates.items():
        plan = facts.slots[slot]
        if slot in facts.shown.on_pages:
            item = facts.bundle.items.id(int(facts.shown.pages[0]))
            asked = Asked(n=plan.base.size, context_items=[item], cart=[item])
        else:
            who = facts.bundle.customers.id(int(facts.shown.customers[0]))
            first = facts.bundle.catalogue.categories.id(0)
            category = first if plan.base.within_category else None
            asked = Asked(n=plan.base.size, customer_id=who, category=category)
        slate = recommend(enrich(asked, facts.bundle, facts.now), plan, facts.bundle)
        told = [row for row in rows[0].tolist() if row >= 0]
        assert told == [served.row for served in slate.items], slot
    assert facts.shown.on_pages == {"item", "cart"}


def test_items_know_their_sales_and_their_places(facts: Facts, sql: sqlite3.Connection) -> None:
    own, everywhere = places(facts, personal=True), places(facts, personal=False)
    money = sold(facts, sql)
    table = facts.item_table
    for row in table.iter_rows(named=True):
        assert row["shown"] == own[row["item"]]
        assert row["anywhere"] == everywhere[row["item"]]
        assert row["sales_minor"] == money.get(row["item_id"], 0)
    selling = sum(amount > 0 for amount in money.values())
    assert table["head"].sum() == round(HEAD * selling)
    cheapest = table.filter(head=True)["sales_minor"].min()
    assert cheapest >= table.filter(head=False)["sales_minor"].max()  # type: ignore[operator]


@pytest.mark.parametrize("group", ["category", "brand", "price_band"])
def test_groups_of_items_are_sums_of_their_items(group: str, facts: Facts) -> None:
    table, items = exposure.compared(facts.item_table, group), facts.item_table.to_dicts()
    items = [item for item in items if item[group] is not None]
    money = sum(max(item["sales_minor"], 0) for item in items)
    shown = sum(item["shown"] for item in items)
    assert table.height == len({item[group] for item in items}) > 1
    for row in table.iter_rows(named=True):
        mine = [item for item in items if item[group] == row[group]]
        sales = sum(max(item["sales_minor"], 0) for item in mine)
        share = sum(item["shown"] for item in mine) / shown
        assert row["items"] == len(mine)
        assert row["sales_minor"] == sales
        assert row["shown_share"] == pytest.approx(share)
        assert row["sales_share"] == pytest.approx(sales / money)
        if sales:
            assert row["lean"] == pytest.approx(share / (sales / money))


def test_price_bands_are_fifths_of_the_catalogue(facts: Facts) -> None:
    table = exposure.by_price(facts.item_table)
    priced = facts.item_table["price_minor"].drop_nulls().len()
    assert table["items"].sum() == priced
    assert table["items"].min() >= 0.1 * priced  # type: ignore[operator]
    bounds = table.select("lowest_minor", "highest_minor").rows()
    assert all(low <= high for low, high in bounds)
    assert all(one[1] < other[0] for one, other in pairwise(bounds))


def test_dead_stock_is_of_four_kinds(facts: Facts) -> None:
    """A tenth of what sells was withdrawn since: it is in no slate, and no fault of the slots."""
    gone = (pl.col("sales_minor") > 0) & (pl.col("item") % 10 == 0)
    table = facts.item_table.with_columns(sellable=pl.col("sellable") & ~gone)
    items = table.to_dicts()
    stock = {row["dead"]: row for row in exposure.stock(table).to_dicts()}
    sold = [item for item in items if item["sales_minor"] > 0]
    unseen = [item for item in sold if item["sellable"] and not item["anywhere"]]
    unsellable = [item for item in sold if not item["sellable"]]
    assert unsellable
    articles = {item["item_id"] for item in items if item["content"]}
    assert any(item["shown"] for item in items if item["content"]), "free to read, and never sold"
    goods = [item for item in items if item["item_id"] not in articles]
    unsold = [item for item in goods if item["sales_minor"] <= 0 and item["shown"]]
    untouched = [
        item for item in goods if item["sellable"] and not item["ever"] and not item["anywhere"]
    ]
    for name, found in (
        ("never_shown", unseen),
        ("unsellable", unsellable),
        ("never_sold", unsold),
        ("never_touched", untouched),
    ):
        assert stock[name]["items"] == len(found)
        assert stock[name]["sales_minor"] == sum(item["sales_minor"] for item in found)
    for listed, found in (
        (exposure.never_shown(table, facts.k), unseen),
        (exposure.unsellable(table, facts.k), unsellable),
    ):
        enough = {item["item_id"] for item in found if item["customers"] >= facts.k}
        assert set(listed["item_id"]) == enough
    assert exposure.never_sold(table).height == len(unsold)


def test_slots_cover_what_their_slates_hold(facts: Facts) -> None:
    head = facts.item_table["head"].to_numpy()
    for row in exposure.by_slot(facts).iter_rows(named=True):
        slates = facts.shown.slates[row["slot"]]
        held = [item for item in slates.ravel().tolist() if item >= 0]
        assert row["asked"] == len(slates)
        assert row["items"] == len(set(held))
        assert row["coverage"] == pytest.approx(len(set(held)) / facts.bundle.sellable.sum())
        assert row["filled"] == pytest.approx(len(held) / slates.size)
        assert row["head_share"] == pytest.approx(np.mean([head[item] for item in held]))


def test_tiers_are_shown_what_their_members_slates_hold(facts: Facts) -> None:
    table = exposure.by_tier(replace(facts, k=1))
    tiers = facts.states["tier"].to_list()
    prices = facts.bundle.catalogue.price_minor
    assert table.height > 1
    for row in table.iter_rows(named=True):
        mine = [
            line
            for line, who in enumerate(facts.shown.customers.tolist())
            if (tiers[who] or "") == row["tier"]
        ]
        held = [
            item
            for slot, slates in facts.shown.slates.items()
            if slot not in facts.shown.on_pages
            for item in slates[mine].ravel().tolist()
            if item >= 0
        ]
        known = [int(prices[item]) for item in held if prices[item] >= 0]
        assert row["customers"] == len(mine)
        assert row["items"] == len(set(held))
        assert row["price_minor"] == pytest.approx(np.mean(known))
