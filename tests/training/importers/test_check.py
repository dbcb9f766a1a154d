"""Whole columns against the schema: the two must never disagree."""

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import to_json

from engine.event_properties import RULES
from engine.events import Event
from engine.happened import from_event
from training.importers.check import SURE, check, to_minor
from training.importers.chunk import LINE
from training.importers.judge import judge, to_row
from training.log import SCHEMA

GOOD = {"event_id": "e", "type": "view", "at": "2026-01-01T00:00:00Z", "customer_id": "c"}
NAMES = ("event_id", "customer_id", "visitor_id", "item_id", "order_id", "channel", "slate_id")

odd_texts = st.sampled_from(
    [
        *["", " ", "\x1c", " ", "　", "x" * 256, "x" * 257, "é" * 128, "é" * 129, "猫" * 86],
        *["\0", "a b", " a ", "🙂", "a\nb"],
    ]
)
ids = st.none() | st.text(max_size=4) | odd_texts
kinds = st.sampled_from(["view", "purchase", "search", "complaint", "View", "", "bought", *RULES])
wholes = (
    st.none()
    | st.integers(-2, 20_000_000).map(str)
    | st.sampled_from(
        ["", "1.0", "1.5", "1e3", "NaN", "0", "007", " 3 ", "+3", "1_000", "10000000", "10000001"]
    )
)
prices = (
    st.none()
    | st.decimals(-1, 20_000_000_000, places=4).map(str)
    | st.from_regex(r"\A\d{1,3}\.\d{1,3}5\Z", fullmatch=True)
    | st.sampled_from(["", "NaN", "inf", "1e2", "-0", ".5", "5.", "2,55", "1e-9", "0.000000001"])
)
instants = (
    st.none()
    | st.datetimes().map(lambda at: at.isoformat() + "Z")
    | st.datetimes().map(lambda at: at.isoformat(" ") + "+08:00")
    | st.datetimes().map(str)
    | st.integers(-(10**19), 10**19).map(str)
    | st.integers(6 * 10**11, 42 * 10**11).map(str)
    | st.integers(6 * 10**8, 42 * 10**8).map(str)
    | st.sampled_from(
        [
            *["", "NaN", "now", "2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z"],
            *["2026-01-01T00:00:60Z", "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00-23:59"],
            *["2026-01-01T00:00:00+00:60", "2026-01-01T00:00Z", "2026-01-01t00:00:00z", "1e12"],
            *["1989-12-31T23:59:59.9999Z", "1990-01-01T00:00:00Z", "2099-12-31T23:59:59.9999Z"],
            *["2026-01-01T00:00:00.0005Z", "2026-01-01T00:00:00.0015Z", "1000000000000000000"],
        ]
    )
)
queries = st.none() | st.sampled_from(["", "x" * 512, "猫" * 512, "x" * 513])
SAYING = ["personal", "contact", "contactable", "consent.contact", "referrer_id", "referred_id"]
SAYING += ["kind", "alias"]
SAID = [True, False, "true", "x", " ", 0, 1.0, None]
objects = (
    st.none()
    | st.dictionaries(st.text(max_size=2), st.integers(0, 9) | st.text(max_size=2), max_size=2).map(
        lambda value: to_json(value).decode()
    )
    | st.dictionaries(st.sampled_from(SAYING), st.sampled_from(SAID), max_size=3).map(
        lambda value: to_json(value).decode()
    )
    | st.sampled_from(["", "{", "[]", "null", '{"a": NaN}', "{} x", '{"a": {"b": [1, null]}}'])
)
rows = st.fixed_dictionaries(
    {
        **dict.fromkeys(NAMES, ids),
        "type": kinds,
        "at": instants,
        "quantity": wholes,
        "unit_price": prices,
        "position": wholes,
        "query": queries,
        "properties": objects,
    }
)
OTHERS = ("type", "at", "quantity", "unit_price", "position", "properties")
nearly_good = st.builds(
    lambda row, chosen: (
        {**dict.fromkeys(row), **GOOD, "item_id": "i"} | {name: row[name] for name in chosen}
    ),
    rows,
    st.sets(
        st.sampled_from([*NAMES, "type", "at", "quantity", "unit_price", "position", "properties"])
    ),
)


def by_columns(row: dict[str, str | None], minor_units: int = 2) -> dict[str, object] | None:
    """The row of the log if whole columns are sure of it."""
    schema = dict.fromkeys(row, pl.String)
    draft = pl.DataFrame([row], schema=schema, orient="row").with_columns(
        pl.lit(1, pl.Int64).alias(LINE)
    )
    sure = check(draft, minor_units).filter(SURE).drop(SURE, LINE)
    return sure.row(0, named=True) if sure.height else None


def by_model(row: dict[str, str | None], minor_units: int = 2) -> dict[str, object] | None:
    held = {name: cell for name, cell in row.items() if cell is not None}
    verdict = judge(held, minor_units)
    if isinstance(verdict, tuple):
        return None
    found = to_row(verdict)
    at = pl.Series([found["at"]]).cast(SCHEMA["at"]).item()
    return found | {"at": at}


