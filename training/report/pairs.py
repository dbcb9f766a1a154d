"""What goes together, what is due again, and what never is."""

from typing import Final

import polars as pl

from training.order_days import at_several_times, bought_again
from training.ragged import rows_of
from training.renewal import FOR_GOOD
from training.report.facts import Facts
from training.report.groups import hide_small
from training.report.trade import BOUGHT

PAIRS: Final = 40
EACH: Final = 2  # pairs in which one item may come, so that the table tells of many
LOOKED_AT: Final = 400  # strongest pairs that the table is chosen from
PAIR: Final = pl.Schema(
    {
        "first": pl.Int32,
        "second": pl.Int32,
        "title": pl.String,
        "with_title": pl.String,
        "baskets": pl.Int64,
        "of_first": pl.Float64,
        "of_second": pl.Float64,
        "lift": pl.Float64,
        "strength": pl.Float32,
    }
)


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
    return pl.DataFrame(rows, schema=PAIR)


def _spread(table: pl.DataFrame) -> pl.DataFrame:
    seen: dict[int, int] = {}
    kept = []
    for place, (first, second) in enumerate(table.select("first", "second").iter_rows()):
        if max(seen.get(first, 0), seen.get(second, 0)) < EACH:
            kept.append(place)
            seen[first], seen[second] = seen.get(first, 0) + 1, seen.get(second, 0) + 1
    return table[kept[:PAIRS]]


def due_again(facts: Facts) -> pl.DataFrame:
    """Items that will probably be bought again within `horizon_days`, those of most buyers first.

    title, item_id, price_minor, cycle_days, customers (who are near the end of its cycle, as in
    the triggers), buyers (as many of them are expected to buy it), worth_minor (one unit for each
    of these).
    """
    found = (
        due_pairs(facts)
        .group_by("item")
        .agg(customers=pl.len().cast(pl.Int64), buyers=pl.col("chance").sum())
    )
    items = facts.items.with_columns(cycle_days=pl.Series(facts.bundle.cycles.days))
    table = found.join(items, on="item").with_columns(
        worth_minor=(pl.col("price_minor") * pl.col("buyers")).round().cast(pl.Int64)
    )
    columns = ("title", "item_id", "price_minor", "cycle_days", "customers", "buyers")
    return (
        hide_small(table, facts.k)
        .sort(["buyers", "item"], descending=[True, False])
        .select(*columns, "worth_minor")
    )


def due_pairs(facts: Facts) -> pl.DataFrame:
    """customer, item, chance, reminded: every pair around the end of its cycle as the log ends.

    `reminded` is what a message may be about (A3), as the shop's condition and caps let it.
    Stricter than the source `due` where goods have no cycle: there all that was ever bought is due.
    """
    places, held, chances = bought_again(facts.bundle, facts.now)
    near, items = places[held.near], facts.bundle.customer_items
    who = rows_of(items.offsets)[near]
    reminded = at_several_times(items)[near]
    columns = {"customer": who, "item": items.rows[near], "chance": chances[held.near]}
    return pl.DataFrame({**columns, "reminded": reminded})


def durables(facts: Facts) -> pl.DataFrame:
    """Categories with items that are never due (C3), those of most customers first.

    category (the whole path; null = none), durables (such items), items (of the category),
    customers (who bought one of the durables), bought_again (the share of these who bought one of
    them in another order too).
    """
    bundle = facts.bundle
    codes, ids = bundle.catalogue.category.tolist(), bundle.catalogue.categories.ids
    items = pl.DataFrame(
        {
            "item": facts.items["item"],
            "category": pl.Series(
                [ids([code])[0] if code >= 0 else None for code in codes], dtype=pl.String
            ),
            "durable": bundle.cycles.days >= FOR_GOOD,
        }
    )
    counted = items.group_by("category").agg(
        durables=pl.col("durable").sum().cast(pl.Int64), items=pl.len().cast(pl.Int64)
    )
    bought = facts.item_trade.filter(BOUGHT & pl.col("customer_id").is_not_null())
    held = (
        bought.join(items.filter("durable"), on="item")
        .group_by("category", "customer_id", "item")
        .agg(again=pl.col("order").n_unique() > 1)
        .group_by("category", "customer_id")
        .agg(pl.col("again").any())
        .group_by("category")
        .agg(customers=pl.len().cast(pl.Int64), bought_again=pl.col("again").mean())
    )
    table = (
        counted.filter(pl.col("durables") > 0)
        .join(held, on="category", how="left", nulls_equal=True)
        .with_columns(pl.col("customers").fill_null(0))
    )
    return (
        hide_small(table, facts.k)
        .sort(["customers", "category"], descending=[True, False], nulls_last=True)
        .select("category", "durables", "items", "customers", "bought_again")
    )
