"""The fold of `engine.customers` over a whole log at once: every customer's facts as columns.

A vectorised twin: tests hold it to `fold_all`, customer by customer, field by field.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.customers.referrer import tells_of_another
from engine.customers.snapshot import REFERRED_AT, TABLES, CustomerSnapshot
from engine.events import EventType
from engine.text import TextColumn
from training import customer_tables as read

Integers = NDArray[np.int64]

SORTED: Final[Mapping[str, Sequence[str]]] = {
    "orders": ("at", "key", "gross_minor", "units", "cost_minor", "promoted", "points"),
    "refunds": ("at", "order_key", "amount_minor", "units"),
    "referred": ("at", "order_key", "who", "amount_minor"),
    "reach": ("channel", "hour", "times"),
    "attributes": ("name", "at", "key", "value"),
    "complaints": ("at", "item"),
    "seen": ("key",),
}
"""The columns of each table, in the order by which its rows are sorted within a customer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What lines that are needed one by one say of some customers, read once for many snapshots."""

    customers: Sequence[str]
    detail: pl.DataFrame
    derived: pl.DataFrame  # lines that already tell a referrer of another's purchase


def snapshot(log: pl.LazyFrame, customers: Sequence[str]) -> CustomerSnapshot:
    """Row r is `customers[r]`; lines of anybody else, and of no customer, are passed over.

    `log` is the canonical log: event ids are unique.
    """
    return snapshot_of(told(log, customers), log)


def told(log: pl.LazyFrame, customers: Sequence[str]) -> Told:
    derived, detail = _split_derived(read.detail_of(_lines(log, customers)))
    return Told(customers, detail, derived)


def snapshot_of(said: Told, log: pl.LazyFrame, until: int | None = None) -> CustomerSnapshot:
    """`log` ends with the instant `until`, epoch milliseconds, where `said` knows more."""
    past = pl.lit(value=True) if until is None else pl.col("at") <= until
    detail, derived = said.detail.filter(past), said.derived.filter(past)
    lines = _lines(log, said.customers)
    own = lines if derived.is_empty() else lines.join(derived.lazy(), on="event_id", how="anti")
    referrers = read.referrers(detail)
    referred = pl.concat([read.learnt(detail, referrers, said.customers), read.told(derived)])
    tables = {
        "orders": read.orders(detail),
        "refunds": read.refunds(detail),
        "referred": read.referred(referred),
        "reach": read.reach(detail),
        "attributes": read.attributes(detail),
        "complaints": read.complaints(detail),
        "seen": read.seen(detail, referred),
    }
    return _as_columns(read.moments(own).collect(), referrers, tables, len(said.customers))


def _lines(log: pl.LazyFrame, customers: Sequence[str]) -> pl.LazyFrame:
    """With `row`, and `at` in milliseconds."""
    known = pl.LazyFrame(
        {"customer_id": list(customers), "row": range(len(customers))},
        schema={"customer_id": pl.String, "row": pl.Int64},
    )
    return log.with_columns(pl.col("at").dt.epoch("ms")).join(known, on="customer_id")


def _split_derived(detail: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines that already tell a referrer of another's purchase, and all others."""
    named = (detail["type"] == str(EventType.REFERRAL)).to_numpy().copy()
    places = np.flatnonzero(named).tolist()
    named[places] = [tells_of_another(detail["said"][place]) for place in places]
    derived = pl.Series(named)
    return detail.filter(derived), detail.filter(~derived)


def _as_columns(
    moments: pl.DataFrame, referrers: pl.DataFrame, tables: Mapping[str, pl.DataFrame], n: int
) -> CustomerSnapshot:
    ordered = {name: tables[name].sort("row", *SORTED[name]) for name in TABLES}
    words = _words(ordered, referrers)
    offsets = np.zeros((n + 1, len(TABLES)), np.int64)
    for place, name in enumerate(TABLES):
        counts = np.bincount(ordered[name]["row"].to_numpy(), minlength=n)
        np.cumsum(counts, out=offsets[1:, place])
    table = np.zeros((n, REFERRED_AT + 1), np.int64)
    table[moments["row"].to_numpy(), :REFERRED_AT] = moments.drop("row").to_numpy()
    brought = referrers["row"].to_numpy()
    table[brought, REFERRED_AT] = referrers["at"].to_numpy()
    named = np.zeros(n, np.int32)
    named[brought] = _rows_of(referrers["referrer_id"], words).to_numpy()
    return CustomerSnapshot(
        moments=table,
        offsets=offsets,
        **{name: _matrix(ordered[name], SORTED[name], words) for name in TABLES},
        referrers=named,
        words=TextColumn.build(words.to_list()),
    )


def _words(tables: Mapping[str, pl.DataFrame], referrers: pl.DataFrame) -> pl.Series:
    """Every text once, in order of its code points, after the empty one."""
    texts: Iterable[pl.Series] = chain(
        (
            tables["reach"]["channel"],
            tables["attributes"]["name"],
            tables["attributes"]["value"],
            tables["complaints"]["item"],
            referrers["referrer_id"],
        )
    )
    found = sorted(set(chain.from_iterable(series.unique().to_list() for series in texts)) - {""})
    return pl.Series("words", ["", *found], pl.String)


def _rows_of(texts: pl.Series, words: pl.Series) -> pl.Series:
    places = {word: row for row, word in enumerate(words.to_list())}
    return pl.Series(texts.name, [places[text] for text in texts.to_list()], pl.Int64)


def _matrix(table: pl.DataFrame, columns: Sequence[str], words: pl.Series) -> Integers:
    found = [
        _rows_of(table[name], words) if table[name].dtype == pl.String else table[name]
        for name in columns
    ]
    return np.ascontiguousarray([series.cast(pl.Int64).to_numpy() for series in found], np.int64)
