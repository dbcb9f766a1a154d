import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from engine.errors import ConfigError, LogError, UnknownName
from tests.training.importers.conftest import Importing
from training.importers.formats import FORMATS, format_named

EXAMPLE = Path(__file__).parents[3] / "config" / "mapping.example.toml"
COLUMNS = '[columns]\ncustomer_id = "who"\ntype = "what"\nat = "when"\nitem_id = "which"\n'
HEADER = "who,what,when,which\n"


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "mapping.toml"


def test_the_example_reads_a_log_without_a_header(importing: Importing) -> None:
    text = "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,buy,1511561733\n"
    log = importing("mapping", text, mapping=EXAMPLE)
    assert log.frame.select("type", "item_id", "channel", "properties").rows() == [
        ("view", "2268318", "app", '{"category":"2520377"}'),
        ("purchase", "2333346", "app", '{"category":"2520771"}'),
    ]
    assert log.rows[0]["at"] == datetime(2017, 11, 24, 17, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "cell"),
    [
        ('unit = "s"', "1767225600"),
        ('unit = "s"', "1767225600.0"),
        ('unit = "ms"', "1767225600000"),
        ('unit = "us"', "1767225600000000"),
        ('unit = "ns"', "1767225600000000000"),
        ('format = "%d.%m.%Y %H:%M"\nzone = "Asia/Shanghai"', "01.01.2026 08:00"),
        ('format = "%Y%m%d %H%M%S %z"', "20260101 080000 +0800"),
        ('zone = "Asia/Shanghai"', "2026-01-01 08:00:00"),
        ('zone = "Asia/Shanghai"', "2026-01-01T08:00:00.000"),
        ('zone = "Asia/Shanghai"', "2026-01-01T00:00:00Z"),
        ("", "2026-01-01 00:00:00"),
    ],
)
def test_times_of_every_form_are_read(
    importing: Importing, toml: Path, time: str, cell: str
) -> None:
    toml.write_text(COLUMNS + "[time]\n" + time, encoding="utf-8")
    [row] = importing("mapping", f"{HEADER}c,view,{cell},i\n", mapping=toml).rows
    assert row["at"] == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("cell", ["NaN", "1e18", "1000000000000000000", "-5", "soon", "inf"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_absurd_numbers_for_times_are_rejected(
    importing: Importing, toml: Path, unit: str, cell: str
) -> None:
    if (unit, cell) in {("ns", "1e18"), ("ns", "1000000000000000000")}:
        pytest.skip("the year 2001")
    toml.write_text(f'{COLUMNS}[time]\nunit = "{unit}"', encoding="utf-8")
    good = 1767225600 * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    log = importing("mapping", f"{HEADER}c,view,{good},i\nc,view,{cell},i\n", mapping=toml)
    assert log.frame.height == 1
    assert sum(log.summary.rejected.values()) == 1


def test_a_timestamp_column_without_a_zone_takes_that_of_the_mapping(
    importing: Importing, toml: Path, tmp_path: Path
) -> None:
    toml.write_text(COLUMNS + '[time]\nzone = "Asia/Shanghai"', encoding="utf-8")
    at = datetime(2026, 1, 1, 8)  # noqa: DTZ001
    frame = pl.DataFrame({"who": [1], "what": ["view"], "when": [at], "which": ["i"]})
    frame.write_parquet(tmp_path / "shop.parquet")
    [row] = importing("mapping", tmp_path / "shop.parquet", mapping=toml).rows
    assert row["at"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_types_can_be_skipped_and_others_are_rejected(importing: Importing, toml: Path) -> None:
    text = 'skip_types = ["beat"]\n' + COLUMNS + '[types]\npv = "view"\n'
    toml.write_text(text, encoding="utf-8")
    cells = "".join(f"c,{kind},2026-01-01T00:00:00Z,i\n" for kind in ("pv", "beat", "view", "gone"))
    log = importing("mapping", HEADER + cells, mapping=toml)
    assert log.summary.set_aside == {"skipped_type": 1, "repeated_event_id": 1}
    assert log.summary.rejected == {"type_unknown": 1}


def test_json_lines_can_be_mapped_too(importing: Importing, toml: Path) -> None:
    toml.write_text(COLUMNS + '[time]\nunit = "ms"', encoding="utf-8")
    text = '{"who": 1, "what": "view", "when": 1767225600000, "which": "i", "more": [1]}\n'
    assert importing("mapping", text, mapping=toml).rows[0]["customer_id"] == "1"


def test_a_column_of_the_mapping_that_is_not_there_is_named(
    importing: Importing, toml: Path
) -> None:
    toml.write_text(COLUMNS, encoding="utf-8")
    with pytest.raises(LogError, match=r"lacks which .* there: who, what, when"):
        importing("mapping", "who,what,when\n1,2,3\n", mapping=toml)


def test_every_fault_of_a_mapping_is_told_at_once(importing: Importing, toml: Path) -> None:
    toml.write_text(
        '[columns]\ncolour = "c"\n[tims]\nx = 1\n[types]\npv = "look"\n[time]\nzone = "Mars"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as refused:
        importing("mapping", HEADER, mapping=toml)
    assert "columns.colour: 'colour' is no field of an event; known: event_id" in str(refused.value)
    for fault in ("colour", "tims", "types.pv", "Mars"):
        assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[columns]\ntype = "t"\n', "do not say at, customer_id"),
        (COLUMNS + '[constants]\ntype = "view"\n', "type is both"),
        (COLUMNS + '[time]\nunit = "s"\nformat = "%Y"\n', "both unit and format"),
        ("[columns", "not TOML"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(
    importing: Importing, toml: Path, text: str, fault: str
) -> None:
    toml.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=fault):
        importing("mapping", HEADER, mapping=toml)


def test_a_format_that_is_not_known_lists_those_that_are() -> None:
    with pytest.raises(UnknownName, match="cdnow, events, lists, mapping, online-retail"):
        format_named("excel", None)


@pytest.mark.parametrize("name", FORMATS)
def test_only_the_format_mapping_takes_a_mapping(name: str) -> None:
    needs = name == "mapping"
    with pytest.raises(ConfigError, match="mapping"):
        format_named(name, None if needs else EXAMPLE)
    assert format_named(name, EXAMPLE if needs else None).name == name


def test_a_table_tells_consents_by_words_and_referrers_by_numbers(
    importing: Importing, toml: Path, tmp_path: Path
) -> None:
    said = '[properties]\npersonal = "data"\nreferrer_id = "by"\nnote = "note"\n'
    toml.write_text('[columns]\ncustomer_id = "who"\ntype = "what"\nat = "when"\n' + said)
    text = (
        "who,what,when,data,by,note\n"
        "ann,consent,2026-01-01 10:00,FALSE,,\n"
        "ben,consent,2026-01-02 10:00,true,,true\n"
        "cat,consent,2026-01-03 10:00,no,,\n"
        "dan,referral,2026-01-04 10:00,,17,\n"
    )
    told = importing("mapping", text, mapping=toml)
    assert told.frame["properties"].to_list() == [
        '{"personal":false}',
        '{"personal":true,"note":"true"}',
        '{"referrer_id":"17"}',
    ]
    assert told.summary.quarantine is not None
    [reject] = map(json.loads, told.summary.quarantine.read_text("utf-8").splitlines())
    assert (reject["line"], reject["reason"]) == (4, "properties_wrong")
    assert reject["detail"] == 'a consent has "no" as properties.personal; allowed: true, false'
    numbers = tmp_path / "shop.parquet"
    line = {"who": "dan", "what": "referral", "when": "2026-01-04 10:00", "data": None, "by": 17}
    pl.DataFrame([{**line, "note": None}], schema_overrides={"data": pl.String}).write_parquet(
        numbers
    )
    told = importing("mapping", numbers, mapping=toml)
    assert told.frame["properties"].to_list() == ['{"referrer_id":"17"}']
