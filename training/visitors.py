"""Who a visitor turned out to be: what they browsed before they signed in is the customer's too.

A visitor is a customer where events carry both ids, all of them with that one customer. An id that
several customers were seen with (a shop's own screen, a family's tablet) is nobody's. Only
browsing joins, as it does at a request: money, and what a person said of themselves, stay.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from engine.bundle import Visitors
from engine.events import BROWSING
from engine.ids import IdMap

_OWN: Final = pl.col("customer_id").is_not_null()
_BROWSED: Final = pl.col("visitor_id").is_not_null() & pl.col("type").is_in(sorted(BROWSING))


def joined(log: pl.LazyFrame) -> pl.LazyFrame:
    """The log, in its order, with the customer in each line that joins one.

    What links a visitor is looked for in `log` alone: give it the part that may be known.
    """
    known = _known(log)
    if known.is_empty():
        return log
    columns = log.collect_schema().names()
    mine = pl.when(_BROWSED).then(pl.coalesce("customer_id", "joins")).otherwise("customer_id")
    return (
        log.join(known.lazy(), on="visitor_id", how="left", maintain_order="left")
        .with_columns(mine.alias("customer_id"))
        .select(columns)
    )


def visitors_of(log: pl.LazyFrame, customers: IdMap) -> Visitors:
    """Those of whom some browsing joined, and the rows of whom it joined."""
    browsed = log.filter(~_OWN & _BROWSED).select("visitor_id").unique().collect()
    found = _known(log).join(browsed, on="visitor_id").sort("visitor_id")
    return Visitors(
        IdMap.build(found["visitor_id"].to_list()), customers.rows(found["joins"].to_list())
    )


def visitors_of_customers(log: pl.LazyFrame, customers: Sequence[str]) -> list[str]:
    """The visitors who turned out to be one of these."""
    return _known(log).filter(pl.col("joins").is_in(list(customers)))["visitor_id"].to_list()


def _known(log: pl.LazyFrame) -> pl.DataFrame:
    """Each visitor who is one customer, and the id of that customer (`joins`)."""
    met = log.filter(_OWN & pl.col("visitor_id").is_not_null())
    return (
        met.group_by("visitor_id")
        .agg(pl.col("customer_id").first().alias("joins"), several=pl.col("customer_id").n_unique())
        .filter(pl.col("several") == 1)
        .drop("several")
        .collect()
    )
