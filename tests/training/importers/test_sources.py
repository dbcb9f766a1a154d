"""Encodings, packings and broken files, through the events format."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from engine.errors import LogError
from tests.training.importers.conftest import Importing
from training.importers import lines as lines_module

HEADER = "event_id,type,at,customer_id,item_id,query\n"


def line(name: str, item: str = "i", query: str = "") -> str:
    return f"{name},view,2026-01-01T00:00:00Z,c,{item},{query}\n"


def quarantined(folder: Path) -> list[dict[str, object]]:
    text = (folder / "log.rejects.jsonl").read_text(encoding="utf-8")
    return [json.loads(row) for row in text.splitlines()]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8"),
        lambda text: b"\xef\xbb\xbf" + text.encode("utf-8"),
        lambda text: text.encode("gbk"),
        lambda text: text.encode("gb18030"),
        lambda text: gzip.compress(text.encode("utf-8")),
        lambda text: gzip.compress(text.encode("gbk")),
        lambda text: gzip.compress(text[:50].encode()) + gzip.compress(text[50:].encode()) + b"\0",
        lambda text: text.replace("\n", "\r\n").encode("utf-8"),
        lambda text: text.replace(",", "\t").encode("utf-8"),
        lambda text: text.replace(",", ";").encode("utf-8"),
        lambda text: ("\n\n" + text.replace("\n", "\n\n")).encode("utf-8"),
        lambda text: text.rstrip("\n").encode("utf-8"),
    ],
    ids=[
        *["utf-8", "byte order mark", "gbk", "gb18030", "gzip", "gzip of gbk", "gzips in a row"],
        *["carriage returns", "tabs", "semicolons", "blank lines", "no last newline"],
    ],
)
def test_every_writing_of_a_table_reads_the_same(importing: Importing, encode: object) -> None:
    text = HEADER + line("e1", "奶粉三段") + line("e2", "尿布", "宝宝")
    log = importing("events", encode(text))  # type: ignore[operator]
    assert log.frame.select("item_id", "query").rows() == [("奶粉三段", None), ("尿布", "宝宝")]


def test_quoted_cells_may_hold_commas_quotes_and_line_breaks(importing: Importing) -> None:
    text = HEADER + line("e1", '"a,b"') + line("e2", '"say ""hi"""') + line("e3", '"two\nlines"')
    log = importing("events", text + line("e4"))
    assert log.frame["item_id"].to_list() == ["a,b", 'say "hi"', "two\nlines", "i"]


def test_a_stray_quote_costs_its_line_at_most(importing: Importing, tmp_path: Path) -> None:
    text = (
        HEADER
        + line("e1", '5" pipe')
        + line("e2", '"open')
        + "".join(line(f"f{n}") for n in range(300))
    )
    log = importing("events", text)
    assert log.frame["item_id"].to_list().count("i") == 300
    assert log.frame.filter(event_id="e1")["item_id"].to_list() == ['5" pipe']
    assert [(row["line"], row["reason"]) for row in quarantined(tmp_path)] == [
        (3, "line_malformed")
    ]


def test_a_quote_that_nothing_closes_costs_the_last_line(importing: Importing) -> None:
    log = importing("events", HEADER + line("e1") + line("e2", '"open'))
    assert log.frame["event_id"].to_list() == ["e1"]
    assert log.summary.rejected == {"line_malformed": 1}


def test_lines_of_more_or_fewer_cells_are_rejected_with_their_number(
    importing: Importing, tmp_path: Path
) -> None:
    log = importing("events", HEADER + line("e1") + "e2,view\n" + line("e3") + "a,b,c,d,e,f,g\n")
    assert log.frame["event_id"].to_list() == ["e1", "e3"]
    assert quarantined(tmp_path)[0] == {
        "line": 3,
        "reason": "cells_miscounted",
        "detail": "2 cells, the header has 6",
        "raw": "e2,view",
    }
    assert quarantined(tmp_path)[1]["line"] == 5


def test_a_header_in_the_middle_is_set_aside(importing: Importing) -> None:
    log = importing("events", HEADER + line("e1") + HEADER + line("e2"))
    assert log.frame.height == 2
    assert log.summary.set_aside == {"repeated_header": 1}
    assert log.summary.rows == 3


def test_a_column_named_twice_is_refused(importing: Importing) -> None:
    with pytest.raises(LogError, match="names 'type' twice"):
        importing("events", "event_id,type,at,type\n")


def test_a_missing_column_is_named_with_those_that_are_there(importing: Importing) -> None:
    with pytest.raises(LogError, match=r"lacks at for .*; needed: type, at; there: event_id, type"):
        importing("events", "event_id,type\ne,view\n")


