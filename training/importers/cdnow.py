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
    words = pl.col("text").str.extract_all(r"\S+").alias("words")
    lines = chunk.frame.select(pl.col(LINE), words)
    rows = lines.filter(pl.col("words").list.first() != HEADER)
    read = rows.with_columns(_count().is_in(FIELDS).alias("whole")).with_columns(
        pl.when("whole").then(_total(settings.minor_units)).alias("total_minor")
    )
    bought = read.filter(pl.col("total_minor").is_not_null())
    return Draft(
        bought.select(
            pl.col(LINE),
            pl.format("l{}", pl.col(LINE)).alias("event_id"),
            pl.lit("purchase").alias("type"),
            _midnight().alias("at"),
            pl.col("words").list.first().alias("customer_id"),
            pl.lit(ITEM).alias("item_id"),
            _word(-2).alias("quantity"),
            _unit_price().alias("unit_price_minor"),
            pl.format("l{}", pl.col(LINE)).alias("order_id"),
            _properties().alias("properties"),
        ),
        set_aside={"header": lines.height - rows.height},
        rejects=_rejects(read.filter(pl.col("total_minor").is_null())),
    )


def _count() -> pl.Expr:
    return pl.col("words").list.len()


def _word(place: int) -> pl.Expr:
    return pl.col("words").list.get(place, null_on_oob=True)


def _total(minor_units: int) -> pl.Expr:
    return to_minor(_word(-1), minor_units)


def _midnight() -> pl.Expr:
    day = _word(-3).str.to_datetime("%Y%m%d", time_unit="us", strict=False)
    midnight = day.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.coalesce(midnight, pl.format("{}, not YYYYMMDD", _word(-3)))


def _properties() -> pl.Expr:
    return pl.concat_str(pl.lit('{"total_minor":'), pl.col("total_minor"), pl.lit("}"))


def _unit_price() -> pl.Expr:
    quantity = _word(-2).cast(pl.Float64, strict=False)
    price = (pl.col("total_minor") / quantity).round(mode="half_to_even")
    return pl.when(quantity > 0).then(price).cast(pl.Int64)


def _rejects(rows: pl.DataFrame) -> tuple[Reject, ...]:
    return tuple(
        Reject(line, "dollars_not_a_number", repr(words[-1]), " ".join(words))
        if whole
        else Reject(line, "cells_miscounted", f"{len(words)}, 4 or 5 needed", " ".join(words))
        for line, words, whole in rows.select(LINE, "words", "whole").iter_rows()
    )


CDNOW: Final = Format(
    name="cdnow",
    convert=convert,
    shape="lines",
    currency="USD",
    channel="web",
    shop={"time_zone": "UTC", "language": "en"},
)
