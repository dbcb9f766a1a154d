"""A behaviour log becomes rows and numbers: who did what with which item, how much, and when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.errors import LogError
from engine.interactions import InteractionConfig, decay, interest, sum_weight
from engine.item_history import NEVER
from engine.types import Instants, ItemHistory, Mask, Offsets, Rows, Scores
from training.log_lines import DISLIKE, PURCHASE, REFUND, TYPES, Keys, LogLines, distinct, log_lines
from training.ragged import offsets_of, runs_of
from training.visitors import joined

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Events:
    """Every event of interest (positive weight), in the order of (row, at)."""

    rows: Rows  # (n_events,) who: a row of Interactions
    items: Rows
    at: Instants
    weights: Scores  # of the event's type, without decay
    baskets: Rows  # the order that bought the item, dense; -1 for what is no purchase


@dataclass(frozen=True, slots=True)
class Interactions:
    """One entry for each pair of who and item, in the order of (row, item).

    The columns are those of `engine.types.ItemHistory`, counted as `engine.item_history` counts.
    Rows are the customers in the order of `customer_ids`, then anonymous visitors and baskets:
    those count for item similarity and popularity, but are no customers. What a visitor browsed
    who turned out to be a customer is the customer's.
    """

    item_ids: tuple[str, ...]  # sorted
    customer_ids: tuple[str, ...]  # sorted
    offsets: Offsets  # (n_rows + 1,)
    items: Rows  # (n_pairs,)
    sums: Scores  # Σ event weight × decay(age at the watermark); negative for what is disliked
    purchased: Scores  # the part of the sums that is purchases
    weights: Scores  # the interest: sums without what came back, saturated
    frequency: Scores  # decayed count of orders that held the item
    orders: Rows  # orders that held the item
    bought: Rows  # units bought, net of refunds
    last_at: Instants  # last sign of interest; 0 when there was none
    first_bought_at: Instants  # 0 when never bought
    last_bought_at: Instants  # likewise
    last_units: Rows  # units bought at last_bought_at, without what of them came back
    returned: Rows  # units that came back
    disliked_at: Instants  # 0 when never disliked
    events: Events
    watermark: int  # the last instant of the log

    @property
    def n_customers(self) -> int:
        return len(self.customer_ids)

    @property
    def n_items(self) -> int:
        return len(self.item_ids)

    @property
    def n_rows(self) -> int:
        return len(self.offsets) - 1

    @property
    def timeless(self) -> bool:
        """All that is known happened at one instant, so age says nothing."""
        return len(self.events.at) == 0 or bool((self.events.at == self.watermark).all())

    def item_columns(self, pairs: slice | NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        """Of these pairs, what an `ItemHistory` holds; its weights are the sums."""
        ours = {"rows": "items", "weights": "sums"}
        names = {name: ours.get(name, name) for name in ItemHistory.__slots__}
        return {name: getattr(self, column)[pairs] for name, column in names.items()}


def without(data: Interactions, rows: Mask) -> Interactions:
    """As if the people of these rows had done nothing; who there is and what there is stays."""
    if not rows.any():
        return data
    owners = np.repeat(np.arange(data.n_rows), np.diff(data.offsets))
    kept, told = ~rows[owners], ~rows[data.events.rows]
    events = Events(*(getattr(data.events, name)[told] for name in Events.__slots__))
    columns = {name: getattr(data, name)[kept] for name in PAIRS}
    offsets = offsets_of(owners[kept].astype(np.int32), data.n_rows)
    return replace(data, offsets=offsets, events=events, **columns)


PAIRS: Final = (
    "items",
    "sums",
    "purchased",
    "weights",
    "frequency",
    "orders",
    "bought",
    "last_at",
    "first_bought_at",
    "last_bought_at",
    "last_units",
    "returned",
    "disliked_at",
)
"""Columns of Interactions with one entry for each pair."""


def read_interactions(
    log: pl.LazyFrame,
    config: InteractionConfig,
    *,
    extra_items: Sequence[str] = (),
    extra_customers: Sequence[str] = (),
    until: int | None = None,
    watermark: int | None = None,
) -> Interactions:
    """What the events before `until` (epoch milliseconds) say; all of them when it is left out.

    Ages are counted to `watermark`: the last event's instant, unless the log is a part of another.

    Customers are all that the log names and `extra_customers`, items all that it names and
    `extra_items` (a catalogue).
    The log is in the order of time. Raises LogError when no event is left.
    """
    if until is not None:
        log = log.filter(pl.col("at").dt.epoch("ms") < until)
    watermark = _watermark(log) if watermark is None else watermark
    log = joined(log)
    customers = distinct(log.select("customer_id"), extra_customers)
    items = distinct(log.select("item_id"), extra_items)
    lines = log_lines(log, config, customers, items)
    pairs = lines.taken(np.argsort(lines.pair_keys(len(items)), kind="stable"))
    starts = runs_of(pairs.pair_keys(len(items)))
    firsts = _first_of_order(pairs, starts)
    last_bought_at = _latest(np.where(pairs.types == PURCHASE, pairs.at, 0), starts)
    sums = _sums(pairs, starts, config, watermark)
    purchased = _sums(pairs, starts, config, watermark, only=PURCHASE)
    bought = _units(pairs, starts, np.isin(pairs.types, (PURCHASE, REFUND)))
    returned = -_units(pairs, starts, pairs.types == REFUND)
    rows = pairs.rows[starts]
    n_rows = max(len(customers), int(lines.rows.max(initial=-1)) + 1)
    return Interactions(
        item_ids=tuple(items),
        customer_ids=tuple(customers),
        offsets=offsets_of(rows, n_rows),
        items=pairs.items[starts],
        sums=sums,
        purchased=purchased,
        weights=interest(sums, purchased, bought, returned, config),
        frequency=_frequency(pairs, starts, firsts, config, watermark),
        orders=_added(firsts.astype(np.int32), starts),
        bought=bought,
        last_at=_latest(np.where(_type_weights(config)[pairs.types] > 0, pairs.at, 0), starts),
        first_bought_at=_first_bought(pairs, starts),
        last_bought_at=last_bought_at,
        last_units=_last_units(pairs, starts, last_bought_at),
        returned=returned,
        disliked_at=_latest(np.where(pairs.types == DISLIKE, pairs.at, 0), starts),
        events=_events(lines, config),
        watermark=watermark,
    )


def _watermark(log: pl.LazyFrame) -> int:
    last = log.select(pl.col("at").dt.epoch("ms").max()).collect().item()
    if last is None:
        raise LogError("the log holds no events")
    return int(last)


def _sums(
    pairs: LogLines,
    starts: Keys,
    config: InteractionConfig,
    watermark: int,
    *,
    only: int | None = None,
) -> Scores:
    """Of all types, or of one."""
    ages = (watermark - pairs.at).astype(np.float64)
    shares = _type_weights(config)[pairs.types] * decay(ages, config.half_life_days)
    if only is not None:
        shares = np.where(pairs.types == only, shares, 0)
    return np.asarray(_added(shares, starts), np.float32)


def _units(pairs: LogLines, starts: Keys, counted: Mask) -> Rows:
    """Net of refunds, of the lines that are `counted`."""
    signs = np.where(pairs.types == REFUND, -1, 1)
    units = np.where(counted, signs * pairs.quantities.astype(np.int64), 0)
    limits = np.iinfo(np.int32)
    return np.asarray(np.clip(_added(units, starts), limits.min, limits.max), np.int32)


def _last_units(pairs: LogLines, starts: Keys, last_bought_at: Instants) -> Rows:
    """What came back is of the order that it names, or else of the newest purchase before it."""
    lengths = np.diff(np.append(starts, len(pairs.at)))
    newest_at = np.repeat(last_bought_at, lengths)
    newest = (pairs.types == PURCHASE) & (pairs.at == newest_at)
    back = (pairs.types == REFUND) & (newest_at > 0)
    loose = back & ~pairs.named & (pairs.at >= newest_at)
    orders = np.repeat(np.arange(len(starts)), lengths) * len(pairs.orders) + pairs.orders
    its_own = back & pairs.named
    its_own[its_own] = np.isin(orders[its_own], orders[newest & pairs.named])
    return _units(pairs, starts, newest | loose | its_own)


def _frequency(
    pairs: LogLines, starts: Keys, firsts: Mask, config: InteractionConfig, watermark: int
) -> Scores:
    ages = (watermark - pairs.at).astype(np.float64)
    counts = decay(ages, config.frequency_half_life_days)
    return _added(np.where(firsts, counts, 0), starts).astype(np.float32)


def _first_of_order(pairs: LogLines, starts: Keys) -> Mask:
    """True at the first line of each order within its pair; a line of no order is its own."""
    begins = np.zeros(len(pairs.rows), np.int64)
    begins[starts] = 1
    order = np.lexsort((pairs.baskets, np.cumsum(begins)))
    baskets, begun = pairs.baskets[order], np.cumsum(begins)[order]
    new = np.ones(len(order), bool)
    new[1:] = (baskets[1:] != baskets[:-1]) | (begun[1:] != begun[:-1])
    first = np.empty(len(order), bool)
    first[order] = new | ~pairs.named[order]
    return first & (pairs.baskets >= 0)


def _events(lines: LogLines, config: InteractionConfig) -> Events:
    weights = _type_weights(config)[lines.types]
    wanted = np.flatnonzero(weights > 0)
    order = wanted[np.argsort(lines.rows[wanted], kind="stable")]
    chosen = lines.taken(order)
    return Events(
        chosen.rows, chosen.items, chosen.at, weights[order].astype(np.float32), chosen.baskets
    )


def _type_weights(config: InteractionConfig) -> NDArray[np.float64]:
    return np.array([sum_weight(kind, config) for kind in TYPES])


def _added(values: NDArray[Number], starts: Keys) -> NDArray[Number]:
    return np.add.reduceat(values, starts) if len(starts) else values[:0]


def _first_bought(pairs: LogLines, starts: Keys) -> Instants:
    at = np.where(pairs.types == PURCHASE, pairs.at, NEVER)
    first = np.minimum.reduceat(at, starts) if len(starts) else at[:0]
    return np.where(first == NEVER, 0, first)


def _latest(at: Instants, starts: Keys) -> Instants:
    return np.maximum.reduceat(at, starts) if len(starts) else at[:0]
