"""What we show beside what sells: by category, brand, price, popularity, slot and tier."""

import polars as pl

from training.metrics import gini
from training.report.facts import Facts
from training.report.groups import hide_small, shares
from training.report.shown import counted


def compared(items: pl.DataFrame, group: str) -> pl.DataFrame:
    """group, items, item_share, sales_minor, sales_share, shown_share, lean.

    `lean` is the share of places over the share of sales: above 1 is shown more than it sells.
    """
    found = (
        items.filter(pl.col(group).is_not_null())
        .group_by(group)
        .agg(
            items=pl.len().cast(pl.Int64),
            sales_minor=pl.col("sales_minor").clip(lower_bound=0).sum(),
            shown=pl.col("shown").sum(),
        )
    )
    table = shares(found, item_share="items", sales_share="sales_minor", shown_share="shown")
    lean = pl.when(pl.col("sales_share") > 0).then(pl.col("shown_share") / pl.col("sales_share"))
    return table.with_columns(lean=lean).select(
        group, "items", "item_share", "sales_minor", "sales_share", "shown_share", "lean"
    )


def by_category(items: pl.DataFrame) -> pl.DataFrame:
    return _largest(compared(items, "category"), "category")


def by_brand(items: pl.DataFrame) -> pl.DataFrame:
    return _largest(compared(items, "brand"), "brand")


def _largest(table: pl.DataFrame, group: str) -> pl.DataFrame:
    return table.sort(["sales_minor", group], descending=[True, False])


def by_price(items: pl.DataFrame) -> pl.DataFrame:
    """With the lowest and the highest price of each band."""
    bounds = items.group_by("price_band").agg(
        lowest_minor=pl.col("price_minor").min(), highest_minor=pl.col("price_minor").max()
    )
    joined = compared(items, "price_band").join(bounds, on="price_band").sort("price_band")
    return joined.select(
        "price_band", "lowest_minor", "highest_minor", "items", "sales_share", "shown_share", "lean"
    )


def head_and_tail(items: pl.DataFrame) -> pl.DataFrame:
    """part (head: the best fifth of what sold; tail: the rest of it; unsold), as `compared`."""
    part = (
        pl.when("head")
        .then(pl.lit("head"))
        .when(pl.col("sales_minor") > 0)
        .then(pl.lit("tail"))
        .otherwise(pl.lit("unsold"))
    )
    return compared(items.with_columns(part=part), "part").sort("part")


def by_slot(facts: Facts) -> pl.DataFrame:
    """slot, asked, size, items, coverage, filled, head_share, exposure_gini.

    `coverage` is of what can be sold.
    """
    table, n_items = facts.item_table, len(facts.items)
    sellable = int(table["sellable"].sum())
    head = table["head"].to_numpy()
    rows = []
    for slot, slates in facts.shown.slates.items():
        places = slates[slates >= 0]
        distinct = int((counted(slates, n_items) > 0).sum())
        rows.append(
            {
                "slot": slot,
                "asked": len(slates),
                "size": slates.shape[1],
                "items": distinct,
                "coverage": distinct / max(sellable, 1),
                "filled": len(places) / max(slates.size, 1),
                "head_share": float(head[places].mean()) if len(places) else 0.0,
                "exposure_gini": gini(slates, n_items),
            }
        )
    return pl.DataFrame(rows)


def by_tier(facts: Facts) -> pl.DataFrame:
    """tier, customers asked for, what their places hold: mean price, on sale, head, items."""
    table, catalogue = facts.item_table, facts.bundle.catalogue
    columns = table.select("price_minor", "head").with_columns(
        on_sale=pl.Series(catalogue.on_sale), item=facts.items["item"]
    )
    asked = facts.states[facts.shown.customers.tolist()].select(
        tier=pl.col("tier").fill_null(""), rank="tier_rank"
    )
    slates = [rows for slot, rows in facts.shown.slates.items() if slot not in facts.shown.on_pages]
    places = pl.concat(
        [
            asked.with_columns(line=pl.int_range(pl.len()), item=pl.Series(rows.tolist()))
            .explode("item")
            .with_columns(pl.col("item").cast(pl.Int32))
            for rows in slates
        ]
    ).join(columns, on="item")
    found = places.group_by("rank", "tier").agg(
        customers=pl.col("line").n_unique().cast(pl.Int64),
        items=pl.col("item").n_unique().cast(pl.Int64),
        price_minor=pl.col("price_minor").mean(),
        on_sale_share=pl.col("on_sale").mean(),
        head_share=pl.col("head").mean(),
    )
    return hide_small(found.sort("rank"), facts.k).drop("rank")


def never_shown(items: pl.DataFrame, k: int) -> pl.DataFrame:
    """Sell, and are in no slate: item_id, title, sales_minor, customers; best sellers first."""
    return _sold(items.filter("sellable", pl.col("anywhere") == 0), k)


def unsellable(items: pl.DataFrame, k: int) -> pl.DataFrame:
    """The same of what sold in the season, and is out of stock or withdrawn now."""
    return _sold(items.filter(~pl.col("sellable")), k)


def _sold(items: pl.DataFrame, k: int) -> pl.DataFrame:
    found = items.filter(pl.col("sales_minor") > 0)
    return (
        found.filter(pl.col("customers") >= k)
        .sort(["sales_minor", "item"], descending=[True, False])
        .select("title", "item_id", "price_minor", "sales_minor", "customers")
    )


def never_sold(items: pl.DataFrame) -> pl.DataFrame:
    """Are shown, and did not sell in the season: most shown first. Articles are not for sale."""
    found = items.filter((pl.col("sales_minor") <= 0) & (pl.col("shown") > 0) & ~pl.col("content"))
    return found.sort(["shown", "item"], descending=[True, False]).select(
        "title", "item_id", "price_minor", "shown"
    )


def never_touched(items: pl.DataFrame) -> pl.DataFrame:
    """Can be sold, never were, and are in no slate."""
    found = items.filter("sellable", ~pl.col("ever"), ~pl.col("content"), pl.col("anywhere") == 0)
    return found.sort("item").select("title", "item_id", "category", "price_minor")


def stock(items: pl.DataFrame) -> pl.DataFrame:
    """kind of dead stock, items, sales_minor, shown; nothing of it is an article."""
    sells, seen, sellable = pl.col("sales_minor") > 0, pl.col("anywhere") > 0, pl.col("sellable")
    goods = ~pl.col("content")
    kinds = {
        "never_shown": sells & sellable & ~seen,
        "unsellable": sells & ~sellable,
        "never_sold": goods & ~sells & (pl.col("shown") > 0),
        "never_touched": goods & sellable & ~pl.col("ever") & ~seen,
    }
    rows = [
        {
            "dead": name,
            "items": (part := items.filter(mask)).height,
            "item_share": part.height / max(items.height, 1),
            "sales_minor": int(part["sales_minor"].sum()),
            "shown": int(part["shown"].sum()),
        }
        for name, mask in kinds.items()
    ]
    return pl.DataFrame(rows)
