"""Will a customer buy an item again in the next 14 days? Chances against plain rules, by time.

python -m bench cycles [LOG.parquet]

For each cut everything is learned from what lies before it and judged on the 14 days from it on.
Settings were chosen on the earlier cuts; the last one is the test. A rule names a customer's items
in its order: the hit rate is the share of the first so many that are bought, of all customers who
have that many, and of those who order in the 14 days; the lift is the share of the best 5,000
pairs of all that are bought, to the share of all pairs.
"""

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.machine import keep, machine
from engine.catalogue import Catalogue
from training.models.again import Pairs, Purchases, chances, pairs_of

HORIZON: Final = 14
CUTS: Final = (42, 28, 14)  # days before the end; the last is the test
FIRST: Final = (1, 5)
BEST: Final = 5_000
TENTHS: Final = 10
Floats = NDArray[np.float64]


def main(words: list[str]) -> None:
    from bench.training import simulated_log

    before = machine()
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(words[0]) if words else simulated_log(Path(scratch), 5_000, 2_000)
        lines = pl.read_parquet(log, columns=COLUMNS)
    bought, items = _purchases(lines)
    end = int(bought.days.max()) + 1
    judged = [_judged(lines, bought, items, end - back) for back in CUTS]
    for cut in judged:
        print(_said(cut))
    keep("cycles", {"horizon_days": HORIZON, "log": log.name, "cuts": judged}, before)


COLUMNS: Final = ["event_id", "type", "at", "customer_id", "item_id", "quantity", "order_id"]


def _purchases(lines: pl.DataFrame) -> tuple[Purchases, list[str]]:
    """And the ids of the items, in the order of their numbers."""
    own = lines.filter((pl.col("type") == "purchase") & pl.col("customer_id").is_not_null())
    items = sorted(own["item_id"].drop_nulls().unique())
    numbered = pl.DataFrame({"item_id": items, "item": range(len(items))})
    table = (
        own.join(numbered, on="item_id")
        .select(
            pl.col("customer_id").rank("dense").cast(pl.Int64).alias("customer") - 1,
            pl.col("item").cast(pl.Int64),
            (pl.col("at").dt.epoch("ms") // 86_400_000).alias("day"),
        )
        .unique()
        .sort("customer", "item", "day")
    )
    return Purchases(*(table[name].to_numpy() for name in ("customer", "item", "day"))), items


def _judged(lines: pl.DataFrame, bought: Purchases, items: list[str], cut: int) -> dict[str, Any]:
    past = bought.before(cut)
    later = bought.between(cut, cut + HORIZON)
    pairs = pairs_of(past, cut)
    hits = pairs.bought_in(later)
    ordering = np.isin(pairs.customers, later.customers)
    chance = chances(past, cut, HORIZON)
    rules = {"renewal model": chance, **_rules(lines, past, pairs, items, cut)}
    return {
        "days_before_the_end": int(bought.days.max()) + 1 - cut,
        "pairs": len(hits),
        "bought_again": int(hits.sum()),
        "rules": {name: _measured(score, pairs, hits, ordering) for name, score in rules.items()},
        "log_loss": {
            "renewal model": _log_loss(chance, hits),
            "the share of all pairs": _log_loss(np.full(len(hits), hits.mean()), hits),
        },
        "calibration": _tenths(chance, hits),
    }


def _rules(
    lines: pl.DataFrame, past: Purchases, pairs: Pairs, items: list[str], cut: int
) -> dict[str, Floats]:
    """Scores of each pair; what a rule does not name at all has minus infinity."""
    gaps = np.diff(past.days)[np.diff(past.keys) == 0]
    days = _learned_days(lines, items, cut)[pairs.items]
    progress = pairs.idle / np.maximum(days, 1e-9)
    window = (progress >= 0.9) & (progress <= 1.2)
    often = pairs.repeats + 1.0
    return {
        "most frequent": often - 1e-6 * pairs.idle,
        "near the median cycle": -np.abs(np.log(pairs.idle / float(np.median(gaps)))),
        "near 20 days": -np.abs(np.log(pairs.idle / 20)),
        "due (C3): often, in the learned cycle": np.where(window, often * progress, -np.inf),
    }


def _learned_days(lines: pl.DataFrame, items: list[str], cut: int) -> Floats:
    """C1's days that a purchase of each item lasts, learned before the cut."""
    from engine.customers.repurchase import RepurchaseConfig
    from training.cycles import cycles

    before = lines.lazy().filter(pl.col("at").dt.epoch("ms") < cut * 86_400_000)
    found = cycles(before, items, _no_catalogue(len(items)), RepurchaseConfig())
    return np.asarray(found.days, np.float64)


def _no_catalogue(n: int) -> Catalogue:
    from training.catalogue import catalogue_of

    return catalogue_of(None, [str(i) for i in range(n)], np.zeros(n, np.int64))


def _measured(
    score: Floats, pairs: Pairs, hits: NDArray[np.bool_], ordering: NDArray[np.bool_]
) -> dict[str, float]:
    order = np.lexsort((-score, pairs.customers))
    starts = np.flatnonzero(np.diff(pairs.customers[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    named = np.isfinite(score[order])
    found: dict[str, float] = {}
    for first in FIRST:
        top = (place < first) & named & (np.repeat(sizes, sizes) >= first)
        found[f"hit_rate@{first}"] = _mean(hits[order][top])
        found[f"hit_rate@{first}_of_who_orders"] = _mean(hits[order][top & ordering[order]])
    best = np.argsort(-score, kind="stable")[:BEST]
    found["lift"] = _mean(hits[best[np.isfinite(score[best])]]) / float(hits.mean())
    return {name: round(value, 4) for name, value in found.items()}


def _mean(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else 0.0


def _log_loss(chance: Floats, hits: NDArray[np.bool_]) -> float:
    sure = np.clip(chance, 1e-9, 1 - 1e-9)
    return round(float(-np.where(hits, np.log(sure), np.log(1 - sure)).mean()), 5)


def _tenths(chance: Floats, hits: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Pairs by their chance, in ten parts of equal size: what was said, and what came."""
    parts = np.array_split(np.argsort(chance, kind="stable"), TENTHS)
    return [
        {"said": round(float(chance[p].mean()), 4), "came": round(float(hits[p].mean()), 4)}
        for p in parts
    ]


def _said(cut: dict[str, Any]) -> str:
    counts = f"{cut['pairs']:,} pairs, {cut['bought_again']:,} bought again in {HORIZON} days"
    told = [f"{cut['days_before_the_end']} days before the end: {counts}"]
    for name, found in cut["rules"].items():
        told.append(f"  {name:<38} {'  '.join(f'{k} {v:.4f}' for k, v in found.items())}")
    told.append(f"  log loss {cut['log_loss']}")
    told += [f"  said {each['said']:.4f}  came {each['came']:.4f}" for each in cut["calibration"]]
    return "\n".join(told)
