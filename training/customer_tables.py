"""The tables of facts, each from the lines of a log that tell of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from engine.customers.draft import MOST_MINOR, as_json, whole
from engine.customers.facts import key_of
from engine.customers.referrals import DERIVED
from engine.customers.referrer import referrer_in
from engine.errors import LogError
from engine.events import MONEY, EventType
from training.referral_rings import ring_closers

HOUR_MS: Final = 3_600_000
COUNTED: Final = (EventType.RATING, EventType.INVITATION)
REACH: Final = (
    EventType.MESSAGE_OPEN,
    EventType.MESSAGE_CLICK,
    EventType.PROMOTION_RESPONSE,
)
SAID: Final = (EventType.SIGNUP, EventType.PROFILE, EventType.CONSENT)
DETAILED: Final = (*MONEY, *COUNTED, *REACH, *SAID, EventType.REFERRAL, EventType.COMPLAINT)
"""Types whose lines are needed one by one; of the others only their times."""
COUNTABLE: Final = 4e18  # minor units; decision: below half of 64 bits, so that halves fit too
NOTHING_SAID: Final[Mapping[str, Any]] = {}
NAMELESS: Final = pl.col("order_id").fill_null("") == ""


def detail_of(lines: pl.LazyFrame) -> pl.DataFrame:
    """With the hashes of event and order, the amount, and what the properties say (`said`)."""
    detail = lines.filter(pl.col("type").is_in([str(kind) for kind in DETAILED])).collect()
    event_key = keys_of(detail["event_id"])
    order_key = keys_of(detail["order_id"])
    texts = detail["properties"].fill_null("")
    known = {text: json.loads(text) if text else NOTHING_SAID for text in texts.unique().to_list()}
    said = [known[text] for text in texts.to_list()]
    of_line = pl.DataFrame(
        [(text, *_of_line(each)) for text, each in known.items()],
        schema={
            "text": pl.String,
            "unit_cost": pl.Int64,
            "on_offer": pl.Boolean,
            "points": pl.Int64,
        },
        orient="row",
    )
    _require_countable(detail)
    return (
        detail.with_columns(
            event_key,
            order_key.fill_null(0).alias("order_key"),
            (pl.col("quantity") * pl.col("unit_price_minor").fill_null(0)).alias("amount_minor"),
            texts.alias("text"),
        )
        .join(of_line, on="text", how="left", maintain_order="left")
        .with_columns(
            pl.Series("said", said, pl.Object),
            pl.when(NAMELESS)
            .then(-1 - pl.col("event_id_key"))  # ~key
            .otherwise(pl.col("order_key"))
            .alias("order_key"),
        )
    )


def _of_line(said: Mapping[str, Any]) -> tuple[int, bool, int]:
    """What a unit cost, whether it was on offer, and the points paid."""
    cost, points = whole(said.get("unit_cost_minor")), whole(said.get("points"))
    return cost, bool(said.get("promotion")), points


def _require_countable(detail: pl.DataFrame) -> None:
    """Raises LogError where sums of money would not fit in 64 bits."""
    money = detail["quantity"].cast(pl.Float64) * detail["unit_price_minor"].cast(pl.Float64)
    total = float(money.sum())
    if total > COUNTABLE:
        largest = detail.row(money.arg_max() or 0, named=True)
        raise LogError(
            f"the log's money adds up to {total:.2e} minor units, where {COUNTABLE:.0e} can be "
            f"counted; its largest line is event {largest['event_id']}, {largest['quantity']:,} × "
            f"{largest['unit_price_minor']:,}. Import it again, which rejects what cannot be"
        )


def keys_of(texts: pl.Series) -> pl.Series:
    """`key_of` each; a text that comes again is not hashed again."""
    known: dict[str | None, int | None] = {None: None}
    for text in texts.unique().to_list():
        known[text] = None if text is None else key_of(text)
    keys = [known[text] for text in texts.to_list()]
    return pl.Series(f"{texts.name}_key", keys, pl.Int64)


def lines_of(detail: pl.DataFrame, *kinds: EventType) -> pl.DataFrame:
    return detail.filter(pl.col("type").is_in([str(kind) for kind in kinds]))


def moments(lines: pl.LazyFrame) -> pl.LazyFrame:
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


def orders(detail: pl.DataFrame) -> pl.DataFrame:
    bought = lines_of(detail, EventType.PURCHASE)
    quantity, cost = pl.col("quantity"), pl.col("unit_cost")
    possible = cost <= MOST_MINOR // quantity  # as cost_of has it
    return bought.group_by("row", pl.col("order_key").alias("key")).agg(
        pl.col("at").min(),
        pl.col("amount_minor").sum().alias("gross_minor"),
        quantity.sum().alias("units"),
        (quantity * cost).filter(possible).sum().alias("cost_minor"),
        (quantity * pl.col("on_offer")).sum().alias("promoted"),
        pl.col("points").sum(),
    )


def refunds(detail: pl.DataFrame) -> pl.DataFrame:
    back = lines_of(detail, EventType.REFUND)
    return back.group_by("row", "order_key", "at").agg(
        pl.col("amount_minor").sum(), pl.col("quantity").sum().alias("units")
    )


def referrers(detail: pl.DataFrame) -> pl.DataFrame:
    """Who brought each customer: the earliest referral, at one instant the first by who."""
    named = lines_of(detail, EventType.REFERRAL)
    told = zip(named["said"].to_list(), named["customer_id"].to_list(), strict=True)
    ids = [referrer_in(said, customer_id) for said, customer_id in told]
    return (
        named.with_columns(pl.Series("referrer_id", ids, pl.String))
        .filter(pl.col("referrer_id").is_not_null())
        .sort("at", "referrer_id")
        .unique("row", keep="first", maintain_order=True)
        .select("row", "referrer_id", "at")
    )


LEARNT: Final = {
    "row": pl.Int64,
    "at": pl.Int64,
    "order_key": pl.Int64,
    "who": pl.Int64,
    "amount_minor": pl.Int64,
    "key": pl.Int64,
}


def learnt(detail: pl.DataFrame, referrers: pl.DataFrame, customers: Sequence[str]) -> pl.DataFrame:
    """What referrers learn of newcomers' purchases: `engine.customers.referrals.derived`.

    Nothing of a newcomer whose referral closes a ring.
    """
    if referrers.is_empty():
        return pl.DataFrame(schema=LEARNT)
    rows = pl.DataFrame(
        {"referrer_id": list(customers), "referrer_row": range(len(customers))},
        schema={"referrer_id": pl.String, "referrer_row": pl.Int64},
    )
    named = referrers.rename({"at": "since"}).join(rows, on="referrer_id")
    newcomers, above, at = (named[name].to_numpy() for name in ("row", "referrer_row", "since"))
    named = named.filter(~pl.col("row").is_in(ring_closers(newcomers, above, at, customers)))
    lines = lines_of(detail, *MONEY).drop("said").join(named, on="row")
    lines = lines.filter(pl.col("at") >= pl.col("since"))
    keys = keys_of((DERIVED + lines["event_id"]).rename("derived"))
    back = pl.col("type") == EventType.REFUND
    sign = pl.when(back).then(-1).otherwise(1)
    return lines.with_columns(keys, keys_of(lines["customer_id"])).select(
        pl.col("referrer_row").alias("row"),
        "at",
        pl.when(~NAMELESS)
        .then(pl.col("order_key"))
        .when(back)
        .then(pl.col("customer_id_key"))
        .otherwise(-1 - pl.col("derived_key"))
        .alias("order_key"),
        pl.col("customer_id_key").alias("who"),
        (sign * pl.col("amount_minor")).alias("amount_minor"),
        pl.col("derived_key").alias("key"),
    )


def told(derived: pl.DataFrame) -> pl.DataFrame:
    """The same from lines that a log holds ready-made."""
    said: list[Mapping[str, Any]] = derived["said"].to_list()
    sign = pl.Series(
        "sign", [-1 if each.get("of") == EventType.REFUND else 1 for each in said], pl.Int64
    )
    who = pl.Series("who", [key_of(str(each["referred_id"])) for each in said], pl.Int64)
    return (
        derived.with_columns(who, sign)
        .with_columns(
            pl.when(NAMELESS & (pl.col("sign") < 0))
            .then(pl.col("who"))
            .otherwise(pl.col("order_key"))
            .alias("order_key"),
            pl.col("amount_minor") * pl.col("sign"),
        )
        .select(
            "row", "at", "order_key", "who", "amount_minor", pl.col("event_id_key").alias("key")
        )
    )


def referred(facts: pl.DataFrame) -> pl.DataFrame:
    back = (pl.col("amount_minor") < 0).alias("back")
    return facts.group_by("row", "who", "order_key", "at", back).agg(pl.col("amount_minor").sum())


def reach(detail: pl.DataFrame) -> pl.DataFrame:
    return (
        lines_of(detail, *REACH)
        .group_by(
            "row",
            pl.col("channel").fill_null(""),
            (pl.col("at") // HOUR_MS % 24).alias("hour"),
        )
        .agg(pl.len().cast(pl.Int64).alias("times"))
    )


def attributes(detail: pl.DataFrame) -> pl.DataFrame:
    lines = lines_of(detail, *SAID)
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


def complaints(detail: pl.DataFrame) -> pl.DataFrame:
    made = lines_of(detail, EventType.COMPLAINT)
    return made.select("row", "at", pl.col("item_id").fill_null("").alias("item")).unique()


def seen(detail: pl.DataFrame, referred: pl.DataFrame) -> pl.DataFrame:
    own = lines_of(detail, *MONEY, *COUNTED, *REACH).select(
        "row", pl.col("event_id_key").alias("key")
    )
    return pl.concat([own, referred.select("row", "key")])
