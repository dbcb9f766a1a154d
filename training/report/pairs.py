"""What goes together, and what is due again."""

from typing import Final

import numpy as np
import polars as pl

from engine.customers.repurchase import runs_out_at
from training.ragged import rows_of
from training.report.facts import Facts
from training.report.groups import hide_small
from training.report.trade import BOUGHT

PAIRS: Final = 40
EACH: Final = 2  # pairs in which one item may come, so that the table tells of many
LOOKED_AT: Final = 400  # strongest pairs that the table is chosen from


def together(facts: Facts) -> pl.DataFrame:
    """Two items that baskets hold together more often than by chance, the surest first.

    title, with_title, baskets (that hold both), of_first, of_second (shares of their baskets),
    lift (baskets over what chance would give), strength (log-likelihood ratio of the bundle).
    """
    pairs = _strongest(facts)
    counts = _baskets(facts, pairs)
    table = _named(pairs, counts, facts).filter(pl.col("baskets") >= facts.k)
    return _spread(table).select(
        "title", "with_title", "baskets", "of_first", "of_second", "lift", "strength"
    )


def _strongest(facts: Facts) -> pl.DataFrame:
    """first < second, strength; each pair once."""
    lists = facts.bundle.bought_together
    pairs = pl.DataFrame(
        {"a": rows_of(lists.offsets), "b": lists.rows, "strength": lists.scores},
        schema={"a": pl.Int32, "b": pl.Int32, "strength": pl.Float32},
    )
    return (
        pairs.select(
            first=pl.min_horizontal("a", "b"),
            second=pl.max_horizontal("a", "b"),
            strength="strength",
        )
        .group_by("first", "second")
        .agg(pl.col("strength").max())
        .sort(["strength", "first", "second"], descending=[True, False, False])
        .head(LOOKED_AT)
    )


def _baskets(facts: Facts, pairs: pl.DataFrame) -> pl.DataFrame:
    """order, item: each once, of the items in `pairs`."""
    wanted = pl.concat([pairs["first"], pairs["second"]]).unique()
    return (
        facts.item_trade.filter(BOUGHT & pl.col("item").is_in(wanted.implode()))
        .select("order", "item")
        .unique()
    )


def _named(pairs: pl.DataFrame, held: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    total = facts.trade["order"].drop_nulls().n_unique()
    single = dict(held.group_by("item").len().iter_rows())
    orders = {item: set(part["order"]) for (item,), part in held.group_by("item")}
    titles = facts.items["title"]
    rows = [
        {
            "first": first,
            "second": second,
            "title": titles[first],
            "with_title": titles[second],
            "baskets": (both := len(orders.get(first, set()) & orders.get(second, set()))),
            "of_first": both / max(single.get(first, 0), 1),
            "of_second": both / max(single.get(second, 0), 1),
            "lift": both * total / max(single.get(first, 0) * single.get(second, 0), 1),
            "strength": strength,
        }
        for first, second, strength in pairs.iter_rows()
    ]
    return pl.DataFrame(rows, schema_overrides={"lift": pl.Float64})


def _spread(table: pl.DataFrame) -> pl.DataFrame:
    seen: dict[int, int] = {}
    kept = []
    for place, (first, second) in enumerate(table.select("first", "second").iter_rows()):
        if max(seen.get(first, 0), seen.get(second, 0)) < EACH:
            kept.append(place)
            seen[first], seen[second] = seen.get(first, 0) + 1, seen.get(second, 0) + 1
    return table[kept[:PAIRS]]


def due_again(facts: Facts) -> pl.DataFrame:
    """Items that are due now: title, item_id, price_minor, cycle_days, customers, worth_minor.

    Due means what the `due` source means: between 90 % and 120 % of the item's cycle by default.
    `worth_minor` is one unit for each customer who is due.
    """
    found = due_pairs(facts).group_by("item").agg(customers=pl.len().cast(pl.Int64))
    items = facts.items.with_columns(cycle_days=pl.Series(facts.bundle.cycles.days))
    table = found.join(items, on="item").with_columns(
        worth_minor=pl.col("price_minor") * pl.col("customers")
    )
    return (
        hide_small(table, facts.k)
        .sort(["customers", "item"], descending=[True, False])
        .select("title", "item_id", "price_minor", "cycle_days", "customers", "worth_minor")
    )


def due_pairs(facts: Facts) -> pl.DataFrame:
    """customer, item: every pair that is due at the end of the log."""
    pairs, config = facts.bundle.customer_items, facts.bundle.shop.repurchase
    held = np.flatnonzero((pairs.bought > 0) & (pairs.last_bought_at > 0))
    items, at, units = pairs.rows[held], pairs.last_bought_at[held], pairs.last_units[held]
    cycles = facts.bundle.cycles
    ends = runs_out_at(at, units, cycles.days[items], cycles.per_unit[items])
    progress = (facts.now - at) / np.maximum(ends - at, 1)
    near = (progress >= config.due_from) & (progress <= config.due_until)
    who = rows_of(pairs.offsets)[held]
    return pl.DataFrame({"customer": who[near], "item": items[near]})
