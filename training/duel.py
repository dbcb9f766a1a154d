"""Challenger against champion: the same customers, the same hold-out, the same moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from engine.bundle import Bundle
from engine.query import Asked, enrich_at_training
from engine.recommend import choose
from engine.slots import Repeat, SlotPlan
from engine.types import Rows
from training.findings import Finding, Severity
from training.gate_config import GateConfig
from training.metrics import coverage, judge, ndcg
from training.ragged import offsets_of
from training.significance import Comparison, compare
from training.split import Truth

Floats = NDArray[np.float64]
COVERAGE_RESAMPLES: Final = 200


@dataclass(frozen=True, slots=True)
class HoldOut:
    """What customers went on to buy; items are outside ids, each once a customer."""

    customers: Sequence[str]
    items: Sequence[Sequence[str]]

    def __len__(self) -> int:
        return len(self.customers)


def held_out(
    test: pl.LazyFrame, past: pl.LazyFrame | None, most: int, rng: np.random.Generator
) -> HoldOut:
    """At most so many customers' purchases in `test`, without those of `past` where it is given."""
    bought = pl.col("type") == "purchase"
    keys = ["customer_id", "item_id"]
    pairs = test.filter(bought).select(keys).drop_nulls().unique()
    if past is not None:
        pairs = pairs.join(past.filter(bought).select(keys).unique(), on=keys, how="anti")
    lines = (
        pairs.group_by("customer_id").agg(pl.col("item_id").sort()).sort("customer_id").collect()
    )
    if lines.height > most:
        lines = lines[np.sort(rng.choice(lines.height, most, replace=False)).tolist()]
    return HoldOut(lines["customer_id"].to_list(), lines["item_id"].to_list())


def slates_of(customers: Sequence[str], plan: SlotPlan, bundle: Bundle, n: int, now: int) -> Rows:
    """(len(customers), n) item rows as a request would be answered; -1 after a slate's end."""
    rows = np.full((len(customers), n), -1, np.int32)
    with threadpool_limits(1):
        for line, customer_id in enumerate(customers):
            query = enrich_at_training(Asked(n=n, customer_id=customer_id), bundle, now)
            pool = choose(query, plan.slot_for(query), bundle)
            rows[line, : len(pool)] = pool.rows
    return rows


def ndcg_of(bundle: Bundle, plan: SlotPlan, asked: HoldOut, n: int, now: int) -> Floats:
    """One value a customer; an item that the bundle has never met counts as missed."""
    rows = slates_of(asked.customers, plan, bundle, n, now)
    wanted = [bundle.items.rows(list(items)) for items in asked.items]
    who = np.repeat(np.arange(len(asked), dtype=np.int32), [len(items) for items in wanted])
    truth = Truth(
        np.arange(len(asked), dtype=np.int32),
        offsets_of(who, len(asked)),
        np.concatenate([*wanted, np.empty(0, np.int32)]).astype(np.int32),
        len(bundle.items),
    )
    return ndcg(judge(rows, truth), n)


def repeating(plan: SlotPlan, policy: Repeat) -> SlotPlan:
    change = {"repeat": policy}
    variants = tuple((holds, slot.model_copy(update=change)) for holds, slot in plan.variants)
    return replace(plan, base=plan.base.model_copy(update=change), variants=variants)


def quality(
    name: str,
    plan: SlotPlan,
    pair: tuple[Bundle, Bundle],
    asked: HoldOut,
    config: GateConfig,
    *,
    now: int,
    rng: np.random.Generator,
) -> Finding:
    """Refused where even the upper end of the interval says that it is worse."""
    if len(asked) < config.fewest_customers:
        said = f"{len(asked)} customers bought in the hold-out; {config.fewest_customers} needed"
        return Finding(name, Severity.WARNING, said, len(asked))
    new, old = (ndcg_of(bundle, plan, asked, config.cutoff, now) for bundle in pair)
    told = compare(new, old, rng)
    worse = told.difference.high < -config.tolerance * float(old.mean())
    severity = Severity.ERROR if worse else Severity.OK
    return Finding(name, severity, _compared(new, old, told, config), told.difference.mean)


def _compared(new: Floats, old: Floats, told: Comparison, config: GateConfig) -> str:
    between = told.difference
    return (
        f"NDCG@{config.cutoff} {new.mean():.4f}, the champion's {old.mean():.4f}; difference "
        f"{between.mean:+.4f} ({between.low:+.4f} to {between.high:+.4f}), p {told.p_value:.3f}, "
        f"{len(new)} customers"
    )


def slate_faults(
    plan: SlotPlan,
    challenger: Bundle,
    champion: Bundle | None,
    customers: Sequence[str],
    config: GateConfig,
    rng: np.random.Generator,
) -> Iterator[Finding]:
    """Of the very bundles that would be live: full, varied, covering the catalogue."""
    n, now = config.cutoff, challenger.manifest.watermark
    rows = slates_of(customers, plan, challenger, n, now)
    possible = min(n, int(challenger.sellable.sum()))
    unfilled = 1 - float((rows >= 0).sum()) / max(len(rows) * possible, 1)
    if len(rows) and unfilled > config.unfilled + _histories_share(customers, challenger):
        yield Finding("filled", Severity.ERROR, f"{unfilled:.1%} of the places are empty", unfilled)
    yield from _one_item(rows, challenger, config)
    if champion is not None and len(rows) >= config.fewest_customers:
        theirs = slates_of(customers, plan, champion, n, now)
        yield from _covers_less(rows, theirs, (challenger, champion), config, rng)


def _histories_share(customers: Sequence[str], bundle: Bundle) -> float:
    """Places may stay empty where customers have bought a good part of a small catalogue."""
    rows = bundle.customers.rows(list(customers))
    sizes = np.diff(bundle.customer_items.offsets)[rows[rows >= 0]]
    return float(sizes.mean()) / len(bundle.items) if len(sizes) else 0.0


def _one_item(rows: Rows, bundle: Bundle, config: GateConfig) -> Iterator[Finding]:
    if len(rows) < config.fewest_customers or len(bundle.items) < 2:
        return
    shares = np.bincount(rows[rows[:, 0] >= 0, 0], minlength=1) / len(rows)
    if shares.max() > config.one_item:
        item = bundle.items.id(int(shares.argmax()))
        said = f"{shares.max():.0%} of the slates begin with {item}"
        yield Finding("one_item", Severity.ERROR, said, float(shares.max()))


def _covers_less(
    mine: Rows,
    theirs: Rows,
    pair: tuple[Bundle, Bundle],
    config: GateConfig,
    rng: np.random.Generator,
) -> Iterator[Finding]:
    """Coverage is not a mean over customers: the interval resamples them and covers again."""
    sizes = [len(bundle.items) for bundle in pair]
    told = [coverage(rows, size) for rows, size in zip((mine, theirs), sizes, strict=True)]
    losses = []
    for _ in range(COVERAGE_RESAMPLES):
        drawn = rng.integers(0, len(mine), len(mine))
        losses.append(coverage(theirs[drawn], sizes[1]) - coverage(mine[drawn], sizes[0]))
    surely = float(np.quantile(losses, 0.025))
    said = f"slates cover {told[0]:.1%} of the items, the champion's {told[1]:.1%}"
    lost = surely > config.coverage_loss * told[1]
    yield Finding("coverage", Severity.ERROR if lost else Severity.OK, said, told[0])
