"""What goes together and what is due, against the baskets and against the rule itself."""

import sqlite3
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest

from engine.customers.supplies import Supplies
from engine.types import Lists
from tests.training.report.test_changes import one
from tests.worlds import at_any_time
from training.renewal import FOR_GOOD
from training.report.facts import Facts
from training.report.pairs import EACH, due_again, due_pairs, durables, together


def test_pairs_are_counted_in_the_baskets(facts: Facts, sql: sqlite3.Connection) -> None:
    table = together(facts)
    ids: dict[str, list[str]] = {}
    for item, title in facts.items.select("item_id", "title").iter_rows():
        ids.setdefault(title, []).append(item)
    order = "coalesce(order_id, event_id)"
    total = one(sql, f"select count(distinct {order}) from log where type = 'purchase'")
    holding = f"select distinct {order} from log where type = 'purchase' and item_id = ?"
    assert table.height > 5
    for row in table.head(10).iter_rows(named=True):
        if len(ids[row["title"]]) + len(ids[row["with_title"]]) > 2:
            continue  # two items of one title cannot be told apart here
        first, second = ids[row["title"]][0], ids[row["with_title"]][0]
        single = [one(sql, f"select count(*) from ({holding})", item) for item in (first, second)]
        both = one(sql, f"select count(*) from ({holding} intersect {holding})", first, second)
        assert row["baskets"] == both >= facts.k
        assert row["of_first"] == pytest.approx(both / single[0])
        assert row["of_second"] == pytest.approx(both / single[1])
        assert row["lift"] == pytest.approx(both * total / (single[0] * single[1]))


def test_a_shop_whose_orders_hold_one_item_has_no_pairs(facts: Facts) -> None:
    lists = facts.bundle.bought_together
    none = Lists(np.zeros_like(lists.offsets), lists.rows[:0], lists.scores[:0])
    table = together(replace(facts, bundle=replace(facts.bundle, bought_together=none)))
    assert table.height == 0
    assert table.columns == together(facts).columns


def test_no_item_takes_the_whole_table(facts: Facts) -> None:
    table = together(facts)
    seen = Counter(table["title"].to_list() + table["with_title"].to_list())
    titles = Counter(facts.items["title"].to_list())
    assert all(count <= EACH * titles[title] for title, count in seen.items())


def test_due_is_what_the_due_source_finds(facts: Facts) -> None:
    bundle = facts.bundle
    people, buyers = Counter[int](), defaultdict[int, float](float)
    for row in range(len(bundle.customers)):
        history = bundle.customer_items.of(row)
        ordered = bundle.snapshot.history_of(row).orders.at
        supplies = Supplies(history, bundle.repurchase, facts.now, ordered)
        people.update(supplies.candidates(10**6).rows.tolist())
        if len(supplies.due):
            chances = supplies.chances(supplies.due).tolist()
            for item, chance in zip(history.rows[supplies.due].tolist(), chances, strict=True):
                buyers[item] += chance
    assert Counter(due_pairs(facts)["item"].to_list()) == people
    ids = bundle.items.ids(range(len(bundle.items)))
    table = due_again(facts)
    told = dict(table.select("item_id", "customers").iter_rows())
    assert told == {ids[row]: count for row, count in people.items() if count >= facts.k}
    for row in table.iter_rows(named=True):
        place = ids.index(row["item_id"])
        assert row["cycle_days"] == pytest.approx(float(bundle.cycles.days[place]))
        assert row["buyers"] == pytest.approx(buyers[place])
        assert row["worth_minor"] == round(row["price_minor"] * buyers[place])


def test_not_everybody_who_ever_bought_is_told_of_where_goods_have_no_cycle(facts: Facts) -> None:
    free = replace(facts, bundle=at_any_time(facts.bundle))
    assert due_pairs(free).equals(due_pairs(facts))
    assert due_again(free).equals(due_again(facts))


def test_durables_are_told_by_category_and_counted_in_the_log(
    facts: Facts, sql: sqlite3.Connection
) -> None:
    cups, rows = facts.bundle.catalogue.categories, facts.bundle.catalogue.category
    names = [cups.ids([code])[0] if code >= 0 else None for code in rows.tolist()]
    chosen = max(set(names) - {None}, key=names.count)
    lasting = [row for row, name in enumerate(names) if name == chosen][1:]
    days = facts.bundle.cycles.days.copy()
    days[days >= FOR_GOOD] = 20
    days[lasting] = FOR_GOOD
    known = replace(facts.bundle, cycles=replace(facts.bundle.cycles, days=days))
    table = durables(replace(facts, bundle=known))
    ids = facts.bundle.items.ids(lasting)
    marks = ",".join("?" * len(ids))
    pairs = (
        "select customer_id, count(distinct coalesce(order_id, event_id)) > 1 as again from log"
        f" where type = 'purchase' and customer_id is not null and item_id in ({marks})"
        " group by customer_id, item_id"
    )
    people = one(sql, f"select count(distinct customer_id) from ({pairs})", *ids)
    again = one(sql, f"select count(distinct customer_id) from ({pairs}) where again", *ids)
    assert people >= facts.k
    assert table.rows() == [(chosen, len(lasting), len(lasting) + 1, people, again / people)]
