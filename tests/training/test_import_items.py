"""A shop's list of its items becomes the catalogue beside its log."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from caini.verbs import import_ as verb
from engine.errors import ConfigError, LogError
from training.catalogue_file import read_items
from training.import_items import ItemsSummary, import_items
from training.import_job import ImportOptions, import_log
from training.importers.items import ItemsMapping
from training.importers.mapping import read_items_mapping
from training.log import ITEMS_SCHEMA, items_path

HEADER = "item_id,title,category,brand,kind,price,list_price,stock,available\n"
POT = "pot,Tea pot · 茶壶,tea > ware,Kite,goods,19.90,25,40,true\n"
GUIDE = "guide,How to brew,,,content,,,,\n"
EVENTS = "type,at,customer_id,item_id\nview,2026-01-01T00:00:00Z,c,pot\n"
MAPPING = """
[items]
separator = "/"
[items.columns]
item_id = "sku"
title = "name"
category = "class"
kind = "what"
price = "rrp"
[items.kinds]
article = "content"
"""

Bringing = Callable[..., ItemsSummary]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "events.csv").write_text(EVENTS)
    return import_log(
        tmp_path / "events.csv", tmp_path / "log.parquet", ImportOptions("events")
    ).out


@pytest.fixture
def bringing(log: Path, tmp_path: Path) -> Bringing:
    """(text or table of items, mapping …) -> what came of it; half may be rejected."""

    def run(
        source: str | pl.DataFrame, mapping: str = "", max_reject_share: float = 0.5
    ) -> ItemsSummary:
        path = tmp_path / "shop"
        if isinstance(source, str):
            path.write_text(source, encoding="utf-8")
        else:
            source.write_parquet(path)
        columns = ItemsMapping()
        if mapping:
            (tmp_path / "m.toml").write_text(mapping, encoding="utf-8")
            columns = read_items_mapping(tmp_path / "m.toml")
        return import_items(path, log, columns, max_reject_share=max_reject_share)

    return run


def rejected(tmp_path: Path) -> list[dict[str, str]]:
    lines = (tmp_path / "log.items.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_list_of_items_is_the_catalogue_that_a_training_reads(
    bringing: Bringing, log: Path
) -> None:
    brought = bringing(HEADER + POT + GUIDE)
    assert (brought.out, brought.rows, brought.items) == (items_path(log), 2, 2)
    assert brought.filled["title"] == 2
    assert brought.filled["price_minor"] == 1
    items = read_items(brought.out)
    assert items.schema == ITEMS_SCHEMA
    assert items.rows() == [
        ("pot", "Tea pot · 茶壶", "tea > ware", "Kite", "goods", 1990, 2500, 40, True),
        ("guide", "How to brew", None, None, "content", None, None, None, None),
    ]


def test_prices_are_rounded_to_the_minor_units_of_the_log(log: Path, tmp_path: Path) -> None:
    options = ImportOptions("events", currency="JPY", minor_units=0)
    import_log(tmp_path / "events.csv", log, options)
    (tmp_path / "items.csv").write_text("item_id,price\npot,1500\ncup,2.5\n")
    items = import_items(tmp_path / "items.csv", log, ItemsMapping()).out
    assert pl.read_parquet(items)["price_minor"].to_list() == [1500, 2]


def test_minor_units_are_taken_as_they_are(bringing: Bringing) -> None:
    brought = bringing(
        pl.DataFrame({"item_id": [7], "price_minor": [1990.0], "available": [False]})
    )
    [item] = read_items(brought.out).to_dicts()
    assert (item["item_id"], item["price_minor"], item["available"]) == ("7", 1990, False)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_mapping_names_the_columns_of_any_file(bringing: Bringing, form: str) -> None:
    table = pl.DataFrame(
        {
            "sku": [7, 8],
            "name": ["Pot", "How to brew"],
            "class": ["tea/ware", "tea"],
            "what": [None, "article"],
            "rrp": [19.9, None],
            "colour": ["red", None],
        }
    )
    texts = {"csv": table.write_csv, "jsonl": table.write_ndjson}
    brought = bringing(texts[form]() if form in texts else table, MAPPING)
    assert brought.rejected == {}
    told = read_items(brought.out).select("item_id", "title", "category", "kind", "price_minor")
    assert told.rows() == [
        ("7", "Pot", "tea > ware", None, 1990),
        ("8", "How to brew", "tea", "content", None),
    ]


@pytest.mark.parametrize(
    ("cells", "reason", "detail"),
    [
        (",A,,,,,,,", "item_id_missing", "item_id is missing or blank"),
        ("x" * 257 + ",,,,,,,,", "item_id_too_long", "item_id is 257 bytes long"),
        ("a,,x > ,,,,,,", "category_with_an_empty_part", "category 'x >' is a path with an"),
        ("a,,,,good,,,,", "kind_unknown", "kind 'good' is none of goods, content, service"),
        ("a,,,,,1e3,,,", "price_not_a_number", "price '1e3' is no price"),
        ("a,,,,,,-1,,", "list_price_not_a_number", "list_price '-1' is no price"),
        ("a,,,,,,,2.5,", "stock_not_a_number", "stock '2.5' is no whole number, 0 or more"),
        ("a,,,,,,,,maybe", "available_not_yes_or_no", "available 'maybe' is none of true,"),
        ("pot,,,,,,,,", "item_id_repeated", "item_id 'pot' is there more than once"),
        ("a,b", "cells_miscounted", "2 cells, the header has 9"),
    ],
)
def test_a_bad_line_is_put_aside_with_its_line_and_cell(
    bringing: Bringing, tmp_path: Path, cells: str, reason: str, detail: str
) -> None:
    brought = bringing(f"{HEADER}{POT}{cells}\n{GUIDE}")
    assert (brought.rows, brought.items, brought.rejected) == (3, 2, {reason: 1})
    [reject] = rejected(tmp_path)
    assert (reject["line"], reject["reason"], reject["raw"]) == (3, reason, cells)
    assert reject["detail"].startswith(detail)


def test_all_faults_of_a_line_are_told(bringing: Bringing, tmp_path: Path) -> None:
    bringing(HEADER + POT + 'b,,,,good,"19,90",,-3,\n')
    [reject] = rejected(tmp_path)
    assert reject["reason"] == "kind_unknown"
    for part in ("kind 'good'", "price '19,90'", "stock '-3'"):
        assert part in reject["detail"]


def test_too_many_bad_lines_leave_the_catalogue_as_it_was(bringing: Bringing, log: Path) -> None:
    bringing(HEADER + POT)
    with pytest.raises(LogError, match=r"1 of 2 rows \(50.0%\) .* are no items, .* no catalogue"):
        bringing(HEADER + GUIDE + "a,,,,good,,,,\n", max_reject_share=0.4)
    assert read_items(items_path(log))["item_id"].to_list() == ["pot"]
    with pytest.raises(LogError, match="no row of shop is an item"):
        bringing(HEADER + "a,,,,good,,,,\n", max_reject_share=1.0)


@pytest.mark.parametrize(
    ("text", "mapping", "fault"),
    [
        ("item_id,prise\na,1\n", "", "shop: 'prise' is no column of the catalogue; did you mean p"),
        ('{"item_id": "a", "titel": "A"}\n', "", "'titel' is no .* did you mean title?"),
        ("item_id,price,price_minor\na,1,100\n", "", "both price and price_minor"),
        ("sku,title\na,A\n", "", "lacks item_id for the format items"),
        ("sku,name\na,A\n", MAPPING, r"lacks class, what, rrp of \[items.columns\]; there: name,"),
        (HEADER, "", "no rows"),
    ],
)
def test_columns_that_cannot_be_used_are_named(
    bringing: Bringing, text: str, mapping: str, fault: str
) -> None:
    with pytest.raises(LogError, match=fault):
        bringing(text, mapping)


def test_a_column_of_a_type_that_it_cannot_be_is_named(bringing: Bringing) -> None:
    with pytest.raises(LogError, match="the column item_id is of the type Float64, which item_id"):
        bringing(pl.DataFrame({"item_id": [1.0]}))
    with pytest.raises(LogError, match=r"the column stock is of the type List\(Int64\), which"):
        bringing(pl.DataFrame({"item_id": [1], "stock": [[1]]}))


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        ('[items.columns]\nitem_id = "a"\nprise = "b"\n', r"items.columns.prise: .* mean price\?"),
        ('[items.columns]\ntitle = "a"\n', "columns do not say item_id"),
        ('[items.kinds]\na = "good"\n', "items.kinds.a"),
        ("[item]\n", r"'item' is no key of this table; did you mean items\?"),
    ],
)
def test_a_mapping_of_items_that_makes_no_sense_is_refused(
    bringing: Bringing, mapping: str, fault: str
) -> None:
    with pytest.raises(ConfigError, match=fault):
        bringing(HEADER + POT, mapping)


def test_a_mapping_may_say_both_what_events_are_and_what_items(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.toml").write_text(
        '[columns]\ntype = "what"\nat = "when"\ncustomer_id = "who"\nitem_id = "which"\n' + MAPPING
    )
    (tmp_path / "events.csv").write_text("what,when,who,which\nview,2026-01-01T00:00:00Z,c,7\n")
    (tmp_path / "items.csv").write_text("sku,name,class,what,rrp\n7,Pot,tea,,19.90\n")
    out = tmp_path / "log.parquet"
    verb.run(
        tmp_path / "events.csv",
        out,
        format="mapping",
        mapping=tmp_path / "m.toml",
        items=tmp_path / "items.csv",
        as_json=True,
    )
    told = json.loads(capsys.readouterr().out)
    assert (told["events"], told["items"]) == (1, str(items_path(out)))
    assert told["catalogue"]["items"] == 1
    assert told["catalogue"]["quarantine"] is None


def test_the_verb_tells_of_what_is_filled_and_where_the_rejects_are(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "items.csv").write_text(HEADER + POT + "a,,,,good,,,,\n")
    before = log.read_bytes()
    verb.run(None, log, items=tmp_path / "items.csv", max_reject_share=0.5)
    said = capsys.readouterr().out
    assert "1 items in" in said
    assert "price_minor" in said
    assert "log.items.rejects.jsonl" in said.replace("\n", "")
    assert log.read_bytes() == before


def test_what_is_asked_without_sense_is_refused(log: Path, tmp_path: Path) -> None:
    for asked, fault in (
        ({}, "say what to import"),
        ({"items": log, "format": "events"}, "--format belongs to a SOURCE"),
    ):
        with pytest.raises(ConfigError, match=fault):
            verb.run(None, log, **asked)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="--format says what SOURCE is: events, "):
        verb.run(tmp_path / "events.csv", log)
    with pytest.raises(LogError, match="does not exist; import it first"):
        verb.run(None, tmp_path / "none.parquet", items=tmp_path / "events.csv")
