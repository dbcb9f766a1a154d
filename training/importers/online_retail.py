"""UCI Online Retail (and Online Retail II): invoice lines of a British gift shop.

One event an invoice line: a purchase, or, on an invoice that begins with C, a refund that takes
back an earlier purchase (`training.importers.refunds`). Clocks are London's. `docs/events.md` says
what is set aside and why.
"""

from typing import Final

import polars as pl

from training.importers.check import to_minor
from training.importers.chunk import LINE, Chunk, Draft, Format, Settings
from training.importers.refunds import order_of_refunds
from training.log import ITEMS_SCHEMA

COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
NAMES_IN_SECOND_EDITION: Final = {
    "Invoice": "InvoiceNo",
    "Price": "UnitPrice",
    "Customer ID": "CustomerID",
}
SERVICE_CODES: Final = {
    "POST": "postage",
    "DOT": "postage of the web shop",
    "C2": "carriage",
    "C3": "carriage",
    "M": "manual entry",
    "D": "discount",
    "S": "samples",
    "B": "bad debt",
    "BANK CHARGES": "bank charges",
    "AMAZONFEE": "marketplace fee",
    "CRUK": "commission of a charity",
    "PADS": "cushion pads at a nominal price",
    "ADJUST": "adjustment",
    "ADJUST2": "adjustment",
    "GIFT": "gift voucher",
}
SERVICE_PREFIXES: Final = {"GIFT_0001": "gift voucher", "TEST": "test entry"}
ZONE: Final = "Europe/London"
CLOCKS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M")


def convert(chunk: Chunk, settings: Settings) -> Draft:
    lines = _lines(chunk.frame)
    goods = lines.filter(~pl.col("service"))
    sold = goods.filter(~_stock_adjustment())
    return Draft(
        frame=sold.select(
            pl.col(LINE),
            pl.format("{}:{}", pl.col("invoice"), pl.col(LINE)).alias("event_id"),
            pl.when("cancelled").then(pl.lit("refund")).otherwise(pl.lit("purchase")).alias("type"),
            pl.col("at"),
            pl.col("customer_id"),
            pl.when(pl.col("customer_id").is_null())
            .then(pl.format("basket:{}", pl.col("invoice")))
            .alias("visitor_id"),
            pl.col("code").alias("item_id"),
            _units().alias("quantity"),
            pl.col("price").alias("unit_price"),
            pl.when(~pl.col("cancelled")).then(pl.col("invoice")).alias("order_id"),
            _properties(),
        ),
        set_aside={
            "service_code": lines.height - goods.height,
            "stock_adjustment": goods.height - sold.height,
        },
        items=_items(sold, settings),
    )


def _lines(frame: pl.DataFrame) -> pl.DataFrame:
    invoice = pl.col("InvoiceNo").cast(pl.String).str.strip_chars().str.to_uppercase()
    code = pl.col("StockCode").cast(pl.String).str.strip_chars().str.to_uppercase()
    return frame.select(
        pl.col(LINE),
        invoice.alias("invoice"),
        invoice.str.starts_with("C").fill_null(value=False).alias("cancelled"),
        code.alias("code"),
        _is_service(code).fill_null(value=False).alias("service"),
        pl.col("Description").cast(pl.String).str.strip_chars().alias("title"),
        pl.col("Quantity").cast(pl.String).alias("quantity"),
        _at(frame.schema["InvoiceDate"]).alias("at"),
        pl.col("UnitPrice").cast(pl.String).alias("price"),
        pl.col("CustomerID")
        .cast(pl.String)
        .str.strip_chars()
        .str.strip_suffix(".0")
        .alias("customer_id"),
        pl.col("Country").cast(pl.String).alias("country"),
    )


def _is_service(code: pl.Expr) -> pl.Expr:
    prefixed = [code.str.starts_with(prefix) for prefix in SERVICE_PREFIXES]
    return pl.any_horizontal(code.is_in(list(SERVICE_CODES)), *prefixed)


