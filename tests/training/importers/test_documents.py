"""What `docs/events.md` and its neighbours show is what the code does."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from engine.events import INTERACTIONS, EventType, json_schema
from tests.training.importers.conftest import Importing
from training.importers.events import FIELDS
from training.importers.formats import FORMATS
from training.importers.online_retail import SERVICE_CODES, SERVICE_PREFIXES

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
