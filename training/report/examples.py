"""Customers of different kinds: what they bought, beside what they would be shown and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.customers.state import CustomerState
from engine.item_history import newest
from engine.query import Asked, enrich_at_training
from engine.recommend import recommend
from engine.slots import Slots
from engine.types import Served
from training.customer_splits import Flags
from training.report.customers import can_tell
from training.report.facts import Facts

EXAMPLES: Final = 12
PAST: Final = 6  # items of the history
PLACES: Final = 5  # items of each slate
SLOTS: Final = ("home", "my")  # shown side by side, where the shop has them
KINDS: Final = (
    ("value_class", "top"),
    ("value_class", "large"),
    ("stage", "new"),
    ("stage", "loyal"),
    ("stage", "at_risk"),
    ("stage", "dormant"),
    ("stage", "advocate"),
    ("opinion", "intending"),
    ("price_band", "sensitive"),
    ("price_band", "insensitive"),
    ("stage", "lost"),
    ("stage", "potential"),
    ("value_class", "medium"),
    ("value_class", "small"),
    ("stage", "ordinary"),
    ("value_class", "inactive"),
    ("opinion", "nurture"),
)
"""Tried in this order until there are enough; the last example is a visitor who is not known."""


@dataclass(frozen=True, slots=True)
class Had:
    """One item of a history."""

    title: str
    price_minor: int  # below 0 without one
    units: int  # bought, net of refunds; 0 where it was only looked at
    at: int


@dataclass(frozen=True, slots=True)
class Offer:
    """One place of a slate."""

    title: str
    price_minor: int
    reason: str  # a code of engine.reasons
    because: tuple[str, ...]  # titles that the reason names
    days: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Example:
    """Nobody's name is told: a kind, and the state that makes it one."""

    group: str
    name: str
    state: CustomerState
    history: tuple[Had, ...]
    slates: tuple[tuple[str, tuple[Offer, ...]], ...]  # slot, its first places


def examples(facts: Facts) -> tuple[Example, ...]:
    """The customer in the middle of each kind by value, so that no extreme stands for it."""
    found = [_example(row, *kind, facts) for kind, row in _chosen(facts)]
    return (*found, _example(-1, "visitor", "visitor", facts))


def _chosen(facts: Facts) -> Iterator[tuple[tuple[str, str], int]]:
    people = facts.states.with_row_index("row").filter("known", pl.Series(_has_past(facts.bundle)))
    taken: set[int] = set()
    for group, name in KINDS:
        if len(taken) == EXAMPLES - 1:
            return
        if not can_tell(group, facts):
            continue
        kind = people.filter(pl.col(group) == name).sort("value_minor", "row")
        rows = [row for row in kind["row"].to_list() if row not in taken]
        if kind.height >= facts.k and rows:
            middle = rows[len(rows) // 2]
            taken.add(middle)
            yield (group, name), middle


def _has_past(bundle: Bundle) -> Flags:
    """Customers with an item that they looked at or bought."""
    pairs = bundle.customer_items
    seen = np.concatenate(([0], np.cumsum(pairs.last_at > 0)))
    return np.asarray(np.diff(seen[pairs.offsets]) > 0, np.bool_)


def _example(row: int, group: str, name: str, facts: Facts) -> Example:
    bundle = facts.bundle
    who = None if row < 0 else bundle.customers.id(row)
    query = enrich_at_training(Asked(n=PLACES, customer_id=who), bundle, facts.now)
    slots = [slot for slot in SLOTS if slot in facts.slots] or list(facts.slots)[:1]
    return Example(
        group,
        name,
        query.customer,
        _history(row, bundle),
        tuple((slot, _offers(who, slot, facts.slots, bundle)) for slot in slots),
    )


def _history(row: int, bundle: Bundle) -> tuple[Had, ...]:
    if row < 0:
        return ()
    history = bundle.customer_items.of(row)
    places = np.searchsorted(history.rows, newest(history, PAST)).tolist()
    return tuple(
        Had(
            bundle.title_of(int(history.rows[place])),
            int(bundle.catalogue.price_minor[history.rows[place]]),
            max(int(history.bought[place]), 0),
            int(history.last_at[place]),
        )
        for place in places
        if history.last_at[place] > 0  # else only a refund is known of it
    )


def _offers(who: str | None, slot: str, slots: Slots, bundle: Bundle) -> tuple[Offer, ...]:
    query = enrich_at_training(Asked(n=PLACES, customer_id=who), bundle, bundle.manifest.watermark)
    return tuple(_offer(served, bundle) for served in recommend(query, slots[slot], bundle).items)


def _offer(served: Served, bundle: Bundle) -> Offer:
    price = int(bundle.catalogue.price_minor[served.row])
    because = tuple(bundle.title_of(row) for row in served.because)
    return Offer(bundle.title_of(served.row), price, served.reason, because, served.days)
