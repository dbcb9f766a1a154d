"""CSV and TSV: blocks of lines into rows of text. An empty cell is a missing value.

Records without a quote, nearly all of a log, are split by polars; each one with a quote by the
standard library's csv, strictly, so that a stray quote costs its line and not the rest of the file.
"""

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.errors import LogError
from training.importers.chunk import LINE, Chunk
from training.importers.lines import MAX_LINE_BYTES, Block, bounds, read_blocks
from training.quarantine import Reject

DELIMITERS: Final = (",", "\t", ";")
MAX_RECORD_LINES: Final = 100  # guess: no cell of a shop's export holds more line breaks
QUOTE: Final = ord('"')
BATCH_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True, slots=True)
class Records:
    """Of one block: where each record begins and ends (bytes), its line, whether it is quoted."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]
    quoted: NDArray[np.bool_]


def read_delimited(
    path: Path, encoding: str = "auto", header: tuple[str, ...] | None = None
) -> Iterator[Chunk]:
    """`header` names the columns of a file that has no header line."""
    blocks = (block for block in read_blocks(path, encoding) if block.text.strip() or block.rejects)
    first = next(blocks, None)
    if first is None:
        raise LogError(f"{path.name} is empty")
    first, table = _begin(first, path, header)
    for block in _whole_records(itertools.chain([first], blocks), table):
        yield _to_chunk(block, table)


def _begin(block: Block, path: Path, header: tuple[str, ...] | None) -> tuple[Block, Table]:
    """The block without its header line, and what the line says."""
    blank = len(block.text) - len(block.text.lstrip(b"\n"))
    first, _, rest = block.text[blank:].partition(b"\n")
    line = first.decode("utf-8")
    delimiter = max(DELIMITERS, key=line.count)
    if header is not None:
        return block, Table(header, delimiter)
    columns = tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter), []))
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise LogError(f"{path.name}: the header names {', '.join(map(repr, twice))} twice")
    return replace(block, text=rest, first=block.first + blank + 1), Table(columns, delimiter)


def _whole_records(blocks: Iterator[Block], table: Table) -> Iterator[Block]:
    """Blocks that end where a record ends: what a quote leaves open goes to the next block."""
    held = b""
    for block in blocks:
        text = held + block.text
        first = block.first - held.count(b"\n")
        cut = _open_from(text, table)
        held = text[cut:]
        yield replace(block, text=text[:cut], first=first)
        last = replace(block, text=held, first=first + text.count(b"\n", 0, cut), rejects=())
    if held:
        yield last


def _open_from(text: bytes, table: Table) -> int:
    """Where the record begins that a quote keeps open at the end of a block; else the end."""
    if b'"' not in text:
        return len(text)
    starts, ends = bounds(text)
    opened, _ = _pair(text, starts, ends, table)
    if opened is None or len(starts) - opened > MAX_RECORD_LINES:
        return len(text)
    cut = int(starts[opened])
    return cut if len(text) - cut <= MAX_LINE_BYTES else len(text)


def _pair(
    text: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], table: Table
) -> tuple[int | None, list[tuple[int, int]]]:
    """Lines whose odd quote opens a record, with those that close it; and one that stays open.

    A line that no other closes into a record holds a stray quote.
    """
    pairs: list[tuple[int, int]] = []
    opened: int | None = None
    for line in np.flatnonzero(_quotes(text, starts) % 2).tolist():
        if opened is not None and line - opened <= MAX_RECORD_LINES:
            joined = text[starts[opened] : ends[line]].decode("utf-8")
            if isinstance(_cells(joined, table), list):
                pairs.append((opened, line))
                opened = None
                continue
        opened = line
    return opened, pairs


def _quotes(text: bytes, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n_lines,) quotes in each line."""
    return np.add.reduceat(np.frombuffer(text, np.uint8) == QUOTE, starts, dtype=np.int64)


def _records(block: Block, table: Table) -> Records:
    starts, ends = bounds(block.text)
    lines = np.arange(len(starts), dtype=np.int64) + block.first
    if b'"' not in block.text:
        keep = ends > starts
        return Records(starts[keep], ends[keep], lines[keep], np.zeros(int(keep.sum()), np.bool_))
    quoted = _quotes(block.text, starts) > 0
    keep = ends > starts
    for opened, closed in _pair(block.text, starts, ends, table)[1]:
        ends[opened] = ends[closed]
        keep[opened + 1 : closed + 1] = False
    return Records(starts[keep], ends[keep], lines[keep], quoted[keep])