def _stock_adjustment() -> pl.Expr:
    """A line at no price that no customer is on: the warehouse found, lost or broke something."""
    free = pl.col("price").cast(pl.Float64, strict=False) == 0
    return (free & pl.col("customer_id").is_null() & ~pl.col("cancelled")).fill_null(value=False)


def _units() -> pl.Expr:
    """Units that came back are written with a minus; any other minus stays, to be rejected."""
    text = pl.col("quantity")
    back = pl.col("cancelled") & text.str.starts_with("-")
    wrong = pl.col("cancelled") & ~text.str.starts_with("-")
    return (
        pl.when(back)
        .then(text.str.strip_prefix("-"))
        .when(wrong)
        .then(pl.format("-{}", text))
        .otherwise(text)
    )


def _at(dtype: pl.DataType) -> pl.Expr:
    column = pl.col("InvoiceDate")
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return column
    if isinstance(dtype, pl.Datetime):
        return _from_london(column)
    read = [column.str.to_datetime(clock, time_unit="us", strict=False) for clock in CLOCKS]
    utc = _from_london(pl.coalesce(read)).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.coalesce(utc, column)


def _from_london(local: pl.Expr) -> pl.Expr:
    """The hour that comes twice in autumn is read as its first; the one that never is, as none."""
    zoned = local.dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC")


def _properties() -> pl.Expr:
    """The country, and on a refund the invoice that took the goods back."""
    country = _quoted("country")
    begin = pl.concat_str(pl.lit('{"country":'), country)
    invoice = pl.concat_str(pl.lit(',"invoice":'), _quoted("invoice"))
    returned = pl.concat_str(begin, invoice, pl.lit("}"))
    bought = pl.concat_str(begin, pl.lit("}"))
    return pl.when("cancelled").then(returned).otherwise(bought).alias("properties")


def _quoted(name: str) -> pl.Expr:
    text = pl.col(name).fill_null("").str.replace_all("\\", "\\\\", literal=True)
    return pl.format('"{}"', text.str.replace_all('"', '\\"', literal=True))


def _items(sold: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Per item and title: how often, and the last price paid in this chunk."""
    paid = to_minor(pl.col("price"), settings.minor_units)
    return (
        sold.filter(~pl.col("cancelled"))
        .with_columns(paid.alias("price_minor"), pl.col("at").cast(pl.String))
        .sort("at", LINE)
        .group_by("code", "title")
        .agg(
            pl.len().alias("count"),
            pl.col("at").filter(pl.col("price_minor") > 0).last(),
            pl.col("price_minor").filter(pl.col("price_minor") > 0).last(),
        )
    )


def catalogue(found: pl.DataFrame) -> pl.DataFrame:
    """The title most often written and the price paid last; ties go to the smaller title."""
    title = pl.col("title").sort_by(
        pl.col("title").is_null(), -pl.col("count").cast(pl.Int64), pl.col("title")
    )
    items = (
        found.filter(pl.col("code").is_not_null())
        .group_by("code", "title")
        .agg(
            pl.col("count").sum(),
            pl.col("price_minor").sort_by("at", nulls_last=False).last(),
            pl.col("at").max(),
        )
        .group_by("code")
        .agg(title.first(), pl.col("price_minor").sort_by("at", nulls_last=False).last())
        .sort("code")
    )
    named = items.rename({"code": "item_id"}).with_columns(available=pl.lit(value=True))
    return pl.concat([pl.DataFrame(schema=ITEMS_SCHEMA), named], how="diagonal")


ONLINE_RETAIL: Final = Format(
    name="online-retail",
    convert=convert,
    columns=COLUMNS,
    renamed=NAMES_IN_SECOND_EDITION,
    currency="GBP",
    channel="web",
    shop={"time_zone": ZONE, "language": "en"},
    settle=order_of_refunds,
    catalogue=catalogue,
)
