import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from engine.errors import LogError
from tests.training.importers.conftest import Importing

HEADER = "event_id,type,at,customer_id,item_id,quantity,unit_price,properties\n"
LINE = 'e1,purchase,2026-03-01T10:00:00+08:00,c1,i1,2,19.99,"{""colour"": ""red""}"\n'
OBJECT = {
    "event_id": "e1",
    "type": "purchase",
    "at": "2026-03-01T10:00:00+08:00",
    "customer_id": "c1",
    "item_id": "i1",
    "quantity": 2,
    "unit_price": 19.99,
    "properties": {"colour": "red"},
}
ROW = {
    "event_id": "e1",
    "type": "purchase",
    "at": datetime(2026, 3, 1, 2, tzinfo=UTC),
    "customer_id": "c1",
    "visitor_id": None,
    "item_id": "i1",
    "quantity": 2,
    "unit_price_minor": 1999,
    "order_id": None,
    "channel": None,
    "slate_id": None,
    "position": None,
    "query": None,
    "properties": '{"colour":"red"}',
}


def test_a_table_becomes_a_log(importing: Importing) -> None:
    assert importing("events", HEADER + LINE).rows == [ROW]


def test_json_lines_become_the_same_log(importing: Importing) -> None:
    assert importing("events", json.dumps(OBJECT) + "\n").rows == [ROW]


def test_parquet_becomes_the_same_log(importing: Importing, tmp_path: Path) -> None:
    typed = OBJECT | {"at": datetime(2026, 3, 1, 2, tzinfo=UTC), "properties": '{"colour": "red"}'}
    pl.DataFrame([typed]).write_parquet(tmp_path / "typed.parquet")
    assert importing("events", tmp_path / "typed.parquet").rows == [ROW]


def test_a_log_reads_back_as_itself(importing: Importing, tmp_path: Path) -> None:
    first = importing("events", HEADER + LINE)
    first.summary.out.rename(tmp_path / "first.parquet")
    assert importing("events", tmp_path / "first.parquet").rows == first.rows


def test_rows_come_out_by_time_then_id(importing: Importing) -> None:
    lines = [
        "b,view,2026-01-02T00:00:00Z,c,i,,,",
        "a,view,2026-01-02T00:00:00Z,c,i,,,",
        "c,view,2026-01-01T00:00:00Z,c,i,,,",
    ]
    log = importing("events", HEADER + "\n".join(lines))
    assert log.frame["event_id"].to_list() == ["c", "a", "b"]


def test_without_an_id_the_content_is_the_id(importing: Importing) -> None:
    text = (
        "type,at,customer_id,item_id\n"
        "view,2026-01-01T00:00:00Z,c,i\n"
        "view,2026-01-01T08:00:00+08:00,c,i\n"  # the same event, said in another way
        "view,2026-01-01T00:00:00Z,c,j\n"
    )
    log = importing("events", text)
    assert log.frame["event_id"].n_unique() == log.frame.height == 2
    assert log.summary.set_aside == {"repeated_event_id": 1}
    again = importing("events", text)
    assert again.rows == log.rows


def test_the_channel_of_the_job_fills_only_what_is_open(importing: Importing) -> None:
    text = (
        "event_id,type,at,customer_id,item_id,channel\n"
        "a,view,2026-01-01T00:00:00Z,c,i,\n"
        "b,view,2026-01-01T00:00:00Z,c,i,pos\n"
    )
    log = importing("events", text, channel="app")
    assert log.frame["channel"].to_list() == ["app", "pos"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"customer_id": 7}, "customer_id_is_no_text"),
        ({"customer_id": ""}, "customer_id_empty"),
        ({"colour": "red"}, "colour_is_no_field"),
        ({"quantity": None}, "quantity_not_a_number"),
        ({"properties": None}, "properties_are_no_object"),
        ({"at": 1e18}, "at_not_an_instant"),
        ({"item_id": "x" * 300}, "item_id_too_long"),
        ({"unit_price": "cheap"}, "unit_price_not_a_number"),
    ],
)
def test_an_object_that_the_schema_refuses_is_rejected(
    importing: Importing, change: dict[str, object], reason: str
) -> None:
    good = json.dumps(OBJECT)
    log = importing("events", good + "\n" + json.dumps(OBJECT | change) + "\n")
    assert log.rows == [ROW]
    assert log.summary.rejected == {reason: 1}


