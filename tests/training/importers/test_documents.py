"""What `docs/events.md` and its neighbours show is what the code does."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.events import INTERACTIONS, EventType, json_schema
from tests.training.importers.conftest import Importing
from training.catalogue_file import IN_CURRENCY, read_items
from training.import_items import import_items
from training.importers.events import FIELDS
from training.importers.formats import FORMATS
from training.importers.items import ItemsMapping
from training.importers.mapping import read_items_mapping, read_mapping
from training.importers.online_retail import SERVICE_CODES, SERVICE_PREFIXES
from training.log import ITEMS_SCHEMA

Rows = list[tuple[Any, ...]]
DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "events.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"^```\w+ import=(\S+)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
[MAPPING] = re.findall(r"^```toml mapping\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("format_name", "sample"), SAMPLES)
def test_each_sample_imports_without_a_reject(
    importing: Importing, tmp_path: Path, format_name: str, sample: str
) -> None:
    options = {}
    if format_name == "mapping":
        options = {"mapping": tmp_path / "mapping.toml"}
        options["mapping"].write_text(MAPPING, encoding="utf-8")
    log = importing(format_name, sample, **options)
    assert log.summary.rejected == {}
    assert log.frame.height >= 2


def _catalogue(importing: Importing, tmp_path: Path, sample: str, columns: ItemsMapping) -> Rows:
    [(_, events)] = [(name, text) for name, text in SAMPLES if name == "events"][:1]
    log = importing("events", events).summary.out
    (tmp_path / "items").write_text(sample, encoding="utf-8")
    brought = import_items(tmp_path / "items", log, columns)
    assert brought.rejected == {}
    return read_items(brought.out).rows()


def test_the_samples_of_the_catalogue_are_brought(importing: Importing, tmp_path: Path) -> None:
    [own] = re.findall(r"^```csv items\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    title = "Step 3 formula 800 g · 3段奶粉 800克"
    assert _catalogue(importing, tmp_path, own, ItemsMapping())[0] == (
        *("奶粉-3段", title, "baby > formula", "Kite", "goods", 19_900, 21_900, 40, True),
    )
    shown = r"^  ```(?:toml items|csv items-mapping)\n(.*?)^  ```"
    mapping, table = (
        textwrap.dedent(text) for text in re.findall(shown, PAGE, flags=re.MULTILINE | re.DOTALL)
    )
    (tmp_path / "m.toml").write_text(mapping, encoding="utf-8")
    columns = read_items_mapping(tmp_path / "m.toml")
    nothing = (None, None, None)
    assert _catalogue(importing, tmp_path, table, columns) == [
        ("A-1", "Tea pot", "tea > ware", None, None, 1990, *nothing),
        ("A-2", "How to brew tea", "tea > reading", None, "content", None, *nothing),
    ]


def test_each_column_of_the_catalogue_is_in_its_table() -> None:
    rows = [line.split("|") for line in PAGE.splitlines() if line.count("|") == 5]
    told = {row[1].strip(" `"): row[4].strip() for row in rows}
    for name, dtype in ITEMS_SCHEMA.items():
        assert told[IN_CURRENCY.get(name, name)] == f"`{name}`, {dtype}"


def test_the_example_of_a_mapping_is_read_for_both() -> None:
    example = DOCS.parent / "config" / "mapping.example.toml"
    assert read_items_mapping(example) == read_mapping(example).items
    assert read_items_mapping(example).kinds == {"article": "content"}


def test_each_format_has_its_sample() -> None:
    assert {format_name for format_name, _ in SAMPLES} == set(FORMATS)


def test_the_sample_of_the_till_shows_a_refund_that_found_its_order(importing: Importing) -> None:
    [sample] = [sample for format_name, sample in SAMPLES if format_name == "online-retail"]
    log = importing("online-retail", sample)
    assert log.frame.filter(pl.col("type") == "refund")["order_id"].to_list() == ["536365"]
    assert log.summary.set_aside == {"service_code": 1, "stock_adjustment": 1}


@pytest.mark.parametrize(
    "word",
    [*(str(kind) for kind in EventType), *SERVICE_CODES, *SERVICE_PREFIXES]
    + [name for name in FIELDS if name != "unit_price_minor"],
)
def test_each_word_of_the_schema_is_on_the_page(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_types_that_need_an_item_are_told_apart_on_the_page() -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith("| `view`")]
    assert set(re.findall(r"`(\w+)`", line)) == set(INTERACTIONS) - {"enquiry"}


def test_the_json_schema_is_that_of_the_code() -> None:
    written = (DOCS / "schemas" / "event.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == json_schema()
