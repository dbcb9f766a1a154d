"""Tables as files: numbers stay numbers, and no spreadsheet takes a text for a formula."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.csv_cells import harmless, safe
from training.report.csv_files import csv_of
from training.report.section import Section
from training.report.speech import Speech

DANGEROUS = frozenset("=+-@\t\r\n\0＝＋－＠")  # OWASP ASVS 1.2.10
BLANKS = " \0\t\n\x0b\x0c\r\x1c\x1f\x7f\x85\xa0\u2003\u2028\u3000"
cells = st.text() | st.text(st.sampled_from(BLANKS + "=+-@＝＋－＠1a"))


@settings(deadline=None)  # a busy machine is no fault
@given(cells)
def test_no_cell_begins_like_a_formula(words: str) -> None:
    kept = safe(words)
    assert not kept or kept[0] not in DANGEROUS
    assert not kept.strip(BLANKS) or kept.strip(BLANKS)[0] not in DANGEROUS
    assert kept.removeprefix("'") == words or kept == words


@settings(deadline=None)
@given(cells)
def test_lists_and_reports_have_one_rule(words: str) -> None:
    assert harmless(pl.DataFrame({"title": [words, None]}))["title"].to_list() == [
        safe(words),
        None,
    ]


@pytest.mark.parametrize(
    "start",
    [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        "＝",
        "＋",
        "－",
        "＠",
        "\0",
        " =",
        "\0=",
        "\x0b",
        "\u3000-",
    ],
)
def test_each_dangerous_beginning_gets_an_apostrophe(start: str) -> None:
    assert safe(f"{start}1+1") == f"'{start}1+1"


def test_titles_are_made_safe_and_numbers_are_typed(speeches: Mapping[str, Speech]) -> None:
    table = pl.DataFrame(
        {
            "title": ['=HYPERLINK("evil")', "tea, green"],
            "difference_minor": [-12345, 0],
            "coverage": [0.125, None],
            "customers": [7, 1000],
            "week_end": [0, 1_767_222_000_000],
        }
    )
    told = csv_of(Section("movers", table), speeches["en"])
    assert told.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(told.removeprefix("\ufeff"))))
    assert rows[0][0] == "Title"
    assert rows[1] == ['\'=HYPERLINK("evil")', "-123.45", "0.125", "7", "1970-01-01"]
    assert rows[2] == ["tea, green", "0.00", "", "1000", "2026-01-01"]


def test_each_table_of_the_page_is_a_file(written: Mapping[str, Path]) -> None:
    for language, page in written.items():
        folder = page.parent / f"tables-{language}"
        names = {path.stem for path in folder.iterdir()}
        assert {"week", "weekly", "value_class", "rfm", "curve", "slot", "due_again"} <= names
        for path in folder.iterdir():
            rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
            assert len({len(row) for row in rows}) == 1
