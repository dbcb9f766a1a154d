"""Conditions over items: which of the tea shop's a slot may show."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle import Bundle
from engine.by_category import recategorised
from engine.catalogue import Catalogue, ItemChange, ItemKind, apply_changes
from engine.conditions import OPERATORS, SEVERAL, Field, Kind, compiled, parse
from engine.errors import ConfigError
from engine.item_fields import ITEM_FIELDS, Shelf, items_that
from engine.slots import check_slots
from engine.types import DAY_MS
from tests.engine.asking import TITLE, plan, query, shop, shown
from tests.worlds import BLACK, CUP, GREEN, GUIDE, ITEMS, MILK, NOW, POT, bundle

DOCS = Path(__file__).parents[2] / "docs"
EVERYTHING = {GREEN, BLACK, MILK, CUP, POT, GUIDE}


def store() -> Bundle:
    """Black tea is reduced from 80 to 60; each item was first met five days after the last one."""
    tea = bundle()
    days = np.arange(6) * 5
    met = NOW - 30 * DAY_MS + days * DAY_MS
    return replace(tea, catalogue=replace(tea.catalogue, first_seen_at=met))


def asks(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": f"item.{field}", "op": op, "value": value}


@pytest.mark.parametrize(
    ("field", "op", "value", "left"),
    [
        ("price", "<=", 50, {GREEN, MILK, CUP}),
        ("price", "between", [10, 30], {MILK, CUP}),
        ("price", "in", [10, 200.00], {MILK, POT}),
        ("price", "not_in", [10, 200.00], {GREEN, BLACK, CUP, GUIDE}),
        ("price", "!=", 50, EVERYTHING - {GREEN}),
        ("price", "known", False, {GUIDE}),
        ("list_price", "=", 80, {BLACK}),
        ("list_price", "known", True, {BLACK}),
        ("discount", ">=", 0.25, {BLACK}),
        ("discount", "=", 0, {GREEN, MILK, CUP, POT}),
        ("on_sale", "=", True, {BLACK}),
        ("stock", "<", 4, {POT}),
        ("stock", "known", False, {GREEN, MILK, CUP, GUIDE}),
        ("brand", "=", "qing", {GREEN, BLACK}),
        ("brand", "!=", "qing", {MILK, CUP, POT, GUIDE}),
        ("brand", "starts_with", "d", {MILK}),
        ("brand", "known", False, {GUIDE}),
        ("category", "=", "drinks", {MILK}),
        ("category", "within", "drinks", {GREEN, BLACK, MILK}),
        ("category", "within", "drinks > te", set()),
        ("category", "not_in", ["drinks", "drinks > tea"], {CUP, POT, GUIDE}),
        ("kind", "=", "content", {GUIDE}),
        ("age_days", "<=", 10, {POT, GUIDE}),
    ],
)
def test_a_slot_shows_what_its_condition_holds_of(
    field: str, op: str, value: object, left: set[int]
) -> None:
    tea = store()
    assert set(shown(tea, plan(items=asks(field, op, value)))) == left
    no = plan(items={"not": asks(field, op, value)})
    assert set(shown(tea, no)) == EVERYTHING - left


def of_one(catalogue: Catalogue, row: int) -> dict[str, Any]:
    """What the fields mean, told of a single item."""
    known = {
        name: None if (value := int(getattr(catalogue, name)[row])) < 0 else value
        for name in ("price_minor", "list_price_minor", "stock", "brand", "category")
    }
    price, before = known["price_minor"], known["list_price_minor"]
    reduced = price is not None and before is not None and before > price
    off = (before - price) / before if reduced else 0.0  # type: ignore[operator]
    brand, category = known["brand"], known["category"]
    return {
        "item.price": price,
        "item.list_price": before,
        "item.discount": None if price is None else off,
        "item.stock": known["stock"],
        "item.age_days": (NOW - int(catalogue.first_seen_at[row])) // DAY_MS,
        "item.on_sale": reduced,
        "item.brand": None if brand is None else catalogue.brands.id(brand),
        "item.category": None if category is None else catalogue.categories.id(category),
        "item.kind": ItemKind(catalogue.kind[row]).name.lower(),
    }


ONE_BY_ONE = {
    name: Field(name, field.kind, lambda item, name=name: item[name], field.choices)  # type: ignore[misc]
    for name, field in ITEM_FIELDS.items()
}
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.NUMBER: st.sampled_from([0, 0.25, 3, 5, 15, 20]),
    Kind.MONEY: st.sampled_from([0, 10, 30, 60, 79.99, 80]),
    Kind.FLAG: st.booleans(),
    Kind.TEXT: st.sampled_from(["qing", "kiln", "k", ""]),
    Kind.PATH: st.sampled_from(["drinks", "drinks > tea", "home", "dri", ""]),
    Kind.CHOICE: st.sampled_from(["goods", "content", "service"]),
}


@st.composite
def questions(draw: st.DrawFn) -> dict[str, object]:
    field = ITEM_FIELDS[draw(st.sampled_from(sorted(ITEM_FIELDS)))]
    op = draw(st.sampled_from(OPERATORS[field.kind]))
    value: Any = draw(VALUES[field.kind])
    if op in SEVERAL:
        value = draw(st.lists(VALUES[field.kind], min_size=1, max_size=3))
    if op == "between":
        value = sorted([value, draw(VALUES[field.kind])])
    if op == "known":
        value = draw(st.booleans())
    return {"field": field.name, "op": op, "value": value}


CONDITIONS = st.recursive(
    questions(),
    lambda parts: st.one_of(
        st.fixed_dictionaries({"all": st.lists(parts, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(parts, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": parts}),
    ),
    max_leaves=5,
)


@given(CONDITIONS)
def test_a_condition_holds_of_the_catalogue_as_of_each_item(raw: dict[str, object]) -> None:
    catalogue = store().catalogue
    held = items_that(parse(raw, ITEM_FIELDS, "items"), Shelf(catalogue, NOW))
    one = compiled(parse(raw, ONE_BY_ONE, "items"))
    assert held.tolist() == [one(of_one(catalogue, row)) for row in range(len(ITEMS))]


@given(CONDITIONS, st.integers(1, 6))
def test_what_is_excluded_is_shown_by_no_lead_no_share_and_no_fallback(
    raw: dict[str, object], n: int
) -> None:
    tea = store()
    slot = plan(
        sources={"similar": 1, "new_arrivals": 1},
        items=raw,
        lead={"source": "new_arrivals", "places": 2},
        shares=[{"of": "on_sale", "at_least": 0.3}, {"of": "content", "at_least": 0.3}],
        repeat="always",
    )
    held = items_that(parse(raw, ITEM_FIELDS, "items"), Shelf(tea.catalogue, NOW))
    allowed = set(np.flatnonzero(held & tea.sellable).tolist())
    found = shown(tea, slot, n=n, customer_id="mei")
    assert set(found) <= allowed
    assert len(found) == min(n, len(allowed)), "and what is left fills the slate"


def test_a_change_of_price_or_stock_counts_at_once() -> None:
    tea, slot = store(), plan(items=asks("price", "<", 40))
    assert set(shown(tea, slot)) == {MILK, CUP}
    news = {POT: ItemChange(item_id="pot", price_minor=1), CUP: ItemChange(item_id="cup", stock=0)}
    later = recategorised(tea, apply_changes(tea.catalogue, news))
    assert set(shown(later, slot)) == {MILK, POT}
    moved = apply_changes(later.catalogue, {MILK: ItemChange(item_id="milk", price_minor=9_000)})
    assert set(shown(recategorised(later, moved), slot)) == {POT}
    assert set(shown(tea, slot)) == {MILK, CUP}


def test_a_condition_is_evaluated_once_for_a_catalogue() -> None:
    tea, raw = store(), asks("price", "<", 40)
    first, second = (plan(items=dict(raw)).base.items for _ in range(2))
    assert first is not None
    assert second is not None
    assert tea.items_of(first) is tea.items_of(second)


def test_an_override_puts_another_condition_in_its_place() -> None:
    buyers = {"field": "customer.buyer", "op": "=", "value": True}
    slot = plan(
        items=asks("kind", "=", "content"),
        overrides=[{"when": buyers, "items": asks("brand", "=", "kiln")}],
    )
    assert shown(store(), slot) == [GUIDE]
    assert set(shown(store(), slot, customer_id="mei")) == {CUP, POT}
    assert slot.base.model_dump(mode="json")["items"] == asks("kind", "=", "content")


def test_wrong_conditions_are_told_with_their_place_once() -> None:
    buyers = {"field": "customer.buyer", "op": "=", "value": True}
    raw = {
        "a": {
            "title": TITLE,
            "sources": {"magic": 1},
            "items": {"any": [asks("prize", "<", 3), asks("price", "<", 0.001)]},
            "overrides": [{"when": buyers, "size": 3}],
        },
        "b": {
            "title": TITLE,
            "sources": {"popular": 1},
            "overrides": [{"when": asks("price", "<", 3), "items": asks("kind", "=", "food")}],
        },
        "c": {"title": TITLE, "sources": {"popular": 1}, "items": "cheap"},
    }
    with pytest.raises(ConfigError) as told:
        check_slots(raw, "slots.toml", shop())
    found = str(told.value).splitlines()
    parts = (
        "slots.toml: a.items.any[0].field: 'item.prize' is no field; did you mean item.price?",
        "slots.toml: a.items.any[1].value: 0.001 has more decimals than",
        "slots.toml: b.overrides[0].when.field: 'item.price' is no field",
        "slots.toml: b.overrides[0].items.value: 'food' is unknown; allowed: goods, content, serv",
        "slots.toml: c.items: is no condition",
    )
    for part in parts:
        assert [line.startswith(part) for line in found].count(True) == 1, part
    assert "slots.toml: a: unknown source 'magic'" in str(told.value)


def test_the_example_of_the_page_shows_what_the_page_says() -> None:
    page = (DOCS / "customers.md").read_text(encoding="utf-8")
    english, chinese = (
        tomllib.loads(text)
        for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
        if "item.price" in text
    )
    assert english == chinese
    (slot,) = check_slots(english, "slots.toml", shop()).values()
    assert set(shown(store(), slot)) == {GREEN, BLACK, MILK}
    asked = query(store(), customer_id="nobody")
    rich = replace(asked, customer=asked.customer._replace(price_band="insensitive"))
    assert slot.slot_for(rich).items != slot.base.items
    for field in ITEM_FIELDS:
        assert page.count(f"`{field}`") >= 2, f"{field} is told of in both languages"
