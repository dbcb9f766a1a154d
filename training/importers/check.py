"""Whole columns against the rules of `engine.events.Event`, without building a single Event.

The model is the judge. What this module calls sure is an event by the model too, with the same
values; anything else goes to `training.importers.judge`, row by row, for its verdict and reason.
`tests/training/importers/test_check.py` holds the two against each other.
"""

from collections.abc import Callable
from typing import Final

import polars as pl
from pydantic_core import from_json, to_json

from engine.event_properties import RULES, problem_of_properties
from engine.events import (
    EARLIEST,
    ITEM_REQUIRED,
    LATEST,
    LINKS,
    MAX_AMOUNT,
    MAX_ID_BYTES,
    MAX_QUANTITY,
    MAX_UNIT_PRICE,
    EventType,
)
from training.importers.chunk import DOUBT, LINE
from training.log import SCHEMA

SURE: Final = "#sure"
BROKEN: Final = "#broken"
IDS: Final = ("event_id", "customer_id", "visitor_id", "item_id", "order_id", "channel", "slate_id")
READ: Final = (*IDS, "query", "quantity", "position", "unit_price", "unit_price_minor")
NOT_BLANK: Final = r"[^\s\x1c-\x1f]"  # \x1c-\x1f are spaces to Python, not to the regex engine
MAX_POSITION: Final = 10_000  # engine.events.Event.position
MAX_QUERY: Final = 512  # engine.events.Event.query
MILLISECONDS: Final = r"^[0-9]{12,13}$"  # pydantic reads a number above 2e10 as milliseconds
SECONDS: Final = r"^[0-9]{9,10}$"
INSTANT: Final = (
    r"^[0-9]{4}-[0-9][0-9]-[0-9][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
PRICE: Final = r"^[0-9]{1,10}(\.[0-9]{1,8})?$"
PRICE_DECIMALS: Final = 8
SURELY: Final = 0.999  # of the largest amount: rounding a price of ten million units moves less
WHOLE: Final = r"^[0-9]{1,8}$"
EPOCH_US: Final = pl.Datetime("us", "UTC")

Value = Callable[[str, pl.DataType], pl.Expr]


def check(draft: pl.DataFrame, minor_units: int) -> pl.DataFrame:
    """The columns of a log, LINE and SURE, one row a row of the draft, in its order.

    A null `event_id` passes: the importer gives such an event the hash of its content.
    """
    draft = _with_properties(draft)
    schema = draft.schema

    held = [name for name in READ if name in schema]

    def value(name: str, read: Value) -> pl.Expr:
        present = name in schema
        return (read(name, schema[name]) if present else pl.lit(None, SCHEMA[name])).alias(name)

    read = draft.select(
        pl.col(LINE),
        *(value(name, _text) for name in (*IDS, "type", "query")),
        value("at", _instant),
        value("quantity", _whole),
        _price(schema, minor_units).alias("unit_price_minor"),
        value("position", _whole),
        pl.col("properties"),
        (pl.col(BROKEN) | pl.col(DOUBT) if DOUBT in schema else pl.col(BROKEN)).alias(BROKEN),
        *(pl.col(name).is_not_null().alias(_held(name)) for name in held),
    )
    unread = [pl.col(_held(name)) & pl.col(_read_as(name)).is_null() for name in held]
    doubts = (pl.col(BROKEN), _wrong_properties(read), *unread)
    sure = _lawful(minor_units) & ~pl.any_horizontal(doubts)
    return read.select(
        *(_finished(name) for name in SCHEMA),
        pl.col(LINE),
        sure.fill_null(value=False).alias(SURE),
    )


def _held(name: str) -> str:
    return f"#held {name}"


def _read_as(name: str) -> str:
    return "unit_price_minor" if name == "unit_price" else name


def _finished(name: str) -> pl.Expr:
    if name == "at":
        return _to_ms()
    column = pl.col(name).fill_null(1) if name == "quantity" else pl.col(name)
    return column.cast(SCHEMA[name], strict=False)


def _lawful(minor_units: int) -> pl.Expr:
    most = MAX_AMOUNT.scaleb(minor_units)
    needs_item = pl.col("type").is_in([str(kind) for kind in ITEM_REQUIRED])
    links = pl.col("type").is_in([str(kind) for kind in LINKS])
    rules = [
        *(_good_id(name) for name in IDS),
        pl.col("type").is_in([str(kind) for kind in EventType]),
        (pl.col("at") >= EARLIEST) & (pl.col("at") < LATEST),
        pl.col("customer_id").is_not_null() | pl.col("visitor_id").is_not_null(),
        pl.col("item_id").is_not_null() | ~needs_item,
        pl.col("customer_id").is_not_null() | ~links,
        pl.col("quantity").is_null() | pl.col("quantity").is_between(1, MAX_QUANTITY),
        pl.col("unit_price_minor").is_null()
        | pl.col("unit_price_minor").is_between(0, int(MAX_UNIT_PRICE.scaleb(minor_units))),
        pl.col("unit_price_minor").is_null() | (_amount() < SURELY * float(most)),
        pl.col("unit_price_minor").is_not_null() | (pl.col("type") != str(EventType.REFUND)),
        pl.col("position").is_null() | pl.col("position").is_between(1, MAX_POSITION),
        pl.col("query").is_null() | (pl.col("query").str.len_chars() <= MAX_QUERY),
    ]
    return pl.all_horizontal(rules)


def _wrong_properties(read: pl.DataFrame) -> pl.Expr:
    """Each text is looked at once for each type."""
    ruled = read.lazy().filter(pl.col("type").is_in(list(RULES)))
    told = ruled.select("type", pl.col("properties").fill_null("{}")).unique().collect()
    wrong: dict[str, list[str]] = {}
    for kind, text in told.iter_rows():
        if problem_of_properties(kind, from_json(text)) is not None:
            wrong.setdefault(kind, []).append(text)
    said = pl.col("properties").fill_null("{}")
    found = [(pl.col("type") == kind) & said.is_in(texts) for kind, texts in wrong.items()]
    return pl.any_horizontal(pl.lit(value=False), *found)


def _amount() -> pl.Expr:
    """In minor units, about: the price is rounded, and the product may be beyond 64 bits."""
    return pl.col("quantity").fill_null(1).cast(pl.Float64) * pl.col("unit_price_minor")


def _good_id(name: str) -> pl.Expr:
    column = pl.col(name)
    return column.is_null() | (
        (column.str.len_bytes() <= MAX_ID_BYTES) & column.str.contains(NOT_BLANK)
    )


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_integer() or isinstance(dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)  # a shop's numbers for customers and items are names
    return column if dtype == pl.String else pl.lit(None, pl.String)


def _whole(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_integer():
        return column.cast(pl.Int64, strict=False)
    if dtype.is_float():
        return pl.when(column == column.round()).then(column.cast(pl.Int64, strict=False))
    if dtype == pl.String:
        return pl.when(column.str.contains(WHOLE)).then(column.cast(pl.Int64, strict=False))
    return pl.lit(None, pl.Int64)


def _instant(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            return pl.lit(None, EPOCH_US)  # the judge says that it has no time zone
        return column.dt.convert_time_zone("UTC").cast(EPOCH_US)
    if dtype.is_integer():
        return _number(column.cast(pl.String))
    if dtype != pl.String:
        return pl.lit(None, EPOCH_US)
    known = pl.when(column.str.contains(INSTANT)).then(column)
    return pl.coalesce(
        known.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False),
        known.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_unit="us", strict=False),
        _number(column),
    )


def _number(text: pl.Expr) -> pl.Expr:
    number = text.cast(pl.Int64, strict=False)
    microseconds = (
        pl.when(text.str.contains(MILLISECONDS))
        .then(number * 1000)
        .when(text.str.contains(SECONDS))
        .then(number * 1_000_000)
    )
    return microseconds.cast(EPOCH_US)


def _to_ms() -> pl.Expr:
    """As `engine.happened.from_event` rounds: seconds as a float, half to even."""
    seconds = pl.col("at").cast(pl.Int64).cast(pl.Float64) / 1_000_000
    return (seconds * 1000).round(mode="half_to_even").cast(pl.Int64).cast(SCHEMA["at"]).alias("at")


def _price(schema: pl.Schema, minor_units: int) -> pl.Expr:
    prices = []
    if "unit_price_minor" in schema:
        prices.append(pl.col("unit_price_minor").cast(pl.Int64, strict=False))
    if "unit_price" in schema:
        prices.append(to_minor(pl.col("unit_price").cast(pl.String), minor_units))
    return pl.coalesce(prices) if prices else pl.lit(None, pl.Int64)


def to_minor(text: pl.Expr, minor_units: int) -> pl.Expr:
    """Exact, half to even, as `engine.happened.to_minor`; null for what is no plain price."""
    known = pl.when(text.str.contains(PRICE)).then(text)
    decimals = known.str.extract(r"\.([0-9]+)$", 1).fill_null("").str.pad_end(PRICE_DECIMALS, "0")
    units = known.str.extract(r"^([0-9]+)", 1).cast(pl.Int64)
    fine = units * 10**PRICE_DECIMALS + decimals.cast(pl.Int64)
    step = 10 ** (PRICE_DECIMALS - minor_units)
    whole, rest = fine // step, fine % step
    up = (rest * 2 > step) | ((rest * 2 == step) & (whole % 2 == 1))
    rounded: pl.Expr = whole + up.cast(pl.Int64)
    return rounded


def _with_properties(draft: pl.DataFrame) -> pl.DataFrame:
    """`properties` as compact JSON, null for none; BROKEN marks what is no JSON object."""
    if "properties" not in draft.columns:
        null = pl.lit(None, pl.String).alias("properties")
        return draft.with_columns(null, pl.lit(value=False).alias(BROKEN))
    known = draft["properties"].unique().drop_nulls().to_list()
    compact = {text: compact_object(text) for text in known}
    whole = {text: found for text, found in compact.items() if found is not None}
    replaced = pl.col("properties").replace_strict(
        list(whole), list(whole.values()), default=None, return_dtype=pl.String
    )
    return draft.with_columns(
        pl.when(replaced != "{}").then(replaced).alias("properties"),
        (pl.col("properties").is_not_null() & replaced.is_null()).alias(BROKEN),
    )


def compact_object(text: str) -> str | None:
    """The JSON object of a text without its spaces; None when it is no JSON object."""
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError:
        return None
    return to_json(value).decode("utf-8") if isinstance(value, dict) else None
