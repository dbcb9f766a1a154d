"""CDNOW: `customer date number dollars` (the master file) or with a second, sample id (the sample).

The file does not say which discs were bought: all purchases are of one item, `cd`. The unit price
is dollars / number, rounded; what was paid in all is kept to the cent in `properties.total_minor`.
Rows of no dollars are kept. Dates have no hour: midnight UTC.
"""

from typing import Final

import polars as pl

from training.importers.check import to_minor
from training.importers.chunk import LINE, Chunk, Draft, Format, Settings
from training.quarantine import Reject

ITEM: Final = "cd"
FIELDS: Final = (4, 5)  # master, sample
HEADER: Final = "customer_id"


def convert(chunk: Chunk, settings: Settings) -> Draft:
    lines = chunk.frame.select(pl.col(LINE), pl.col("text").str.extract_all(r"\S+").alias("words"))
    words = lines.filter(pl.col("words").list.first() != HEADER)
    count = pl.col("words").list.len()
    rows = words.filter(count.is_in(FIELDS)).select(
        pl.col(LINE),
        pl.col("words").list.first().alias("customer_id"),
        pl.col("words").list.get(-3).alias("date"),
        pl.col("words").list.get(-2).alias("quantity"),
        to_minor(pl.col("words").list.get(-1), settings.minor_units).alias("total_minor"),
    )
    return Draft(
        rows.select(
            pl.col(LINE),
            pl.format("l{}", pl.col(LINE)).alias("event_id"),
            pl.lit("purchase").alias("type"),
            _midnight().alias("at"),
            pl.col("customer_id"),
            pl.lit(ITEM).alias("item_id"),
            pl.col("quantity"),
            _unit_price().alias("unit_price_minor"),
            pl.format("l{}", pl.col(LINE)).alias("order_id"),
            pl.concat_str(pl.lit('{"total_minor":'), "total_minor", pl.lit("}")).alias(
                "properties"
            ),
        ),
        set_aside={"header": lines.height - words.height},
        rejects=_miscounted(words.filter(~count.is_in(FIELDS))),
    )


def _midnight() -> pl.Expr:
    day = pl.col("date").str.to_datetime("%Y%m%d", time_unit="us", strict=False)
    return pl.coalesce(
        day.dt.replace_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ"), pl.col("date")
    )


def _unit_price() -> pl.Expr:
    quantity = pl.col("quantity").cast(pl.Float64, strict=False)
    price = (pl.col("total_minor") / quantity).round(mode="half_to_even")
    return pl.when(quantity > 0).then(price).cast(pl.Int64)


def _miscounted(words: pl.DataFrame) -> tuple[Reject, ...]:
    return tuple(
        Reject(line, "cells_miscounted", f"{len(found)} words, 4 or 5 needed", " ".join(found))
        for line, found in words.iter_rows()
    )


CDNOW: Final = Format(name="cdnow", convert=convert, shape="lines", currency="USD", channel="web")
