"""Which purchase a refund takes back.

The rule: of the orders of the same customer that hold the same item, are not later than the refund
and still have as many units left as came back, the latest (of two at one instant, the one with the
greater id). Each refund takes its units off that order. Without such an order it names none.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import polars as pl

KEYS: Final = ("customer_id", "item_id")


@dataclass(slots=True)
class _Bought:
    order_id: str
    left: int


def order_of_refunds(events: pl.LazyFrame) -> pl.DataFrame:
    """event_id, order_id of each refund that takes back an order of the log; any row order in."""
    known = events.filter(pl.col("customer_id").is_not_null())
    refunds = known.filter(pl.col("type") == "refund")
    touched = (
        known.filter(pl.col("type").is_in(["purchase", "refund"]))
        .join(refunds.select(KEYS).unique(), on=KEYS, how="semi")
        .select(*KEYS, "at", "type", "event_id", "order_id", "quantity")
        .collect()
        .sort("at", "type", "order_id", "event_id")  # a purchase before a refund of its minute
    )
    return _walk(touched)


def _walk(touched: pl.DataFrame) -> pl.DataFrame:
    bought: dict[tuple[str, str], list[_Bought]] = defaultdict(list)
    found: list[tuple[str, str]] = []
    for customer, item, _, kind, event_id, order_id, quantity in touched.iter_rows():
        orders = bought[customer, item]
        if kind == "purchase":
            _add(orders, order_id, quantity)
        elif (match := _latest_with(orders, quantity)) is not None:
            match.left -= quantity
            found.append((event_id, match.order_id))
    schema = {"event_id": pl.String, "order_id": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def _add(orders: list[_Bought], order_id: str, quantity: int) -> None:
    if orders and orders[-1].order_id == order_id:
        orders[-1].left += quantity
    else:
        orders.append(_Bought(order_id, quantity))


def _latest_with(orders: list[_Bought], quantity: int) -> _Bought | None:
    return next((order for order in reversed(orders) if order.left >= quantity), None)
