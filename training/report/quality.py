"""Is the engine good: what the hold-out said, and what customers did after a bundle was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from engine.bundle import Bundle, Manifest
from engine.customers.labels import LABELS
from engine.slots import Repeat, SlotPlan
from engine.types import DAY_MS
from training.evaluate import POPULAR, only
from training.metrics import Floats, judge, recall
from training.report.facts import Facts, states_of
from training.report.known import pairs_of
from training.report.shown import CUSTOMERS
from training.significance import Interval, bootstrap, compare
from training.slates import slates_for
from training.split import Truth, truth_of

N: Final = 10  # places that are judged: what is seen without scrolling far
LEAST_MS: Final = DAY_MS  # after the bundle, before it can be judged by what came
BY: Final = ("value_class", "stage", "tier", "segment")
MEASURES: Final = ("recall", "ndcg", "coverage")


def held_out(manifest: Manifest, before: Manifest | None) -> pl.DataFrame:
    """path, aim (everything or new_items), recall, ndcg, coverage, and recall of the bundle before.

    From the manifest, as the trainer measured it; empty when the bundle was not measured.
    """
    rows = []
    for path, told in manifest.metrics.items():
        for aim, found in _aims(told).items():
            old = _aims((before.metrics if before else {}).get(path)).get(aim, {})
            rows.append(
                {
                    "path": path,
                    "aim": aim,
                    **{name: found.get(f"{name}@{N}") for name in MEASURES},
                    "recall_before": old.get(f"recall@{N}"),
                }
            )
    return pl.DataFrame(rows, schema=HELD_OUT_SCHEMA)


HELD_OUT_SCHEMA: Final = {
    "path": pl.String,
    "aim": pl.String,
    **dict.fromkeys(MEASURES, pl.Float64),
    "recall_before": pl.Float64,
}


def _aims(told: object) -> Mapping[str, Mapping[str, float]]:
    if not isinstance(told, dict):
        return {}
    aims = ("everything", "new_items")
    return {aim: told[aim] for aim in aims if isinstance(told.get(aim), dict)}


@dataclass(frozen=True, slots=True)
class Forward:
    """A bundle judged by all that its customers bought after it was made."""

    version: str
    customers: int
    days: float
    personal: Interval  # recall in the first N places
    popular: Interval
    difference: Interval
    p_value: float
    groups: pl.DataFrame  # by, group, customers, recall, low, high, popular


def forward(facts: Facts) -> Forward | None:
    """The newest bundle with a day or more of purchases behind it; None when there is none."""
    end = facts.log.select(pl.col("at").dt.epoch("ms").max()).collect().item()
    for bundle in (facts.bundle, facts.previous):
        if bundle is not None and end - bundle.manifest.watermark >= LEAST_MS:
            truth = _truth(facts.log, bundle)
            if len(truth) >= facts.k:
                return _judged(bundle, truth, facts, (end - bundle.manifest.watermark) / DAY_MS)
    return None


def _truth(log: pl.LazyFrame, bundle: Bundle) -> Truth:
    later = log.filter(pl.col("at").dt.epoch("ms") > bundle.manifest.watermark)
    rng = np.random.default_rng(bundle.manifest.seed)
    return truth_of(later, pairs_of(bundle)).sampled(CUSTOMERS, rng)


def _judged(bundle: Bundle, truth: Truth, facts: Facts, days: float) -> Forward:
    plan = facts.slots[_slot(bundle.manifest, facts)].repeating(Repeat.ALWAYS)
    ours = _recalls(plan, truth, bundle)
    theirs = _recalls(only(POPULAR, POPULAR)[0].repeating(Repeat.ALWAYS), truth, bundle)
    rng = np.random.default_rng(bundle.manifest.seed)
    against = compare(ours, theirs, rng)
    return Forward(
        version=bundle.version,
        customers=len(truth),
        days=days,
        personal=bootstrap(ours, rng),
        popular=bootstrap(theirs, rng),
        difference=against.difference,
        p_value=against.p_value,
        groups=_by_group(bundle, truth, (ours, theirs), facts.k),
    )


def _slot(manifest: Manifest, facts: Facts) -> str:
    """The slot that stood for the personal path when the bundle was trained."""
    settings = manifest.settings.get("evaluation")
    named = settings.get("slot") if isinstance(settings, dict) else None
    return str(named) if named in facts.slots else next(iter(facts.slots))


def _recalls(plan: SlotPlan, truth: Truth, bundle: Bundle) -> Floats:
    return recall(judge(slates_for(truth.customers, plan, bundle, N).rows, truth), N)


def _by_group(bundle: Bundle, truth: Truth, values: tuple[Floats, Floats], k: int) -> pl.DataFrame:
    """Groups of k or more judged customers, as they stood when the bundle was made."""
    segments = dict(enumerate(segment.name for segment in bundle.shop.segments))
    people = states_of(bundle)[truth.customers.tolist()].with_columns(
        pl.col("tier").fill_null(""),
        pl.col("segment").replace_strict(segments, default="", return_dtype=pl.String),
    )
    rng = np.random.default_rng(bundle.manifest.seed)
    rows = []
    for by in BY:
        names = people[by].to_numpy()
        for group in _in_order(by, set(names.tolist()), bundle):
            chosen = names == group
            if chosen.sum() < k:
                continue
            sure = bootstrap(values[0][chosen], rng)
            popular = float(values[1][chosen].mean())
            told = (sure.mean, sure.low, sure.high, popular)
            rows.append((by, group, int(chosen.sum()), *told))
    return pl.DataFrame(rows, schema=list(GROUP_COLUMNS), orient="row")


def _in_order(by: str, present: set[str], bundle: Bundle) -> list[str]:
    """As the labels, the ladder and shop.toml have them; who is in no segment is left out."""
    named = {
        "tier": ["", *(tier.name for tier in bundle.shop.loyalty.tiers)],
        "segment": [segment.name for segment in bundle.shop.segments],
    }
    return [name for name in named.get(by) or LABELS[by] if name in present]


GROUP_COLUMNS: Final = ("by", "group", "customers", "recall", "low", "high", "popular")
