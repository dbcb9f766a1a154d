"""The fold of `engine.customers` over a whole log at once: every customer's facts as columns.

A vectorised twin: tests hold it to `fold_all`, customer by customer, field by field.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.customers.draft import as_json, whole
from engine.customers.facts import key_of
from engine.customers.referrals import DERIVED
from engine.customers.snapshot import TABLES, CustomerSnapshot
from engine.events import EventType
from engine.text import TextColumn

Integers = NDArray[np.int64]

HOUR_MS: Final = 3_600_000
MONEY: Final = (EventType.PURCHASE, EventType.REFUND)
COUNTED: Final = (EventType.RATING, EventType.INVITATION)
REACH: Final = (
    EventType.MESSAGE_OPEN,
    EventType.MESSAGE_CLICK,
    EventType.PROMOTION_RESPONSE,
)
SAID: Final = (EventType.SIGNUP, EventType.PROFILE, EventType.CONSENT)
DETAILED: Final = (*MONEY, *COUNTED, *REACH, *SAID, EventType.REFERRAL, EventType.COMPLAINT)
"""Types whose lines are needed one by one; of the others only their times."""

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


def snapshot(log: pl.LazyFrame, customers: Sequence[str]) -> CustomerSnapshot:
    """Row r is `customers[r]`; lines of anybody else, and of no customer, are passed over.

    `log` is the canonical log: event ids are unique.
    """
    known = pl.LazyFrame(
        {"customer_id": list(customers), "row": range(len(customers))},
        schema={"customer_id": pl.String, "row": pl.Int64},
    )
    lines = log.with_columns(pl.col("at").dt.epoch("ms")).join(known, on="customer_id")
    detail = _keyed(lines.filter(pl.col("type").is_in([str(kind) for kind in DETAILED])).collect())
    derived, detail = _split_derived(detail)
    own = lines if derived.is_empty() else lines.join(derived.lazy(), on="event_id", how="anti")
    referrers = _referrers(detail)
    referred = pl.concat([_learnt(detail, referrers, customers), _told(derived)])
    tables = {
        "orders": _orders(detail),
        "refunds": _refunds(detail),
        "referred": _referred(referred),
        "reach": _reach(detail),
        "attributes": _attributes(detail),
        "complaints": _complaints(detail),
        "seen": _seen(detail, referred),
    }
    moments = _moments(own).collect()
    return _as_columns(moments, referrers, tables, len(customers))


def _keyed(detail: pl.DataFrame) -> pl.DataFrame:
    """With the hashes of event and order, the amount, and what the properties say."""
    event_key = _keys(detail["event_id"])
    order_key = _keys(detail["order_id"])
    said = [
        json.loads(text) if text else {} for text in detail["properties"].fill_null("").to_list()
    ]
    return detail.with_columns(
        event_key,
        order_key.fill_null(0).alias("order_key"),
        (pl.col("quantity") * pl.col("unit_price_minor").fill_null(0)).alias("amount_minor"),
        pl.Series("said", said, pl.Object),
    ).with_columns(
        pl.when(pl.col("order_id").is_null() | (pl.col("order_id") == ""))
        .then(-1 - pl.col("event_id_key"))  # ~key
        .otherwise(pl.col("order_key"))
        .alias("order_key")
    )


def _keys(texts: pl.Series) -> pl.Series:
    """`key_of` each; a text that comes again is not hashed again."""
    known: dict[str | None, int | None] = {None: None}
    for text in texts.unique().to_list():
        known[text] = None if text is None else key_of(text)
    keys = [known[text] for text in texts.to_list()]
    return pl.Series(f"{texts.name}_key", keys, pl.Int64)


def _split_derived(detail: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines that already tell a referrer of another's purchase, and all others."""
    told = pl.Series(
        [
            kind == EventType.REFERRAL and "referred_id" in said
            for kind, said in zip(detail["type"], detail["said"], strict=True)
        ],
        dtype=pl.Boolean,
    )
    return detail.filter(told), detail.filter(~told)


