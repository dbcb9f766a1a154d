"""JSON Lines: one object a line. Cells become text; the objects stay beside for a close look."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl
from pydantic_core import from_json, to_json

from training.importers.chunk import LINE, Chunk
from training.importers.lines import Block, bounds, read_blocks
from training.quarantine import Reject

MALFORMED: Final = "line_malformed"
DTYPES: Final = {str: pl.String, int: pl.Int64, float: pl.Float64}


def read_json_lines(path: Path, encoding: str, columns: tuple[str, ...] | None) -> Iterator[Chunk]:
    """`columns` are the keys wanted; None takes every key met in a block."""
    for block in read_blocks(path, encoding):
        yield _to_chunk(block, columns)


def _to_chunk(block: Block, columns: tuple[str, ...] | None) -> Chunk:
    starts, ends = bounds(block.text)
    values: list[Mapping[str, Any]] = []
    lines: list[int] = []
    rejects: list[Reject] = []
    for position, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        text = block.text[start:end]
        if not text.strip():
            continue
        value = _object(text)
        if isinstance(value, str):
            line = block.first + position
            rejects.append(Reject(line, MALFORMED, value, text.decode("utf-8")))
        else:
            values.append(value)
            lines.append(block.first + position)
    keys = columns if columns is not None else _keys(values)
    frame = pl.DataFrame({key: _column(values, key) for key in keys})
    frame = frame.with_columns(pl.Series(LINE, lines, pl.Int64))

    def raw(line: int) -> str:
        position = line - block.first
        return block.text[int(starts[position]) : int(ends[position])].decode("utf-8")

    return Chunk(frame, raw, block.done, block.rejects + tuple(rejects), values=values)


def _object(text: bytes) -> Mapping[str, Any] | str:
    """The object of a line, or what is wrong with it."""
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        return str(error)
    return value if isinstance(value, dict) else f"is a {type(value).__name__}, not an object"


def _keys(values: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for value in values for key in value))


def _column(values: list[Mapping[str, Any]], key: str) -> pl.Series:
    cells = [value.get(key) for value in values]
    kinds = set(map(type, cells)) - {type(None)}
    dtype = DTYPES.get(kinds.pop(), pl.String) if len(kinds) == 1 else pl.String
    try:
        return pl.Series(key, cells, dtype, strict=True).cast(pl.String)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(key, [_text(cell) for cell in cells], pl.String)


def _text(cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    return to_json(cell).decode("utf-8")
