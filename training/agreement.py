"""Does a bundle know what its log says? Finds ids or rows that were mixed up, however well formed.

Customers are drawn from the log, and what it says of them is asked of the bundle.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.types import Rows
from training.findings import Finding, Severity
from training.gate_config import GateConfig

CUSTOMERS: Final = 200  # drawn; one that is wrong in a hundred is met with 87 %
DISAGREEING: Final = 0.01  # decision: none should, a refund of an unknown order may make one
FEWEST_PAIRS: Final = 50  # below, a chance of one half looks like a memory


@dataclass(frozen=True, slots=True)
class Pairs:
    """What was bought by whom and, beside each, an item that the customer has nothing to do with.

    All are rows of the bundle, one entry a pair.
    """

    customers: Rows
    bought: Rows
    others: Rows


def agreement(
    bundle: Bundle, log: pl.LazyFrame, config: GateConfig, rng: np.random.Generator
) -> list[Finding]:
    """What is wrong; nothing for a bundle that was made from this log."""
    bought = _bought(log, rng)
    found = [*_all_there(bundle, log, config), *_histories(bundle, bought)]
    if not found:
        found += _memories(bundle, _pairs(bundle, bought, rng), config.memory)
    return found


def _wrong(check: str, said: str, value: float) -> Finding:
    return Finding(check, Severity.ERROR, said, round(value, 6))


def _bought(log: pl.LazyFrame, rng: np.random.Generator) -> list[tuple[str, list[str]]]:
    known = pl.col("customer_id").is_not_null() & pl.col("item_id").is_not_null()
    lines = log.filter((pl.col("type") == "purchase") & known)
    everybody = lines.select(pl.col("customer_id").unique().sort()).collect().to_series()
    drawn = rng.choice(len(everybody), min(CUSTOMERS, len(everybody)), replace=False)
    wanted = everybody[np.sort(drawn).tolist()].to_list()
    items = pl.col("item_id").unique().sort()
    kept = lines.filter(pl.col("customer_id").is_in(wanted)).group_by("customer_id").agg(items)
    return kept.sort("customer_id").collect().rows()


def _all_there(bundle: Bundle, log: pl.LazyFrame, config: GateConfig) -> Iterator[Finding]:
    for name, ids, limit in (
        ("items", bundle.items, config.lost_items),
        ("customers", bundle.customers, config.lost_customers),
    ):
        named = log.select(pl.col(f"{name[:-1]}_id").drop_nulls().unique()).collect().to_series()
        missing = int((ids.rows(named.to_list()) < 0).sum())
        share = missing / max(len(named), 1)
        if share > limit:
            said = f"{missing} of the log's {len(named)} {name} are not in the bundle"
            yield _wrong(f"{name}_of_the_log", said, share)


def _histories(bundle: Bundle, bought: list[tuple[str, list[str]]]) -> Iterator[Finding]:
    """What the bundle says that a customer bought, the log must say too."""
    wrong = 0
    for customer_id, items in bought:
        row = bundle.customers.row(customer_id)
        if row < 0:
            continue
        held = bundle.customer_items.of(row)
        said = bundle.items.ids(held.rows[held.last_bought_at > 0].tolist())
        wrong += not set(said) <= set(items)
    share = wrong / max(len(bought), 1)
    if share > DISAGREEING:
        said_of = f"{wrong} of {len(bought)} customers' purchases are not those of the log"
        yield _wrong("histories", said_of + "; are the ids mixed up?", share)


def _pairs(bundle: Bundle, bought: list[tuple[str, list[str]]], rng: np.random.Generator) -> Pairs:
    lines: list[tuple[int, int, int]] = []
    for customer_id, _ in bought:
        row = bundle.customers.row(customer_id)
        held = bundle.customer_items.of(row) if row >= 0 else None
        if held is None or len(held) >= len(bundle.items) / 2:
            continue
        mine = held.rows[(held.weights > 0) & (held.last_bought_at > 0)]
        strange = np.setdiff1d(rng.integers(0, len(bundle.items), 3 * len(mine) + 8), held.rows)
        lines += [(row, int(i), int(j)) for i, j in zip(mine, strange, strict=False)]
    table = np.array(lines, np.int32).reshape(-1, 3)
    return Pairs(table[:, 0], table[:, 1], table[:, 2])


def _memories(bundle: Bundle, pairs: Pairs, wanted: float) -> Iterator[Finding]:
    """A model scores what it was taught above other items; one with mixed rows tosses a coin."""
    if len(pairs.bought) < FEWEST_PAIRS:
        return
    for name, known, other in (
        (
            "factors",
            _by_factors(bundle, pairs, pairs.bought),
            _by_factors(bundle, pairs, pairs.others),
        ),
        (
            "similar",
            _by_similar(bundle, pairs, pairs.bought),
            _by_similar(bundle, pairs, pairs.others),
        ),
    ):
        told = known != other
        if told.sum() < FEWEST_PAIRS:
            continue
        share = float((known > other)[told].mean())
        if share < wanted:
            said = f"{name}: a bought item outscores another in {share:.0%} of the pairs"
            yield _wrong("memory", said + "; are the rows mixed up?", share)


def _by_factors(bundle: Bundle, pairs: Pairs, items: Rows) -> np.ndarray:
    customers = bundle.factors.customer[pairs.customers]
    return np.asarray((customers * bundle.factors.item[items]).sum(1))


def _by_similar(bundle: Bundle, pairs: Pairs, items: Rows) -> np.ndarray:
    """Sum of what the customer's other items say of each item."""
    scores = np.zeros(len(items))
    for place, (customer, item) in enumerate(zip(pairs.customers, items, strict=True)):
        held = bundle.customer_items.of(int(customer))
        for row in held.rows[held.weights > 0]:
            if row not in (pairs.bought[place], item):
                near = bundle.similar.of(int(row), len(bundle.items))
                scores[place] += float(near.scores[near.rows == item].sum())
    return scores
