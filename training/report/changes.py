"""What changed since last week: the last seven days beside the seven before."""

from typing import Final

import polars as pl

from training.report.facts import Facts
from training.report.trade import (
    AT,
    BOUGHT,
    SALES,
    WEEK_MS,
    YEAR_MS,
    Window,
    growth,
    last,
    ratio,
    sums,
)

WEEKS: Final = 52  # a year of weeks shows every season
MOVERS: Final = 8  # items that rose, and as many that fell
USUAL: Final = 4  # weeks before this one that make the usual week


def week(facts: Facts) -> pl.DataFrame:
    """One row a measure: this week, the week before, the usual week, the same week a year ago."""
    window = last(WEEK_MS, facts.now)
    weeks = [window, *(_weeks_back(window, weeks) for weeks in range(1, USUAL + 1))]
    now, *before = [_measures(facts, each) for each in weeks]
    year = _measures(facts, window.before(YEAR_MS)) | {"new_customers": None}
    rows = [
        {
            "measure": name,
            "this_week": value,
            "last_week": before[0][name],
            "change": _change(name, value, before[0][name]),
            "usual_week": _mean([each[name] for each in before]),
            "year_ago": year[name],
        }
        for name, value in now.items()
    ]
    return pl.DataFrame(rows, schema=WEEK_SCHEMA)


WEEK_SCHEMA: Final = {
    "measure": pl.String,
    "this_week": pl.Float64,
    "last_week": pl.Float64,
    "change": pl.Float64,
    "usual_week": pl.Float64,
    "year_ago": pl.Float64,
}


def _weeks_back(window: Window, weeks: int) -> Window:
    return window.before(weeks * WEEK_MS)


def _measures(facts: Facts, window: Window) -> dict[str, float | None]:
    """Nothing is known of a week that the log does not hold whole.

    A year ago nobody is counted as new: the log may begin there, and then everybody is.
    """
    if not facts.holds(window):
        return dict.fromkeys(MEASURES)
    found = sums(facts.trade, window)
    values = {
        "sales_minor": found["sales_minor"],
        "orders": found["orders"],
        "customers": found["customers"],
        "new_customers": found["new_customers"],
        "median_order_minor": median_order(facts.trade, window),
        "units": found["units"],
        "refund_share": ratio(found["refunds_minor"], found["gross_minor"]),
        "known_share": ratio(found["known_sales_minor"], found["sales_minor"]),
    }
    return {name: values[name] for name in MEASURES}


SHARES: Final = frozenset({"refund_share", "known_share"})
MEASURES: Final = (
    "sales_minor",
    "orders",
    "customers",
    "new_customers",
    "median_order_minor",
    "units",
    "refund_share",
    "known_share",
)


def median_order(trade: pl.DataFrame, window: Window) -> float | None:
    """Of what was ordered, before refunds: one enormous order does not move it."""
    orders = trade.filter(window.holds & BOUGHT).group_by("order").agg(pl.col("amount_minor").sum())
    middle = orders["amount_minor"].median()
    return None if middle is None else float(middle)  # type: ignore[arg-type]  # of integers


def _change(name: str, now: float | None, before: float | None) -> float | None:
    """Growth; of a share the difference."""
    if now is None or before is None:
        return None
    return now - before if name in SHARES else growth(now, before)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def weekly(facts: Facts) -> pl.DataFrame:
    """week_end (epoch ms), sales_minor, orders; whole weeks back from the end, oldest first."""
    first = facts.bundle.manifest.first_event_at
    whole = min((facts.now - first) // WEEK_MS, WEEKS)
    back = ((facts.now - AT) // WEEK_MS).alias("back")
    found = (
        facts.trade.with_columns(back)
        .filter(pl.col("back") < whole)
        .group_by("back")
        .agg(SALES, orders=pl.col("order").drop_nulls().n_unique().cast(pl.Int64))
    )
    every = pl.DataFrame({"back": range(whole)}, schema={"back": pl.Int64})
    return (
        every.join(found, on="back", how="left")
        .sort("back", descending=True)
        .select(
            (facts.now - pl.col("back") * WEEK_MS).alias("week_end"),
            pl.col("sales_minor", "orders").fill_null(0),
        )
    )


def movers(facts: Facts) -> pl.DataFrame:
    """Items whose sales rose and fell most against last week; each bought by k or more customers.

    Without names behind them anonymous baskets count as nobody, so an item needs known buyers.
    """
    this = last(WEEK_MS, facts.now)
    both = facts.item_trade.filter(this.holds | this.before().holds)
    sold = pl.col("amount_minor")
    table = (
        both.group_by("item")
        .agg(
            this_minor=sold.filter(this.holds).sum(),
            last_minor=sold.filter(~this.holds).sum(),
            customers=pl.col("customer_id").filter(BOUGHT).drop_nulls().n_unique().cast(pl.Int64),
        )
        .filter(pl.col("customers") >= facts.k)
        .with_columns(difference_minor=pl.col("this_minor") - pl.col("last_minor"))
        .sort(["difference_minor", "item"], descending=[True, False])
    )
    rising = table.filter(pl.col("difference_minor") > 0).head(MOVERS)
    falling = table.filter(pl.col("difference_minor") < 0).tail(MOVERS)
    named = facts.items.select("item", "item_id", "title")
    return (
        pl.concat([rising, falling])
        .join(named, on="item", maintain_order="left")
        .select("title", "item_id", "this_minor", "last_minor", "difference_minor", "customers")
    )
