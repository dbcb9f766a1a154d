"""Texts of a bundle as columns of a table, where they lie."""

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from engine.bundle import Bundle
from engine.text import TextColumn
from engine.types import Rows


def texts_of(column: TextColumn) -> pl.Series:
    buffers = pa.py_buffer(column.offsets), pa.py_buffer(column.data)
    return pl.Series(pa.LargeStringArray.from_buffers(len(column), *buffers))


@dataclass(frozen=True, slots=True)
class ItemTexts:
    """By item row."""

    ids: pl.Series
    titles: pl.Series  # the id of an item that has none, as `Bundle.title_of`


def item_texts(bundle: Bundle) -> ItemTexts:
    ids, titles = texts_of(bundle.items.text), texts_of(bundle.catalogue.titles)
    return ItemTexts(ids, titles.zip_with(titles.str.len_bytes() > 0, ids))


def gathered(column: pl.Series, rows: Rows) -> pl.Series:
    """Null where there is no row (-1)."""
    return column.gather(pl.Series(rows).replace(-1, None))
