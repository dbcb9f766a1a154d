"""What a merchandiser should do: rules over the tables, each with the figure that made it speak."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from engine.types import DAY_MS
from training.customer_orders import kept_orders
from training.evaluate import PERSONAL, POPULAR
from training.report import customers, exposure, pairs, quality, sales
from training.report.facts import Facts
from training.report.trade import PERIOD_MS, WEEK_MS, growth, last, ratio, sums

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Finding:
    """`values` are said in the text of `code`; their kinds are those of the columns so named."""

    code: str
    chapter: str  # where the table stands
    values: Mapping[str, Value]


WORTH_KEEPING: Final = ("top", "large", "medium")
SLIPPING: Final = ("at_risk", "dormant")
NOTABLE: Final = 0.1  # guess: a change by a tenth is worth a sentence
LEANING: Final = 1.5  # shown half as much again as it sells
MANY_REFUNDS: Final = 0.05  # guess; of the gross sales
MATTERS: Final = 0.01  # of the sales: smaller countries and channels are not told of


def week_changed(facts: Facts) -> Finding | None:
    if facts.timeless:
        return None
    window = last(WEEK_MS, facts.now)
    now, before = (sums(facts.trade, each)["sales_minor"] for each in (window, window.before()))
    change = growth(now, before)
    if change is None or abs(change) < NOTABLE:
        return None
    code = "week_up" if change > 0 else "week_down"
    return Finding(code, "changes", {"sales_minor": now, "growth": change})


def win_back(facts: Facts) -> Finding | None:
    """Good customers who are overdue by their own cycle, or asleep."""
    slipping = facts.states.filter(
        pl.col("value_class").is_in(WORTH_KEEPING), pl.col("stage").is_in(SLIPPING)
    )
    if slipping.height < max(facts.k, 1):
        return None
    brought = int(slipping["monetary_minor"].sum())
    share = ratio(brought, int(facts.states["monetary_minor"].sum())) or 0.0
    values = {"customers": slipping.height, "sales_minor": brought, "sales_share": share}
    return Finding("win_back", "customers", values)


def one_order(facts: Facts) -> Finding | None:
    """Of who had time to come again: their first order is older than the dormant's last (L1)."""
    days = facts.bundle.schemes.lifecycle.dormant_days
    kept = kept_orders(facts.bundle.snapshot)
    had_time = (kept.counts > 0) & (kept.first_at < facts.now - days * DAY_MS)
    once = int(np.count_nonzero(had_time & (kept.counts == 1)))
    share = ratio(once, int(np.count_nonzero(had_time)))
    if once < facts.k or share is None or share < NOTABLE:
        return None
    values = {"customers": once, "customer_share": share, "days": days}
    return Finding("one_order", "customers", values)


def dependence(facts: Facts) -> Finding | None:
    table = customers.tops(facts)
    best = table.filter(pl.col("best") == customers.TOPS[0])["customers_part"].item()
    fifth = table.filter(pl.col("best") == pl.lit(0.2))["customers_part"].item()
    if fifth < 0.5:  # half of Pareto's four fifths is no dependence
        return None
    return Finding("dependence", "customers", {"top_part": best, "fifth_part": fifth})


def fell_asleep(facts: Facts) -> Finding | None:
    moves = customers.stage_moves(facts).filter(
        pl.col("to_stage") == "dormant", pl.col("from_stage") != "lost"
    )
    if facts.timeless or not moves.height:
        return None
    values = {"customers": _sum(moves, "customers"), "sales_minor": _sum(moves, "sales_minor")}
    return Finding("fell_asleep", "customers", values)


def near_tier(facts: Facts) -> Finding | None:
    near = _sum(customers.tiers(facts), "near")
    return Finding("near_tier", "customers", {"customers": near}) if near >= facts.k else None


def nameless(facts: Facts) -> Finding | None:
    found = sums(facts.trade, last(PERIOD_MS, facts.now))
    share = ratio(found["sales_minor"] - found["known_sales_minor"], found["sales_minor"])
    if share is None or share < NOTABLE:
        return None
    return Finding("nameless", "changes", {"sales_share": share})


