"""Who the customers are: classes, RFM, stages and who moved, tiers, Pareto, the splits.

Sales of a customer are those of the value window, net of refunds, as the rules of value count them.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from engine.customers.facts import Moments
from engine.customers.labels import (
    DEVELOPMENTS,
    OPINIONS,
    RELATIONS,
    STAGES,
    TYPES,
    VALUE_CLASSES,
    Label,
)
from engine.customers.lifecycle import soonest_days
from engine.customers.pareto import pareto
from engine.customers.referral_graph import Edge, Spread, referral_graph, spread_of
from engine.customers.snapshot import FIRST_AT, INVITATIONS, REFERRED_AT
from engine.types import DAY_MS
from training.customer_orders import PLACE
from training.report.facts import Facts
from training.report.groups import hide_small, in_order, shares
from training.report.trade import PERIOD_MS, SALES, last

NEAR: Final = 0.9  # of the next tier's points: close enough to be told about it
TOPS: Final = (0.01, 0.05, 0.1, 0.2, 0.5)
CURVE: Final = 50  # steps of the Pareto curve
NOBODY_YET: Final = "nobody_yet"  # the stage of who was not known a period ago

GROUPS: Final[Mapping[str, Mapping[str, Label]]] = {
    "value_class": VALUE_CLASSES,
    "development": DEVELOPMENTS,
    "opinion": OPINIONS,
    "customer_type": TYPES,
    "relation": RELATIONS,
}


def can_tell(group: str, facts: Facts) -> bool:
    """Whether the log says what tells the parts of a group apart.

    Without ratings and orders of who was referred the leaders would be whoever spent most (V4, V6):
    of k customers at least. Without a sign-up nobody is a member (L2).
    """
    people = facts.bundle.snapshot
    moments = {name: people.moments[:, place] for place, name in enumerate(Moments._fields)}
    if group in {"opinion", "customer_type"}:
        brought = np.diff(people.offsets[:, PLACE["referred"]]) > 0
        heard = np.count_nonzero(brought | (moments["ratings"] > 0))
        return int(heard) >= max(facts.k, 1)
    return group != "relation" or bool(moments["member_at"].any())


def known(facts: Facts) -> pl.DataFrame:
    return facts.states.filter("known")


def by_group(facts: Facts, group: str) -> pl.DataFrame:
    """The column, customers, customer_share, sales_minor, sales_share, orders_each; all its names.

    Everybody of the bundle counts, also who is only a name ("other").
    """
    people = facts.states if group == "value_class" else known(facts)
    found = people.group_by(group).agg(
        customers=pl.len().cast(pl.Int64),
        sales_minor=pl.col("monetary_minor").sum(),
        orders_each=pl.col("frequency").mean(),
    )
    table = shares(
        in_order(found, group, GROUPS[group]),
        customer_share="customers",
        sales_share="sales_minor",
    )
    kept = hide_small(table, facts.k)
    return kept.select(
        group, "customers", "customer_share", "sales_minor", "sales_share", "orders_each"
    )


def diagnoses(facts: Facts) -> pl.DataFrame:
    """diagnosis (null = nothing lags), customers, customer_share, sales_share, and their means
    (orders_each, basket_minor, categories_each): of the small customers (V8).
    """
    small = facts.states.filter(pl.col("value_class") == "small")
    found = small.group_by("diagnosis").agg(
        customers=pl.len().cast(pl.Int64),
        sales_minor=pl.col("monetary_minor").sum(),
        orders_each=pl.col("frequency").mean(),
        basket_minor=pl.col("monetary_minor").sum() / pl.col("frequency").sum(),
        categories_each=pl.col("breadth").mean(),
    )
    table = shares(found, customer_share="customers", sales_share="sales_minor")
    kept = hide_small(table, facts.k).sort("customers", "diagnosis", descending=[True, False])
    columns = ("customers", "customer_share", "sales_share")
    return kept.select("diagnosis", *columns, "orders_each", "basket_minor", "categories_each")


def rfm(facts: Facts) -> pl.DataFrame:
    """recency_score × frequency_score (1 to 5): customers, sales_minor; of all who ever ordered."""
    axes = ["recency_score", "frequency_score"]
    found = (
        known(facts)
        .filter(pl.col("recency_score") > 0)
        .group_by(axes)
        .agg(customers=pl.len().cast(pl.Int64), sales_minor=pl.col("monetary_minor").sum())
        .sort(axes, descending=[True, True])
    )
    return hide_small(found, facts.k)


def stages(facts: Facts) -> pl.DataFrame:
    """stage, customers, before, difference, customer_share, sales_share.

    `before` and `difference` are null for a stage that the log was too young for a period ago, and
    where fewer than k stood in it then.
    """
    now = (
        known(facts)
        .group_by("stage")
        .agg(customers=pl.len().cast(pl.Int64), sales_minor=pl.col("monetary_minor").sum())
    )
    past = facts.states_before.filter("known")
    before = past.group_by("stage").agg(before=pl.len().cast(pl.Int64))
    both = in_order(now.join(before, on="stage", how="full", coalesce=True), "stage", STAGES)
    reached = pl.col("stage").is_in(_reached(facts, facts.now - PERIOD_MS))
    table = shares(both, customer_share="customers", sales_share="sales_minor").with_columns(
        before=pl.when(reached).then("before")
    )
    few = (pl.col("before") > 0) & (pl.col("before") < facts.k)
    kept = hide_small(table, facts.k).with_columns(before=pl.when(~few).then("before"))
    kept = kept.with_columns(difference=pl.col("customers") - pl.col("before"))
    return kept.select(
        "stage", "customers", "customer_share", "before", "difference", "sales_share"
    )


def _reached(facts: Facts, then: int) -> list[str]:
    """The stages that somebody could stand in at `then`, as far back as the log goes."""
    age = then - facts.bundle.manifest.first_event_at
    soonest = soonest_days(facts.bundle.schemes.lifecycle)
    return [name for name in STAGES if age > soonest.get(name, 0) * DAY_MS]


def stage_moves(facts: Facts) -> pl.DataFrame:
    """from_stage, to_stage, customers: who stands elsewhere than a period ago; most first."""
    return _moves(facts, "stage")


def development_moves(facts: Facts) -> pl.DataFrame:
    """from_development, to_development, customers."""
    return _moves(facts, "development")


def _moves(facts: Facts, column: str) -> pl.DataFrame:
    before = facts.states_before.select(
        pl.when("known").then(pl.col(column)).otherwise(pl.lit(NOBODY_YET)).alias(f"from_{column}")
    )
    now = facts.states.select(pl.col(column).alias(f"to_{column}"), "known", "monetary_minor")
    both = pl.concat([before, now], how="horizontal").filter("known")
    ends = [f"from_{column}", f"to_{column}"]
    moved = (
        both.filter(pl.col(ends[0]) != pl.col(ends[1]))
        .group_by(ends)
        .agg(customers=pl.len().cast(pl.Int64), sales_minor=pl.col("monetary_minor").sum())
        .sort(["customers", *ends], descending=[True, False, False])
    )
    return hide_small(moved, facts.k)


def tiers(facts: Facts) -> pl.DataFrame:
    """tier ("" = none), customers, customer_share, sales_share, points_each, near (the next)."""
    ladder = facts.bundle.shop.loyalty.tiers
    steps = [*(tier.points for tier in ladder), None]
    ranked = known(facts).with_columns(
        goal=pl.col("tier_rank").replace_strict(dict(enumerate(steps)), return_dtype=pl.Int64)
    )
    found = ranked.group_by("tier_rank").agg(
        customers=pl.len().cast(pl.Int64),
        sales_minor=pl.col("monetary_minor").sum(),
        points_each=pl.col("points").mean(),
        near=(pl.col("points") >= NEAR * pl.col("goal")).sum().cast(pl.Int64),
    )
    names = pl.DataFrame(
        {"tier_rank": range(len(ladder) + 1), "tier": ["", *(tier.name for tier in ladder)]},
        schema={"tier_rank": pl.Int64, "tier": pl.String},
    )
    every = names.join(
        found.with_columns(pl.col("tier_rank").cast(pl.Int64)),
        on="tier_rank",
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("customers", "sales_minor", "near").fill_null(0))
    table = shares(every, customer_share="customers", sales_share="sales_minor")
    near = pl.when((pl.col("near") >= facts.k) | (pl.col("near") == 0)).then("near")
    return hide_small(table, facts.k).select(
        "tier", "customers", "customer_share", "sales_share", "points_each", near.alias("near")
    )


def spread(facts: Facts) -> pl.DataFrame:
    """cohort (month of the first contact), customers, invitations, newcomers, k, tipping; by month.

    Newcomers are whom the customers of a cohort brought, as far as their referral stands (F1).
    """
    people, ids = facts.bundle.snapshot, facts.bundle.customers
    brought = np.flatnonzero(people.referrers).tolist()
    graph = referral_graph(
        Edge(
            int(people.moments[row, REFERRED_AT]),
            ids.id(row),
            people.words[int(people.referrers[row])],
        )
        for row in brought
    )
    referrers = ids.rows([edge.referrer for edge in graph.referrers.values()])
    counted = np.bincount(referrers[referrers >= 0], minlength=len(ids))
    known = people.moments[:, FIRST_AT] > 0
    first = pl.from_epoch(pl.Series(people.moments[known, FIRST_AT]), time_unit="ms")
    local = first.dt.replace_time_zone("UTC").dt.convert_time_zone(facts.zone.key)
    month = local.dt.strftime("%Y-%m")
    table = pl.DataFrame(
        {"cohort": month, "invited": people.moments[known, INVITATIONS], "brought": counted[known]}
    )
    found = table.group_by("cohort").agg(
        customers=pl.len().cast(pl.Int64),
        invitations=pl.col("invited").sum(),
        newcomers=pl.col("brought").sum().cast(pl.Int64),
    )
    cohorts = {name: Spread(*counts) for name, *counts in found.iter_rows()}
    columns = {"cohort": pl.String, "k": pl.Float64, "tipping": pl.Boolean}
    told = pl.DataFrame(spread_of(cohorts), columns, orient="row")
    return hide_small(found.join(told, on="cohort").sort("cohort"), facts.k)


def sales_of_customers(facts: Facts) -> np.ndarray:
    """Of each customer with an order in the window."""
    buyers = facts.states.filter(pl.col("frequency") > 0)
    return buyers["monetary_minor"].to_numpy()


def sales_of_items(facts: Facts) -> np.ndarray:
    """Of each item that sold in the window, to whomever."""
    window = last(facts.bundle.shop.value.window_days * DAY_MS, facts.now)
    found = facts.item_trade.filter(window.holds).group_by("item").agg(SALES)
    return found.filter(pl.col("sales_minor") > 0)["sales_minor"].to_numpy()


def tops(facts: Facts) -> pl.DataFrame:
    """best, customers_part, items_part: the share of sales that the best few bring."""
    curves = [pareto(sales_of_customers(facts)), pareto(sales_of_items(facts))]
    found = [[float(np.interp(top, c.people, c.revenue)) for top in TOPS] for c in curves]
    return pl.DataFrame({"best": TOPS, "customers_part": found[0], "items_part": found[1]})


def curve(facts: Facts) -> pl.DataFrame:
    """best (0 to 1), customers_part, items_part: the Pareto curve in even steps."""
    steps = np.linspace(0, 1, CURVE + 1)
    curves = [pareto(sales_of_customers(facts)), pareto(sales_of_items(facts))]
    found = [np.interp(steps, c.people, c.revenue) for c in curves]
    return pl.DataFrame({"best": steps, "customers_part": found[0], "items_part": found[1]})
