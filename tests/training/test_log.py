from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from engine.errors import LogError
from training.log import (
    SCHEMA,
    LogHeader,
    LogWriter,
    conform,
    items_path,
    read_header,
    read_log,
    write_log,
)

HEADER = LogHeader(currency="GBP", minor_units=2, stream_through="17-3", timeless=True)


def events(*ids: str, day: int = 1) -> pl.DataFrame:
    at = [datetime(2026, 1, day, tzinfo=UTC)] * len(ids)
    return pl.DataFrame({"event_id": ids, "type": "view", "at": at, "item_id": "i"})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = write_log(events("b", "a"), HEADER, tmp_path / "log.parquet")
    read = read_log(tmp_path / "log.parquet")
    assert read.frame.equals(written.frame)
    assert read.frame.schema == SCHEMA
    assert read.frame["event_id"].to_list() == ["a", "b"]
    assert read.frame["quantity"].to_list() == [1, 1]
    assert read.header == HEADER
    assert len(read) == 2


def test_the_header_lies_in_the_files_metadata(tmp_path: Path) -> None:
    write_log(events("a"), HEADER, tmp_path / "log.parquet")
    metadata = pq.read_metadata(tmp_path / "log.parquet").metadata
    assert metadata[b"caini.schema"] == b"1"
    assert metadata[b"caini.currency"] == b"GBP"
    assert metadata[b"caini.minor_units"] == b"2"
    assert metadata[b"caini.stream_through"] == b"17-3"
    assert metadata[b"caini.timeless"] == b"1"


def test_a_log_is_written_piece_by_piece(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log.parquet", LogHeader()) as writer:
        writer.write(events("b", day=1))
        writer.write(events(day=1))
        writer.write(events("a", day=2))
    assert read_log(tmp_path / "log.parquet").frame["event_id"].to_list() == ["b", "a"]


@pytest.mark.parametrize("second", [events("a", day=1), events("c", day=1), events("z", day=1)])
def test_pieces_out_of_order_are_refused_and_leave_nothing(
    tmp_path: Path, second: pl.DataFrame
) -> None:
    def write() -> None:
        with LogWriter(tmp_path / "log.parquet", LogHeader()) as writer:
            writer.write(events("z", day=1))
            writer.write(second)

    with pytest.raises(LogError, match="out of order"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_failed_writing_leaves_the_log_from_before(tmp_path: Path) -> None:
    write_log(events("a"), HEADER, tmp_path / "log.parquet")

    def write() -> None:
        with LogWriter(tmp_path / "log.parquet", LogHeader()) as writer:
            writer.write(events("b"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert read_log(tmp_path / "log.parquet").frame["event_id"].to_list() == ["a"]
    assert len(list(tmp_path.iterdir())) == 1


def test_repeated_ids_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="repeated event ids"):
        write_log(pl.concat([events("a"), events("a", day=2)]), HEADER, tmp_path / "log.parquet")


def test_columns_that_a_log_needs_are_named() -> None:
    with pytest.raises(LogError, match="event_id, type, at"):
        conform(pl.DataFrame({"item_id": ["a"]}))


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    events("a").write_parquet(tmp_path / "other.parquet")
    with pytest.raises(LogError, match=r"no behaviour log .* caini import"):
        read_header(tmp_path / "other.parquet")


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("event_id")
    with pytest.raises(LogError, match="not a readable Parquet"):
        read_log(tmp_path / "text")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="does not exist"):
        read_log(tmp_path / "nothing")


def test_a_log_that_is_not_sorted_is_refused(tmp_path: Path) -> None:
    write_log(events("a"), HEADER, tmp_path / "log.parquet")
    table = pq.read_table(tmp_path / "log.parquet")
    late = conform(events("b", day=2)).to_arrow().cast(table.schema)
    with pq.ParquetWriter(tmp_path / "log.parquet", table.schema) as writer:
        writer.write_table(late)
        writer.write_table(table)
    with pytest.raises(LogError, match="not sorted"):
        read_log(tmp_path / "log.parquet")


def test_the_catalogue_lies_beside_the_log() -> None:
    assert items_path(Path("data/shop.parquet")) == Path("data/shop.items.parquet")
