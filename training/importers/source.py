"""Opens a source by what is in it, not by its name: Parquet, JSON Lines, CSV, TSV; or gzip."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import to_json

from engine.errors import LogError
from training.importers.chunk import LINE, Chunk, Format
from training.importers.delimited import BATCH_ROWS, read_delimited
from training.importers.json_lines import read_json_lines
from training.importers.lines import beginning, bounds, read_blocks

PARQUET_MARK: Final = b"PAR1"
PER_SECOND: Final = {"ms": 1_000, "us": 1_000_000}
CALENDAR: Final = tuple(
    int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (MINYEAR + 1, MAXYEAR)
)
LISTS_BYTES: Final = 1 << 20  # a line holds many events, so a block is smaller


def read_source(path: Path, format_: Format, encoding: str = "auto") -> Iterator[Chunk]:
    """Chunks of about BATCH_ROWS rows, in the order of the source, with the columns checked."""
    for chunk in _chunks(path, format_, encoding):
        frame = chunk.frame.rename(format_.renamed, strict=False)
        _require_columns(path, frame, format_)
        yield replace(chunk, frame=frame)


def _chunks(path: Path, format_: Format, encoding: str) -> Iterator[Chunk]:
    if not path.is_file():
        raise LogError(f"{path} does not exist or is no file")
    if format_.shape == "lines":
        return _read_lines(path, encoding)
    with path.open("rb") as file:
        if file.read(len(PARQUET_MARK)) == PARQUET_MARK:
            return _read_parquet(path)
    begin = beginning(path)
    if begin.startswith(PARQUET_MARK):
        raise LogError(f"{path} is gzip around Parquet, which is compressed already; unpack it")
    if begin.lstrip().startswith(b"{"):
        return read_json_lines(path, encoding, format_.known)
    return read_delimited(path, encoding, format_.header)


def _require_columns(path: Path, frame: pl.DataFrame, format_: Format) -> None:
    there = [name for name in frame.columns if name != LINE]
    missing = [name for name in format_.columns if name not in there]
    if missing:
        raise LogError(
            f"{path.name} lacks {_names(missing)} for the format {format_.name}; "
            f"needed: {_names(format_.columns)}; there: {_names(there)}"
        )
    strange = [name for name in there if format_.known is not None and name not in format_.known]
    if strange:
        raise LogError(
            f"{path.name} has {_names(strange)}, which the format {format_.name} does not know; "
            f"known: {_names(format_.known or ())}; --format mapping takes any columns"
        )


def _names(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names[:40]) + (", …" if len(names) > 40 else "")  # a wrong file may have many


def _read_lines(path: Path, encoding: str) -> Iterator[Chunk]:
    """A frame of one column, `text`; blank lines are left out."""
    for block in read_blocks(path, encoding, LISTS_BYTES):
        texts = block.text.decode("utf-8").split("\n")[:-1]
        starts, _ = bounds(block.text)
        numbers = np.arange(block.first, block.first + len(starts), dtype=np.int64)
        frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String), LINE: numbers})
        blank = pl.col("text").str.strip_chars() == ""
        first = block.first
        yield Chunk(
            frame.filter(~blank),
            lambda line, texts=texts, first=first: texts[line - first],  # type: ignore[misc]
            block.done,
            block.rejects,
        )


def _read_parquet(path: Path) -> Iterator[Chunk]:
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            rows, total = 0, max(1, file.metadata.num_rows)
            for batch in file.iter_batches(BATCH_ROWS):
                frame = pl.from_arrow(pa.Table.from_batches([batch]))
                assert isinstance(frame, pl.DataFrame)
                yield _parquet_chunk(_within_calendar(frame), rows, (rows + len(batch)) / total)
                rows += len(batch)
    except (OSError, pa.ArrowException) as error:
        raise LogError(f"{path} is not a readable Parquet file: {error}") from error


def _within_calendar(frame: pl.DataFrame) -> pl.DataFrame:
    """Timestamps beyond Python's calendar become its edge: still no event, but no crash either."""
    stamps = {name: dtype for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)}
    return frame.with_columns(
        pl.col(name)
        .to_physical()
        .clip(*(second * PER_SECOND[dtype.time_unit] for second in CALENDAR))
        .cast(dtype)
        for name, dtype in stamps.items()
        if dtype.time_unit != "ns"  # which ends in 2262
    )


def _parquet_chunk(frame: pl.DataFrame, before: int, done: float) -> Chunk:
    def raw(line: int) -> str:
        row = frame.row(line - before - 1, named=True)
        return to_json(row, fallback=str, inf_nan_mode="strings").decode("utf-8")

    lines = np.arange(before + 1, before + 1 + frame.height, dtype=np.int64)
    return Chunk(frame.with_columns(pl.Series(LINE, lines)), raw, done)
