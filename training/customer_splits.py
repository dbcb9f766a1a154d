"""V4 to V6 for every customer: the cuts of a population, and who is where."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.customers.labels import DEVELOPMENTS, OPINIONS
from engine.customers.snapshot import CustomerSnapshot
from engine.customers.splits import (
    DEVELOPMENT_SHARES,
    OPINION_SHARES,
    UNREACHED,
    Rank,
    SplitCuts,
    type_of,
)
from engine.customers.value import SHARE_PARTS
from training.customer_orders import Kept, owners_of

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Ranks = Sequence[Integers]  # columns, the weightiest first


def referred_buyers(people: CustomerSnapshot) -> Integers:
    owners = owners_of(people, "referred")
    if not len(owners):
        return np.zeros(len(people), np.int64)
    _, order, who, spent_minor = people.referred
    facts = pl.DataFrame({"row": owners, "order": order, "who": who, "spent": spent_minor})
    spent = _rewarding(facts).group_by("row", "who").agg(pl.col("spent").sum())
    spent = spent.filter(pl.col("spent") > 0)
    return np.bincount(spent["row"].to_numpy(), minlength=len(people))


def _rewarding(facts: pl.DataFrame) -> pl.DataFrame:
    """`engine.customers.referrals.rewarding` of many, as far as who bought what is asked."""
    gives, back = pl.col("spent") > 0, pl.col("spent") < 0
    told = facts.filter(gives).group_by("row", "order").agg(pl.col("who").min().alias("whose"))
    loose, known = pl.col("order") == pl.col("who"), pl.col("whose").is_not_null()
    return (
        facts.join(told, on=["row", "order"], how="left")
        .filter(gives | (back & (loose | known)))
        .with_columns(pl.when(back).then(pl.coalesce("whose", "who")).otherwise("who").alias("who"))
    )


def _leader_ranks(people: CustomerSnapshot, value: Integers) -> Ranks:
    first_at, last_at, ratings = (people.moments[:, place] for place in (0, 1, 6))
    return (referred_buyers(people), ratings, value, last_at, first_at, _by_id(people))


def _intent_ranks(people: CustomerSnapshot) -> Ranks:
    first_at, last_at, acted_at, cart_at, search_at = people.moments[:, :5].T
    return (np.maximum(cart_at, search_at), acted_at, last_at, first_at, _by_id(people))


def _value_ranks(people: CustomerSnapshot, kept: Kept, value: Integers) -> Ranks:
    first_at, last_at = people.moments[:, :2].T
    return (value, kept.last_at, kept.last_key, last_at, first_at, _by_id(people))


def _by_id(people: CustomerSnapshot) -> Integers:
    """`engine.customers.splits.by_id` of every row."""
    return -np.arange(len(people))


def split_cuts(people: CustomerSnapshot, kept: Kept, value: Integers) -> SplitCuts:
    """Of everybody who is known: nobody else is divided."""
    known = np.flatnonzero(people.moments[:, 0] > 0)
    leaders, intents = _leader_ranks(people, value), _intent_ranks(people)
    sizes = part_sizes(len(known), OPINION_SHARES)
    by_leading = _ranked(leaders, known)
    rest = _ranked(intents, by_leading[sizes[0] :])
    by_value = _ranked(_value_ranks(people, kept, value), known)
    developed = part_sizes(len(known), DEVELOPMENT_SHARES)
    values = _value_ranks(people, kept, value)
    return SplitCuts(
        leader=_last(leaders, by_leading, sizes[0]),
        intending=_last(intents, rest, sizes[1]),
        established=_last(values, by_value, developed[0]),
        to_develop=_last(values, by_value, developed[0] + developed[1]),
    )


def part_sizes(n: int, shares: Mapping[str, int]) -> list[int]:
    """How many of `n` are in each part: exact to one, half is rounded up, all are in one."""
    ends = np.cumsum(list(shares.values()))
    sizes = np.diff((n * ends + SHARE_PARTS // 2) // SHARE_PARTS, prepend=0)
    return [int(size) for size in sizes]


def _ranked(ranks: Ranks, rows: Integers) -> Integers:
    """`rows` from the highest rank down."""
    return rows[np.lexsort([-column[rows] for column in reversed(ranks)])]


def _last(ranks: Ranks, ranked: Integers, size: int) -> Rank:
    if not size:
        return UNREACHED
    return tuple(int(column[ranked[size - 1]]) for column in ranks)


def split_columns(
    people: CustomerSnapshot, kept: Kept, value: Integers, value_class: pl.Series, cuts: SplitCuts
) -> dict[str, Any]:
    leads = at_least(_leader_ranks(people, value), cuts.leader)
    intends = at_least(_intent_ranks(people), cuts.intending)
    values = _value_ranks(people, kept, value)
    developed = np.where(at_least(values, cuts.to_develop), 1, 2)
    developed[at_least(values, cuts.established)] = 0
    opinion = pl.Series(list(OPINIONS)).gather(np.where(leads, 0, np.where(intends, 1, 2)))
    pairs = zip(opinion.to_list(), value_class.to_list(), strict=True)
    return {
        "opinion": opinion,
        "development": pl.Series(list(DEVELOPMENTS)).gather(developed),
        "customer_type": pl.Series([type_of(*pair) for pair in pairs], dtype=pl.String),
    }


def at_least(columns: Ranks, cut: Rank) -> Flags:
    """Comparison of tuples, column by column from the last that the cut has."""
    n = len(columns[0])
    reached = np.full(n, len(cut) <= len(columns))
    for column, bound in reversed(list(zip(columns, cut, strict=False))):
        reached = (column > bound) | ((column == bound) & reached)
    return reached
