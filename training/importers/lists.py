"""Lines of a customer and their items, parted by spaces: `customer item item …`. No times.

Each pair is a purchase at one fixed instant; the log is marked timeless. An item that a line
repeats counts once. Ids of events sort as the line lists its items, so the log keeps that order.
"""

from datetime import UTC, datetime
from typing import Final

import polars as pl

from training.importers.chunk import LINE, Chunk, Draft, Format, Settings

TIMELESS_AT: Final = datetime(2000, 1, 1, tzinfo=UTC)  # decision: any fixed instant does
DIGITS: Final = 7  # of a place within a line


def convert(chunk: Chunk, _: Settings) -> Draft:
    words = chunk.frame.select(pl.col(LINE), pl.col("text").str.extract_all(r"\S+").alias("words"))
    pairs = (
        words.select(
            pl.col(LINE),
            pl.col("words").list.first().alias("customer_id"),
            pl.col("words").list.slice(1).alias("item_id"),
            pl.int_ranges(1, pl.col("words").list.len()).alias("place"),
        )
        .filter(pl.col("item_id").list.len() > 0)
        .explode("item_id", "place")
    )
    once = pairs.unique([LINE, "item_id"], keep="first", maintain_order=True)
    place = pl.col("place").cast(pl.String).str.zfill(DIGITS)
    return Draft(
        once.select(
            pl.col(LINE),
            pl.format("l{}:{}", pl.col(LINE), place).alias("event_id"),
            pl.lit("purchase").alias("type"),
            pl.lit(TIMELESS_AT, pl.Datetime("us", "UTC")).alias("at"),
            pl.col("customer_id"),
            pl.col("item_id"),
        ),
        set_aside={
            "repeated_item": pairs.height - once.height,
            "line_without_items": words.filter(pl.col("words").list.len() < 2).height,
        },
    )


LISTS: Final = Format(name="lists", convert=convert, shape="lines", timeless=True)