def refunds(facts: Facts) -> Finding | None:
    found = sums(facts.trade, last(PERIOD_MS, facts.now))
    share = ratio(found["refunds_minor"], found["gross_minor"])
    if share is None or share < MANY_REFUNDS:
        return None
    values = {"refunds_minor": found["refunds_minor"], "refund_share": share}
    return Finding("refunds", "changes", values)


def fastest_country(facts: Facts) -> Finding | None:
    table = sales.by(facts, "country").filter(
        pl.col("country").is_not_null(),
        pl.col("growth") >= NOTABLE,
        pl.col("sales_share") >= MATTERS,
    )
    if not table.height or facts.timeless:
        return None
    best = table.sort("growth", descending=True).row(0, named=True)
    values = {name: best[name] for name in ("country", "growth", "sales_minor", "customers")}
    return Finding("fastest_country", "customers", values)


def not_shown(facts: Facts) -> Finding | None:
    dead = _dead("never_shown", facts)
    values = {name: dead[name] for name in ("items", "sales_minor")}
    return Finding("not_shown", "exposure", values) if dead["items"] else None


def unsellable(facts: Facts) -> Finding | None:
    dead = _dead("unsellable", facts)
    values = {name: dead[name] for name in ("items", "sales_minor")}
    return Finding("unsellable", "exposure", values) if dead["items"] else None


def shown_unsold(facts: Facts) -> Finding | None:
    dead = _dead("never_sold", facts)
    values = {name: dead[name] for name in ("items", "shown")}
    return Finding("shown_unsold", "exposure", values) if dead["items"] else None


def _dead(kind: str, facts: Facts) -> dict[str, int]:
    return exposure.stock(facts.item_table).row(by_predicate=pl.col("dead") == kind, named=True)


def head_leans(facts: Facts) -> Finding | None:
    table = exposure.head_and_tail(facts.item_table).filter(pl.col("part") == "head")
    if not table.height or (table["lean"].item() or 0) < LEANING:
        return None
    values = {name: table[name].item() for name in ("shown_share", "sales_share")}
    return Finding("head_leans", "exposure", values)


def pair(facts: Facts) -> Finding | None:
    table = pairs.together(facts)
    if not table.height:
        return None
    names = ("title", "with_title", "baskets", "lift")
    return Finding("pair", "pairs", {name: table[name][0] for name in names})


def due(facts: Facts) -> Finding | None:
    found = pairs.due_pairs(facts)
    people = found["customer"].n_unique()
    if people < facts.k:
        return None
    worth = found.join(facts.items, on="item").select(
        buyers=pl.col("chance").sum(), worth_minor=(pl.col("chance") * pl.col("price_minor")).sum()
    )
    expected = {name: round(value or 0) for name, value in worth.row(0, named=True).items()}
    days = facts.bundle.shop.repurchase.horizon_days
    values: dict[str, Value] = {"customers": people, "days": days, **expected}
    reminded = found.filter("reminded")["customer"].n_unique()
    if reminded < facts.k:
        return Finding("due_once", "pairs", {**values, "smallest_group": facts.k})
    return Finding("due", "pairs", {**values, "reminded": reminded})


def engine_on(aim: str) -> Callable[[Facts], Finding | None]:
    def rule(facts: Facts) -> Finding | None:
        table = quality.held_out(facts.bundle.manifest, None).filter(pl.col("aim") == aim)
        found = dict(table.select("path", "ndcg").iter_rows())
        ours, theirs = found.get(PERSONAL), found.get(POPULAR)
        if not ours or not theirs:
            return None
        code = f"engine_{'ahead' if ours > theirs else 'behind'}_{aim}"
        values = {"ndcg": ours, "popular_ndcg": theirs, "times": ours / theirs}
        return Finding(code, "quality", values)

    return rule


def _sum(table: pl.DataFrame, column: str) -> int:
    return int(table[column].sum() or 0)


RULES: Final = (
    week_changed,
    win_back,
    fell_asleep,
    one_order,
    dependence,
    due,
    near_tier,
    not_shown,
    unsellable,
    shown_unsold,
    head_leans,
    pair,
    fastest_country,
    nameless,
    refunds,
    engine_on("everything"),
    engine_on("new_items"),
)
"""In the order in which they are told: people first, then goods, then the engine."""


def findings(facts: Facts) -> tuple[Finding, ...]:
    return tuple(found for rule in RULES if (found := rule(facts)) is not None)