def _of(detail: pl.DataFrame, *kinds: EventType) -> pl.DataFrame:
    return detail.filter(pl.col("type").is_in([str(kind) for kind in kinds]))


def _moments(lines: pl.LazyFrame) -> pl.LazyFrame:
    at, kind = pl.col("at"), pl.col("type")
    passive = kind.is_in([str(EventType.IMPRESSION), str(EventType.PROFILE)])
    return lines.group_by("row").agg(
        at.min().alias("first_at"),
        at.max().alias("last_at"),
        at.filter(~passive).max().fill_null(0).alias("acted_at"),
        at.filter(kind == EventType.CART).max().fill_null(0).alias("cart_at"),
        at.filter(kind == EventType.SEARCH).max().fill_null(0).alias("search_at"),
        at.filter(kind == EventType.SIGNUP).min().fill_null(0).alias("member_at"),
        (kind == EventType.RATING).sum().cast(pl.Int64).alias("ratings"),
        (kind == EventType.INVITATION).sum().cast(pl.Int64).alias("invitations"),
    )


def _orders(detail: pl.DataFrame) -> pl.DataFrame:
    bought = _of(detail, EventType.PURCHASE)
    said: list[Mapping[str, Any]] = bought["said"].to_list()
    lines = bought.with_columns(
        pl.Series("cost", [whole(each.get("unit_cost_minor")) for each in said], pl.Int64),
        pl.Series("on_offer", [bool(each.get("promotion")) for each in said], pl.Boolean),
        pl.Series("points", [whole(each.get("points")) for each in said], pl.Int64),
    )
    quantity = pl.col("quantity")
    return lines.group_by("row", pl.col("order_key").alias("key")).agg(
        pl.col("at").min(),
        pl.col("amount_minor").sum().alias("gross_minor"),
        quantity.sum().alias("units"),
        (quantity * pl.col("cost")).sum().alias("cost_minor"),
        (quantity * pl.col("on_offer")).sum().alias("promoted"),
        pl.col("points").sum(),
    )


def _refunds(detail: pl.DataFrame) -> pl.DataFrame:
    back = _of(detail, EventType.REFUND)
    return back.group_by("row", "order_key", "at").agg(
        pl.col("amount_minor").sum(), pl.col("quantity").sum().alias("units")
    )


def _referrers(detail: pl.DataFrame) -> pl.DataFrame:
    """Who brought each customer: the earliest referral by (at, key, id)."""
    named = _of(detail, EventType.REFERRAL)
    ids = [_referrer_id(said) for said in named["said"].to_list()]
    return (
        named.with_columns(pl.Series("referrer_id", ids, pl.String))
        .filter(
            pl.col("referrer_id").is_not_null()
            & (pl.col("referrer_id") != "")
            & (pl.col("referrer_id") != pl.col("customer_id"))
        )
        .sort("at", "event_id_key", "referrer_id")
        .unique("row", keep="first", maintain_order=True)
        .select("row", "referrer_id", "at", pl.col("event_id_key").alias("key"))
    )


def _referrer_id(said: Mapping[str, Any]) -> str | None:
    found = said.get("referrer_id")
    return found if isinstance(found, str) else None


LEARNT: Final = {
    "row": pl.Int64,
    "at": pl.Int64,
    "order_key": pl.Int64,
    "who": pl.Int64,
    "amount_minor": pl.Int64,
    "key": pl.Int64,
}


def _learnt(
    detail: pl.DataFrame, referrers: pl.DataFrame, customers: Sequence[str]
) -> pl.DataFrame:
    """What referrers learn of newcomers' purchases: `engine.customers.referrals.derived`."""
    if referrers.is_empty():
        return pl.DataFrame(schema=LEARNT)
    rows = pl.DataFrame(
        {"referrer_id": list(customers), "referrer_row": range(len(customers))},
        schema={"referrer_id": pl.String, "referrer_row": pl.Int64},
    )
    named = referrers.rename({"at": "since"}).drop("key").join(rows, on="referrer_id")
    lines = _of(detail, *MONEY).drop("said").join(named, on="row")
    lines = lines.filter(pl.col("at") >= pl.col("since"))
    keys = _keys((DERIVED + lines["event_id"]).rename("derived"))
    sign = pl.when(pl.col("type") == EventType.REFUND).then(-1).otherwise(1)
    return lines.with_columns(keys, _keys(lines["customer_id"])).select(
        pl.col("referrer_row").alias("row"),
        "at",
        pl.when(pl.col("order_id").is_null() | (pl.col("order_id") == ""))
        .then(-1 - pl.col("derived_key"))
        .otherwise(pl.col("order_key"))
        .alias("order_key"),
        pl.col("customer_id_key").alias("who"),
        (sign * pl.col("amount_minor")).alias("amount_minor"),
        pl.col("derived_key").alias("key"),
    )