def _cells(record: str, table: Table) -> list[str] | str:
    """The cells of one record, or what is wrong with it."""
    try:
        rows = list(csv.reader(io.StringIO(record), delimiter=table.delimiter, strict=True))
    except csv.Error as error:
        return str(error)
    if len(rows) != 1:
        return "the lines are records of their own"
    cells = rows[0]
    return cells if len(cells) == len(table.columns) else _miscount(len(cells), table)


def _miscount(found: int, table: Table) -> str:
    return f"{found} cells, the header has {len(table.columns)}"


def _to_chunk(block: Block, table: Table) -> Chunk:
    records = _records(block, table)
    plain, ragged = _plain(block.text, records, table)
    quoted, malformed = _quoted(block.text, records, table)
    frame = pl.concat([plain, quoted]).sort(LINE) if quoted.height else plain
    repeated = pl.all_horizontal(pl.col(name) == name for name in table.columns)
    kept = frame.filter(~repeated.fill_null(value=False))
    ends = dict(zip(records.lines.tolist(), records.ends.tolist(), strict=True))
    starts, _ = bounds(block.text)

    def raw(line: int) -> str:
        start = int(starts[line - block.first])
        return block.text[start : ends.get(line, start)].decode("utf-8")

    return Chunk(
        frame=kept,
        raw=raw,
        done=block.done,
        rejects=block.rejects + ragged + malformed,
        set_aside={"repeated_header": frame.height - kept.height},
    )


def _plain(text: bytes, records: Records, table: Table) -> tuple[pl.DataFrame, tuple[Reject, ...]]:
    plain = ~records.quoted
    starts, ends, lines = records.starts[plain], records.ends[plain], records.lines[plain]
    octets = np.frombuffer(text, np.uint8)
    cells = _count_cells(octets, records, table)[plain]
    good = cells == len(table.columns)
    ragged = tuple(
        Reject(line, "cells_miscounted", _miscount(count, table), text[start:end].decode("utf-8"))
        for line, count, start, end in zip(
            lines[~good].tolist(),
            cells[~good].tolist(),
            starts[~good].tolist(),
            ends[~good].tolist(),
            strict=True,
        )
    )
    rows = _only(octets, starts[good], ends[good])
    return _split(rows, table).with_columns(pl.Series(LINE, lines[good])), ragged


def _count_cells(octets: NDArray[np.uint8], records: Records, table: Table) -> NDArray[np.int64]:
    """Meaningful for records without quotes."""
    if not len(records.starts):
        return np.empty(0, np.int64)
    delimiters = octets == ord(table.delimiter)
    return np.add.reduceat(delimiters, records.starts, dtype=np.int64) + 1


def _only(octets: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> bytes:
    """The text of some lines, each with its newline."""
    if len(octets) == int((ends - starts + 1).sum()):
        return octets.tobytes()
    edges = np.zeros(len(octets) + 1, np.int8)
    edges[starts] += 1
    edges[ends + 1] -= 1
    return octets[np.cumsum(edges[:-1], dtype=np.int8).astype(np.bool_)].tobytes()


def _split(rows: bytes, table: Table) -> pl.DataFrame:
    if not rows:
        return pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))
    return pl.read_csv(
        rows,
        has_header=False,
        new_columns=list(table.columns),
        separator=table.delimiter,
        quote_char=None,
        infer_schema=False,
    )


def _quoted(text: bytes, records: Records, table: Table) -> tuple[pl.DataFrame, tuple[Reject, ...]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    rejects: list[Reject] = []
    chosen = np.flatnonzero(records.quoted)
    for start, end, line in zip(
        records.starts[chosen].tolist(),
        records.ends[chosen].tolist(),
        records.lines[chosen].tolist(),
        strict=True,
    ):
        record = text[start:end].decode("utf-8")
        cells = _cells(record, table)
        if isinstance(cells, str):
            rejects.append(Reject(line, "line_malformed", cells, record))
        else:
            rows.append(cells)
            lines.append(line)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(table.columns, pl.String), orient="row")
    frame = frame.with_columns(pl.all().replace("", None))
    return frame.with_columns(pl.Series(LINE, lines, pl.Int64)), tuple(rejects)