def test_a_line_that_is_not_utf8_is_rejected_alone(importing: Importing, tmp_path: Path) -> None:
    good = [line(f"e{n}", "奶粉").encode() for n in range(5)]
    text = HEADER.encode() + b"".join(good) + line("bad", "x").encode().replace(b"x", b"\xff\xfe")
    log = importing("events", text + line("last").encode())
    assert log.frame.height == 6
    assert quarantined(tmp_path)[0]["reason"] == "line_not_readable"
    assert quarantined(tmp_path)[0]["line"] == 7


def test_a_wrong_encoding_is_refused_with_the_one_to_try(importing: Importing) -> None:
    text = (HEADER + line("e1", "£ 5 é")).encode("windows-1252")
    with pytest.raises(LogError, match="try windows-1252"):
        importing("events", text)
    assert importing("events", text, encoding="windows-1252").rows[0]["item_id"] == "£ 5 é"


def test_a_declared_encoding_that_does_not_fit_is_refused(importing: Importing) -> None:
    with pytest.raises(LogError, match="is not utf-8; try gb18030"):
        importing("events", (HEADER + line("e1", "奶粉三段")).encode("gbk"), encoding="utf-8")


def test_utf16_is_refused_by_name(importing: Importing) -> None:
    with pytest.raises(LogError, match="UTF-16"):
        importing("events", (HEADER + line("e1")).encode("utf-16"))


def test_a_torn_gzip_says_how_far_it_reads(importing: Importing, tmp_path: Path) -> None:
    text = HEADER + "".join(line(f"event-{n * 7919 % 10007}") for n in range(5000))
    packed = gzip.compress(text.encode("utf-8"))
    with pytest.raises(
        LogError, match=r"truncated gzip file.* [1-9][0-9,]+ bytes of text, in line"
    ):
        importing("events", packed[: len(packed) // 2])
    assert not (tmp_path / "log.parquet").exists()


def test_a_damaged_gzip_is_refused(importing: Importing) -> None:
    packed = bytearray(gzip.compress((HEADER + line("e1")).encode()))
    packed[-5] ^= 0xFF  # the check sum
    with pytest.raises(LogError, match="damaged gzip"):
        importing("events", bytes(packed))


def test_a_torn_parquet_is_refused(importing: Importing, tmp_path: Path) -> None:
    pl.DataFrame({"type": ["view"]}).write_parquet(tmp_path / "whole.parquet")
    with pytest.raises(LogError, match="not a readable Parquet"):
        importing("events", (tmp_path / "whole.parquet").read_bytes()[:-20])


def test_gzip_around_parquet_is_refused(importing: Importing, tmp_path: Path) -> None:
    pl.DataFrame({"type": ["view"]}).write_parquet(tmp_path / "whole.parquet")
    with pytest.raises(LogError, match="unpack it"):
        importing("events", gzip.compress((tmp_path / "whole.parquet").read_bytes()))


@pytest.mark.parametrize("text", ["", "\n\n", HEADER])
def test_a_source_without_rows_is_refused(importing: Importing, text: str) -> None:
    with pytest.raises(LogError, match=r"empty|no rows|lacks"):
        importing("events", text)


def test_a_source_that_is_not_there_is_refused(importing: Importing, tmp_path: Path) -> None:
    with pytest.raises(LogError, match="does not exist"):
        importing("events", tmp_path / "nothing.csv")


@pytest.mark.parametrize("ending", ["\n", ""])
def test_an_id_of_ten_megabytes_is_rejected_and_the_rest_stays(
    importing: Importing, tmp_path: Path, ending: str
) -> None:
    text = HEADER + line("e1") + line("huge", "x" * 10_000_000).rstrip("\n") + ending
    log = importing("events", text + (line("e3") if ending else ""))
    assert log.frame["event_id"].to_list() == (["e1", "e3"] if ending else ["e1"])
    [reject] = quarantined(tmp_path)
    assert (reject["line"], reject["reason"]) == (3, "line_too_long")
    assert len(str(reject["raw"])) == 1024


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1000])
def test_where_a_block_ends_changes_nothing(
    importing: Importing, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    text = HEADER + line("e1", "奶粉") + line("e2", '"two\nlines"') + "short\n" + line("e3") * 2
    whole = importing("events", text)
    real = lines_module._cut_at_lines
    monkeypatch.setattr(lines_module, "_cut_at_lines", lambda path, _: real(path, block_bytes))
    pieces = importing("events", text)
    assert pieces.rows == whole.rows
    assert pieces.summary == whole.summary