@settings(max_examples=600, deadline=None)
@given(rows | nearly_good, st.sampled_from([0, 2, 3]))
@example({**GOOD, "item_id": "i", "unit_price": "0.125"}, 2)
@example({**GOOD, "item_id": "i", "at": "2026-01-01T00:00:00.0005Z"}, 2)
@example({**GOOD, "item_id": "i", "at": "2026-01-01T00:00:00.0015Z"}, 2)
@example({**GOOD, "item_id": "i", "type": "refund"}, 2)
@example({**GOOD, "item_id": "i", "type": "refund", "unit_price": "0"}, 2)
@example({**GOOD, "item_id": "\x1c"}, 2)
@example({**GOOD, "type": "consent", "properties": '{"personal": "false"}'}, 2)
@example({**GOOD, "type": "consent", "properties": None}, 2)
@example({**GOOD, "type": "link", "properties": None}, 2)
@example({**GOOD, "type": "referral", "properties": '{"referrer_id": " "}'}, 2)
@example({**GOOD, "item_id": "x" * 257}, 2)
@example({**GOOD, "item_id": "é" * 129}, 2)
@example({**GOOD, "item_id": "i", "at": "2100-01-01T00:00:00Z"}, 2)
@example({**GOOD, "item_id": "i", "quantity": "10000001"}, 2)
@example({**GOOD, "item_id": "i", "quantity": "٣"}, 2)
@example({**GOOD, "item_id": "i", "position": "10001"}, 2)
@example({**GOOD, "item_id": "i", "query": "x" * 513}, 2)
def test_what_columns_are_sure_of_is_the_same_event_to_the_schema(
    row: dict[str, str | None], minor_units: int
) -> None:
    sure = by_columns(row, minor_units)
    if sure is not None:
        assert sure == by_model(row, minor_units)


@settings(max_examples=200, deadline=None)
@given(rows | nearly_good)
def test_the_judge_says_what_the_schema_says(row: dict[str, str | None]) -> None:
    held: dict[str, object] = {name: cell for name, cell in row.items() if cell is not None}
    if "properties" in held:
        return  # text in a table, an object on the wire
    held.setdefault("event_id", "unnamed")
    try:
        expected = from_event(Event.model_validate(held), 2)
    except ValidationError:
        assert isinstance(judge(held, 2), tuple)
    else:
        assert judge(held, 2) == expected


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"at": "2026-01-01 00:00:00.123+08:00"},
        {"at": "1767225600123"},
        {"at": "1767225600"},
        {"event_id": "猫" * 85, "quantity": "12", "unit_price": "19.99", "position": "3"},
        {"properties": '{"a": [1, 2]}', "query": "x" * 512, "channel": "app"},
        {"customer_id": None, "visitor_id": "v"},
        {"type": "consent", "properties": '{"personal": false, "contact": true}'},
        {"type": "profile", "properties": '{"consent.personal": false, "city": "上海"}'},
        {"type": "referral", "properties": '{"referrer_id": "ann"}'},
    ],
)
def test_ordinary_rows_need_no_judge(row: dict[str, str | None]) -> None:
    full = {**dict.fromkeys(SCHEMA), **GOOD, "item_id": "i"} | row
    full.pop("unit_price_minor")
    assert by_columns(full) == by_model(full) is not None


@pytest.mark.parametrize(
    ("text", "minor"),
    [("2.55", 255), ("0.125", 12), ("0.135", 14), ("2.675", 268), ("0.001", 0), ("7", 700)],
)
def test_prices_round_half_to_even(text: str, minor: int) -> None:
    frame = pl.DataFrame({"price": [text]})
    assert frame.select(to_minor(pl.col("price"), 2)).item() == minor


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "bought"}, "type_unknown"),
        ({"type": None}, "type_missing"),
        ({"at": None}, "at_missing"),
        ({"at": "NaN"}, "at_not_an_instant"),
        ({"at": "1000000000000000000"}, "at_not_an_instant"),
        ({"at": "2026-01-01T00:00:00"}, "at_without_time_zone"),
        ({"at": "1970-01-01T00:00:00Z"}, "at_out_of_range"),
        ({"customer_id": None}, "customer_id_missing"),
        ({"customer_id": "  "}, "customer_id_empty"),
        ({"customer_id": ""}, "customer_id_empty"),
        ({"item_id": None}, "item_id_missing"),
        ({"item_id": "x" * 10_000_000}, "item_id_too_long"),
        ({"type": "refund"}, "unit_price_missing"),
        ({"quantity": "-3"}, "quantity_out_of_range"),
        ({"quantity": "many"}, "quantity_not_a_number"),
        ({"unit_price": "-1"}, "unit_price_out_of_range"),
        ({"unit_price": "NaN"}, "unit_price_not_a_number"),
        ({"position": "0"}, "position_out_of_range"),
        ({"query": "x" * 513}, "query_too_long"),
        ({"properties": "[1]"}, "properties_are_no_object"),
        ({"type": "consent", "properties": '{"personal": "false"}'}, "properties_wrong"),
        ({"type": "referral", "properties": '{"referrer_id": " "}'}, "properties_wrong"),
        ({"type": "link", "properties": "{}"}, "properties_wrong"),
        ({"type": "link", "customer_id": None, "visitor_id": "v"}, "customer_id_missing"),
        ({"colour": "red"}, "colour_is_no_field"),
    ],
)
def test_each_fault_has_its_reason(change: dict[str, str | None], reason: str) -> None:
    row = {**GOOD, "item_id": "i"} | change
    verdict = judge({name: cell for name, cell in row.items() if cell is not None}, 2)
    assert isinstance(verdict, tuple)
    assert verdict[0] == reason
    assert len(verdict[1]) < 500