def _told(derived: pl.DataFrame) -> pl.DataFrame:
    """The same from lines that a log holds ready-made."""
    said: list[Mapping[str, Any]] = derived["said"].to_list()
    sign = [-1 if each.get("of") == EventType.REFUND else 1 for each in said]
    return derived.with_columns(
        pl.Series("who", [key_of(str(each["referred_id"])) for each in said], pl.Int64),
        pl.col("amount_minor") * pl.Series(sign, dtype=pl.Int64),
    ).select("row", "at", "order_key", "who", "amount_minor", pl.col("event_id_key").alias("key"))


def _referred(facts: pl.DataFrame) -> pl.DataFrame:
    back = (pl.col("amount_minor") < 0).alias("back")
    return facts.group_by("row", "who", "order_key", "at", back).agg(pl.col("amount_minor").sum())


def _reach(detail: pl.DataFrame) -> pl.DataFrame:
    return (
        _of(detail, *REACH)
        .group_by(
            "row",
            pl.col("channel").fill_null(""),
            (pl.col("at") // HOUR_MS % 24).alias("hour"),
        )
        .agg(pl.len().cast(pl.Int64).alias("times"))
    )


def _attributes(detail: pl.DataFrame) -> pl.DataFrame:
    lines = _of(detail, *SAID)
    latest: dict[tuple[int, str], tuple[int, int, str]] = {}
    columns = (lines[name].to_list() for name in ("row", "type", "at", "event_id_key", "said"))
    for row, kind, at, key, said in zip(*columns, strict=True):
        prefix = "consent." if kind == EventType.CONSENT else ""
        for name, value in said.items():
            place, fact = (row, prefix + name), (at, key, as_json(value))
            latest[place] = max(latest.get(place, fact), fact)
    found = [(row, name, *fact) for (row, name), fact in latest.items()]
    schema = {"row": pl.Int64, "name": pl.String, "at": pl.Int64, "key": pl.Int64}
    return pl.DataFrame(found, schema={**schema, "value": pl.String}, orient="row")


def _complaints(detail: pl.DataFrame) -> pl.DataFrame:
    made = _of(detail, EventType.COMPLAINT)
    return made.select("row", "at", pl.col("item_id").fill_null("").alias("item")).unique()


def _seen(detail: pl.DataFrame, referred: pl.DataFrame) -> pl.DataFrame:
    own = _of(detail, *MONEY, *COUNTED, *REACH).select("row", pl.col("event_id_key").alias("key"))
    return pl.concat([own, referred.select("row", "key")])


def _as_columns(
    moments: pl.DataFrame, referrers: pl.DataFrame, tables: Mapping[str, pl.DataFrame], n: int
) -> CustomerSnapshot:
    ordered = {name: tables[name].sort("row", *SORTED[name]) for name in TABLES}
    words = _words(ordered, referrers)
    offsets = np.zeros((n + 1, len(TABLES)), np.int64)
    for place, name in enumerate(TABLES):
        counts = np.bincount(ordered[name]["row"].to_numpy(), minlength=n)
        np.cumsum(counts, out=offsets[1:, place])
    table = np.zeros((n, 10), np.int64)
    table[moments["row"].to_numpy(), :8] = moments.drop("row").to_numpy()
    brought = referrers["row"].to_numpy()
    table[brought, 8:] = referrers.select("at", "key").to_numpy()
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