@pytest.mark.parametrize("line", ["{", "[1]", '"text"', '{"a": NaN}', "{} {}"])
def test_a_line_that_is_no_object_is_rejected(importing: Importing, line: str) -> None:
    log = importing("events", json.dumps(OBJECT) + "\n" + line + "\n")
    assert log.summary.rejected == {"line_malformed": 1}


def test_an_object_of_a_looser_writing_is_judged_and_kept(importing: Importing) -> None:
    loose = OBJECT | {"quantity": 2.0, "unit_price": "1.999e1", "at": 1772330400}
    assert importing("events", json.dumps(loose)).rows == [ROW]


def test_numbers_for_customers_and_items_in_parquet_are_names(
    importing: Importing, tmp_path: Path
) -> None:
    frame = pl.DataFrame({"type": ["view"], "at": [1767225600000], "customer_id": 7, "item_id": 9})
    frame.write_parquet(tmp_path / "numbers.parquet")
    row = importing("events", tmp_path / "numbers.parquet").rows[0]
    assert (row["customer_id"], row["item_id"]) == ("7", "9")


def test_timestamps_out_of_every_calendar_are_rejected(
    importing: Importing, tmp_path: Path
) -> None:
    at = pl.Series([1767225600000, 10**18, -(10**18)]).cast(pl.Datetime("ms", "UTC"))
    pl.DataFrame({"type": "view", "at": at, "customer_id": "c", "item_id": "i"}).write_parquet(
        tmp_path / "far.parquet"
    )
    log = importing("events", tmp_path / "far.parquet")
    assert log.summary.rejected == {"at_out_of_range": 2}


@pytest.mark.parametrize(
    ("column", "outcome"),
    [
        (pl.Series("quantity", [2.0]), {}),
        (pl.Series("quantity", [2.5]), {"quantity_not_a_number": 1}),
        (pl.Series("quantity", [float("nan")]), {"quantity_not_a_number": 1}),
        (pl.Series("quantity", ["2"]), {}),
        (pl.Series("quantity", [[2]]), {"quantity_not_a_number": 1}),
        (pl.Series("unit_price", [Decimal("19.99")]), {}),
        (pl.Series("unit_price", [float("inf")]), {"unit_price_not_a_number": 1}),
        (pl.Series("unit_price_minor", [-1]), {"unit_price_out_of_range": 1}),
        (pl.Series("unit_price_minor", ["x"]), {"unit_price_not_a_number": 1}),
        (pl.Series("item_id", ["i"], pl.Categorical), {}),
        (pl.Series("item_id", [1.5]), {"item_id_is_no_text": 1}),
        (pl.Series("at", [date(2026, 1, 1)]), {"at_without_time_zone": 1}),
        (pl.Series("at", [True]), {"at_not_an_instant": 1}),
        (pl.Series("properties", ["{"]), {"properties_are_no_object": 1}),
    ],
    ids=str,
)
def test_parquet_columns_of_any_type_are_read_or_rejected(
    importing: Importing, tmp_path: Path, column: pl.Series, outcome: dict[str, int]
) -> None:
    good = {"type": "view", "at": 1767225600000, "customer_id": "c", "item_id": "i"}
    frame = pl.DataFrame([good]).with_columns(column)
    frame.write_parquet(tmp_path / "typed.parquet")
    if outcome:
        with pytest.raises(LogError, match="no row is an event"):
            importing("events", tmp_path / "typed.parquet")
        reasons = [
            json.loads(line)["reason"]
            for line in (tmp_path / "log.rejects.jsonl").read_text().splitlines()
        ]
        assert reasons == list(outcome)
    else:
        assert importing("events", tmp_path / "typed.parquet").frame.height == 1


def test_parquet_times_need_a_time_zone(importing: Importing, tmp_path: Path) -> None:
    frame = pl.DataFrame({"type": "view", "at": datetime(2026, 1, 1), "customer_id": "c"})  # noqa: DTZ001
    frame.write_parquet(tmp_path / "local.parquet")
    with pytest.raises(LogError, match="no time zone"):
        importing("events", tmp_path / "local.parquet")


def test_columns_that_no_event_has_are_refused(importing: Importing) -> None:
    with pytest.raises(LogError, match=r"has custmer_id, .* known: event_id, type"):
        importing("events", "type,at,custmer_id\nview,2026-01-01T00:00:00Z,c\n")
