"""Who opted out of personal answers (A6), told from the log alone, and the log without them."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from engine.customers.consent import allows, name_of
from training.customer_tables import SAID, attributes, detail_of
from training.visitors import visitors_of_customers

_NAMED: Final = pl.col("properties").str.contains("personal", literal=True)
_SAYS_CONSENT: Final = pl.col("type").is_in([str(kind) for kind in SAID]) & _NAMED
"""Lines of a log that may give or refuse it."""


@dataclass(frozen=True, slots=True)
class OptedOut:
    customers: list[str]  # ascending
    visitors: list[str]  # who turned out to be one of them


def opted_out(log: pl.LazyFrame) -> OptedOut:
    """As the fold of the whole log says it of each customer."""
    lines = log.filter(_SAYS_CONSENT & pl.col("customer_id").is_not_null())
    names = lines.select("customer_id").unique().sort("customer_id").collect()
    rows = names.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64)).lazy()
    at = pl.col("at").dt.epoch("ms")
    facts = attributes(detail_of(lines.with_columns(at).join(rows, on="customer_id")))
    told = facts.filter(pl.col("name") == name_of("personal")).select("row", "name", "value")
    refused = [row for row, name, value in told.rows() if not allows({name: value}, "personal")]
    customers = names["customer_id"].gather(sorted(refused)).to_list()
    return OptedOut(customers, visitors_of_customers(log, customers) if customers else [])


def without_people(log: pl.LazyFrame, out: OptedOut) -> pl.LazyFrame:
    """As if they had done nothing, nor browsed before they signed in; in the log's order."""
    if not out.customers:
        return log
    browsed = pl.col("customer_id").is_null() & pl.col("visitor_id").is_in(out.visitors)
    theirs = pl.col("customer_id").is_in(out.customers) | browsed
    return log.filter(~theirs.fill_null(value=False))
