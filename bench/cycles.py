"""Will a customer buy an item again in the next 14 days? What is served, against plain rules.

python -m bench cycles [LOG.parquet]

For each cut a bundle is trained on what lies before it, every customer is asked about as a server
would be (the source `due` of the engine, all of its candidates), and the 14 days from the cut on
judge. Settings were chosen on the earlier cuts; the last one is the test. A rule names a customer's
items in its order: the hit rate is the share of the first so many that are bought, of all customers
who have that many, and of those who order in the 14 days; the lift is the share of the best 5,000
pairs of all that are bought, to the share of all pairs. What a rule does not name at all is worst.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.machine import keep, machine
from engine.bundle import Bundle
from engine.item_history import taken
from engine.query import Asked, enrich_at_training
from engine.retrievers import RETRIEVERS
from engine.types import DAY_MS, ItemHistory
from training.assemble import Source, assemble, read_source
from training.order_days import bought_again
from training.ragged import rows_of
from training.train import Settings, in_currency_of, open_source, read_settings

HORIZON: Final = 14
CUTS: Final = (42, 28, 14)  # days before the end; the last is the test
FIRST: Final = (1, 5)
BEST: Final = 5_000
TENTHS: Final = 10
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Each customer and item that they hold at a cut."""

    owners: NDArray[np.int32]
    items: ItemHistory
    hits: Flags  # bought again in the 14 days
    ordering: Flags  # of a customer who orders anything in them


def main(words: list[str]) -> None:
    from bench.training import simulated_log

    before = machine()
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(words[0]) if words else simulated_log(Path(scratch), 5_000, 2_000)
        source = open_source(log, None)
        settings = _quick(read_settings(Path("config")), source)
        end = source.log.select(pl.col("at").dt.epoch("ms").max()).collect().item() // DAY_MS + 1
        judged = [_judged(source, settings, (end - back) * DAY_MS, back) for back in CUTS]
    for cut in judged:
        print(_said(cut))
    keep("cycles", {"horizon_days": HORIZON, "log": log.name, "cuts": judged}, before)


def _quick(settings: Settings, source: Source) -> Settings:
    """The models that do not speak here cost as little as they can."""
    als = settings.train.als.model_copy(update={"factors": 8, "iterations": 1})
    repurchase = settings.shop.repurchase.model_copy(update={"horizon_days": HORIZON})
    return Settings(
        in_currency_of(settings.shop, source.header).model_copy(update={"repurchase": repurchase}),
        settings.slots,
        settings.train.model_copy(update={"als": als}),
    )


def _judged(source: Source, settings: Settings, cut: int, back: int) -> dict[str, Any]:
    at = pl.col("at").dt.epoch("ms")
    past = source.of(source.log.filter(at < cut))
    shop, data = settings.shop, read_source(past, settings.shop)
    bundle = assemble(past, data, shop, settings.train, lambda _: None)
    later = source.log.filter((at >= cut) & (at < cut + HORIZON * DAY_MS))
    places, pairs = _pairs(bundle, later, cut)
    served, cost = _served(bundle, places, cut)
    named = np.isfinite(served)
    chance, came = served[named], pairs.hits[named]
    rules = {"served: source due": served, **_rules(bundle, pairs, cut)}
    return {
        "days_before_the_end": back,
        "pairs": len(places),
        "bought_again": int(pairs.hits.sum()),
        "served": int(np.isfinite(served).sum()),
        "rules": {name: _measured(score, pairs) for name, score in rules.items()},
        "log_loss": {
            "served: source due": _log_loss(chance, came),
            "the share of all pairs": _log_loss(np.full(len(chance), came.mean()), came),
        },
        "calibration": _tenths(chance, came),
        "microseconds_a_request": cost,
    }


def _pairs(bundle: Bundle, later: pl.LazyFrame, cut: int) -> tuple[NDArray[np.intp], Pairs]:
    """And their places in the bundle's table."""
    table = bundle.customer_items
    places = bought_again(bundle, cut)[0]
    owners, items = rows_of(table.offsets)[places], taken(table, places)
    bought = (
        later.filter((pl.col("type") == "purchase") & pl.col("customer_id").is_not_null())
        .select("customer_id", "item_id")
        .unique()
        .collect()
    )
    who = bundle.customers.rows(bought["customer_id"].to_list()).astype(np.int64)
    what = bundle.items.rows(bought["item_id"].to_list())
    known = (who >= 0) & (what >= 0)
    keys = who[known] * len(bundle.items) + what[known]
    hits = np.isin(owners.astype(np.int64) * len(bundle.items) + items.rows, keys)
    return places, Pairs(owners, items, hits, np.isin(owners, who))


def _served(bundle: Bundle, places: NDArray[np.intp], cut: int) -> tuple[Floats, dict[str, float]]:
    """The score of each pair, minus infinity where the source names it not; and what it takes."""
    table, depth, times = bundle.customer_items, len(bundle.items), []
    scores = np.full(len(table.rows), -np.inf)
    for row in range(len(bundle.customers)):
        query = enrich_at_training(Asked(n=1, customer_id=bundle.customers.id(row)), bundle, cut)
        found = RETRIEVERS["due"](query, bundle, depth)
        began = time.perf_counter()
        RETRIEVERS["due"](query, bundle, 100)
        times.append((time.perf_counter() - began) * 1e6)
        start = int(table.offsets[row])
        rows = table.rows[start : int(table.offsets[row + 1])]
        scores[start + rows.searchsorted(found.rows)] = found.scores
    middle, most = np.percentile(times, [50, 99]).tolist()
    return scores[places], {"middle": round(middle), "of_100_the_slowest": round(most)}


def _rules(bundle: Bundle, pairs: Pairs, cut: int) -> dict[str, Floats]:
    """Scores of each pair; what a rule does not name at all has minus infinity."""
    items = pairs.items
    idle = (cut - items.last_bought_at) / DAY_MS
    again = items.orders > 1
    gaps = (items.last_bought_at - items.first_bought_at)[again] / (items.orders[again] - 1)
    cycle = float(np.median(gaps)) / DAY_MS
    learned = bundle.cycles.days[items.rows] * np.where(
        bundle.cycles.per_unit[items.rows], np.maximum(items.last_units, 1), 1
    )
    progress = idle / learned
    window = (progress >= 0.9) & (progress <= 1.2)
    return {
        "most frequent": items.orders - 1e-6 * idle,
        "near the median cycle": -np.abs(np.log(idle / cycle)),
        "near 20 days": -np.abs(np.log(idle / 20)),
        "often, in the learned cycle's window": np.where(window, items.orders * progress, -np.inf),
    }


def _measured(score: Floats, pairs: Pairs) -> dict[str, float]:
    order = np.lexsort((-score, pairs.owners))
    starts = np.flatnonzero(np.diff(pairs.owners[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    named, hits, ordering = np.isfinite(score[order]), pairs.hits[order], pairs.ordering[order]
    found: dict[str, float] = {}
    for first in FIRST:
        top = (place < first) & named & (np.repeat(sizes, sizes) >= first)
        found[f"hit_rate@{first}"] = _mean(hits[top])
        found[f"hit_rate@{first}_of_who_orders"] = _mean(hits[top & ordering])
    best = np.argsort(-score, kind="stable")[:BEST]
    found["lift"] = _mean(pairs.hits[best[np.isfinite(score[best])]]) / float(pairs.hits.mean())
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
    told.append(f"  microseconds a request {cut['microseconds_a_request']}")
    told += [f"  said {each['said']:.4f}  came {each['came']:.4f}" for each in cut["calibration"]]
    return "\n".join(told)
