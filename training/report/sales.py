"""Sales by channel and by country: the last four weeks beside the four before and a year ago."""

import polars as pl

from training.report.facts import Facts
from training.report.groups import hide_small, shares
from training.report.trade import BUYERS, ORDERS, PEOPLE, PERIOD_MS, SALES, YEAR_MS, last


def by(facts: Facts, group: str) -> pl.DataFrame:
    """group, sales_minor, sales_share, growth, year_growth, orders, customers, coverage.

    `coverage` is the share of the period's buying customers who bought in the group. Lines that
    name no group stand in a row of their own (null). A group of 1 to k - 1 buying customers is left
    out, however many orders of nobody stand beside theirs. Growth needs the earlier window whole.
    """
    window = last(PERIOD_MS, facts.now)
    now = facts.trade.filter(window.holds)
    buyers = now.select(BUYERS).item()
    earlier = {
        "before_minor": window.before(),
        "year_minor": window.before(YEAR_MS),
    }
    table = now.group_by(group).agg(SALES, ORDERS, BUYERS, PEOPLE)
    for name, other in earlier.items():
        whole = facts.trade if facts.holds(other) else facts.trade.clear()
        sold = whole.filter(other.holds).group_by(group).agg(SALES.alias(name))
        table = table.join(sold, on=group, how="left", nulls_equal=True)
    table = shares(table, sales_share="sales_minor").with_columns(
        growth=_growth("before_minor"),
        year_growth=_growth("year_minor"),
        coverage=pl.col("customers") / max(buyers, 1),
    )
    kept = hide_small(hide_small(table, facts.k, count="people"), facts.k)
    ordered = kept.sort(["sales_minor", group], descending=[True, False], nulls_last=True)
    return ordered.select(
        group,
        "sales_minor",
        "sales_share",
        "growth",
        "year_growth",
        "orders",
        "customers",
        "coverage",
    )


def _growth(before: str) -> pl.Expr:
    past = pl.col(before)
    return pl.when(past > 0).then(pl.col("sales_minor") / past - 1)
