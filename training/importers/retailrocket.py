"""RetailRocket's events.csv: timestamp (ms), visitorid, event, itemid, transactionid.

Their visitors are the same person from session to session, so `visitorid` is the customer. Rows
have no id of their own: an event is known by its content, and the published repeats count once.
"""

from typing import Final

import polars as pl

from training.importers.chunk import LINE, Chunk, Draft, Format, Settings

TYPES: Final = {"view": "view", "addtocart": "cart", "transaction": "purchase"}
COLUMNS: Final = ("timestamp", "visitorid", "event", "itemid", "transactionid")


def convert(chunk: Chunk, _: Settings) -> Draft:
    event = pl.col("event").cast(pl.String)
    return Draft(
        chunk.frame.select(
            pl.col(LINE),
            pl.col("timestamp").alias("at"),
            event.replace(TYPES).alias("type"),
            pl.col("visitorid").alias("customer_id"),
            pl.col("itemid").alias("item_id"),
            pl.when(event == "transaction").then(pl.col("transactionid")).alias("order_id"),
        )
    )


RETAILROCKET: Final = Format(name="retailrocket", convert=convert, columns=COLUMNS, channel="web")
