"""What customers have done with items: counted from events, and merged with what was known."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.events import EventType
from engine.happened import Happened
from engine.interactions import InteractionConfig, decay, interest, sum_weight
from engine.last_units import NOTHING_TOLD, ItemOrder, Told, of_the_last
from engine.types import NO_ITEM_HISTORY, NO_ROWS, Instants, ItemHistory, Offsets, Rows, Scores

SIGNS: Final = {EventType.PURCHASE: 1, EventType.REFUND: -1}  # of units
FEWEST, MOST = np.iinfo(np.int32).min, np.iinfo(np.int32).max
NEVER: Final = np.iinfo(np.int64).max
SUMS = ("weights", "purchased", "frequency", "orders", "bought", "returned")
INSTANTS = ("last_at", "disliked_at")


@dataclass(frozen=True, slots=True)
class CustomerItems:
    """ItemHistory of every customer, ragged: entries offsets[row] to offsets[row + 1]."""

    offsets: Offsets  # (n_customers + 1,)
    rows: Rows
    weights: Scores
    purchased: Scores
    frequency: Scores
    orders: Rows
    bought: Rows
    last_at: Instants
    first_bought_at: Instants
    last_bought_at: Instants
    last_units: Rows
    returned: Rows
    disliked_at: Instants

    def of(self, customer: int) -> ItemHistory:
        """A view; raises IndexError for a row outside the table."""
        if not 0 <= customer < len(self.offsets) - 1:
            raise IndexError(f"customer row {customer} of {len(self.offsets) - 1}")
        whose = slice(int(self.offsets[customer]), int(self.offsets[customer + 1]))
        return taken(self, whose)


def taken(table: ItemHistory | CustomerItems, where: slice | NDArray[Any]) -> ItemHistory:
    """These entries alone. Written out: it is made at every request."""
    return ItemHistory(
        rows=table.rows[where],
        weights=table.weights[where],
        purchased=table.purchased[where],
        frequency=table.frequency[where],
        orders=table.orders[where],
        bought=table.bought[where],
        last_at=table.last_at[where],
        first_bought_at=table.first_bought_at[where],
        last_bought_at=table.last_bought_at[where],
        last_units=table.last_units[where],
        returned=table.returned[where],
        disliked_at=table.disliked_at[where],
    )


def units_left(table: ItemHistory | CustomerItems) -> Rows:
    """(n,) of the last purchase, without what came back; 0 and less where all did.

    Never more than all that is left: what came back may be of orders from before the log.
    """
    left: Rows = np.minimum(table.last_units, table.bought)
    return left


def count(
    events: Sequence[Happened],
    rows: Rows,
    config: InteractionConfig,
    watermark: int,
    told: Told = NOTHING_TOLD,
) -> ItemHistory:
    """Sum events by item, decayed to the watermark; `weights` are plain sums.

    `rows[i]` is the item of `events[i]`, -1 for none that is known. The result is to be merged with
    `told.items`: what came back of a purchase there is a negative `last_units` at its instant.
    """
    used = [
        (int(row), event)
        for row, event in zip(rows.tolist(), events, strict=True)
        if row >= 0 and event.type in config.weights
    ]
    if not used:
        return NO_ITEM_HISTORY
    at = np.array([event.at for _, event in used], np.int64)
    effect = np.array([sum_weight(event.type, config) for _, event in used])
    kinds = np.array([SIGNS.get(event.type, 0) for _, event in used])
    units = np.array([event.quantity for _, event in used]) * kinds
    disliked = np.array([event.type is EventType.DISLIKE for _, event in used])
    found, place = np.unique(np.array([row for row, _ in used]), return_inverse=True)
    size = len(found)
    fade = decay((watermark - at).astype(np.float64), config.half_life_days)
    orders = _first_of_each_order(used, told.orders)
    faded = orders * decay((watermark - at).astype(np.float64), config.frequency_half_life_days)
    last_bought = _latest(place, np.where(kinds > 0, at, 0), size)
    newest_lines = (kinds > 0) & (at == last_bought[place])
    if (kinds < 0).any():
        last_bought, newest_lines = of_the_last(used, found, place, last_bought, told)
    return ItemHistory(
        rows=found.astype(np.int32),
        weights=np.bincount(place, effect * fade, size).astype(np.float32),
        purchased=np.bincount(place, effect * fade * (kinds > 0), size).astype(np.float32),
        frequency=np.bincount(place, faded, size).astype(np.float32),
        orders=_units(np.bincount(place, orders, size)),
        bought=_units(np.bincount(place, units, size)),
        last_at=_latest(place, np.where(effect > 0, at, 0), size),
        first_bought_at=_earliest(place, kinds > 0, at, size),
        last_bought_at=last_bought,
        last_units=_units(np.bincount(place, np.where(newest_lines, units, 0), size)),
        returned=_units(np.bincount(place, np.where(kinds < 0, -units, 0), size)),
        disliked_at=_latest(place, np.where(disliked, at, 0), size),
    )


def _units(sums: np.ndarray) -> Rows:
    """As the trainer counts them: what no shop sells ends at the limit and does not wrap."""
    return np.asarray(sums.clip(FEWEST, MOST), np.int32)


def _first_of_each_order(used: list[tuple[int, Happened]], told: Set[ItemOrder]) -> np.ndarray:
    """1 for the first purchase line by time of each (item, order), else 0."""
    seen = set(told)
    first = np.zeros(len(used))
    bought = [i for i, (_, event) in enumerate(used) if event.type is EventType.PURCHASE]
    for i in sorted(bought, key=lambda i: (used[i][1].at, used[i][1].event_id)):
        row, event = used[i]
        key = (row, event.order_id or event.event_id)
        if key not in seen:
            seen.add(key)
            first[i] = 1
    return first


def _latest(place: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
    latest = np.zeros(size, np.int64)
    np.maximum.at(latest, place, at)
    return latest


def _earliest(place: np.ndarray, counted: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
    """0 where none is counted."""
    earliest = np.full(size, NEVER)
    np.minimum.at(earliest, place[counted], at[counted])
    return np.where(earliest == NEVER, 0, earliest)


def merge(known: ItemHistory, news: ItemHistory) -> ItemHistory:
    """Both hold plain sums of one watermark, and so does the result."""
    if not len(news):
        return known
    rows = np.union1d(known.rows, news.rows).astype(np.int32)
    old, new = np.searchsorted(rows, known.rows), np.searchsorted(rows, news.rows)
    units, last_bought = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    for at, part in ((old, known), (new, news)):
        units[at] = np.where(
            part.last_bought_at > last_bought[at],
            part.last_units,
            units[at] + np.where(part.last_bought_at == last_bought[at], part.last_units, 0),
        )
        last_bought[at] = np.maximum(last_bought[at], part.last_bought_at)

    def summed(name: str) -> np.ndarray:
        kind = getattr(known, name).dtype
        whole = np.zeros(len(rows), np.int64 if kind == np.int32 else kind)
        whole[old] += getattr(known, name)
        whole[new] += getattr(news, name)
        return _units(whole) if kind == np.int32 else whole

    def newest_of(name: str) -> np.ndarray:
        whole = np.zeros(len(rows), np.int64)
        whole[old] = getattr(known, name)
        whole[new] = np.maximum(whole[new], getattr(news, name))
        return whole

    def first_of(name: str) -> np.ndarray:
        ours, theirs = getattr(known, name), getattr(news, name)
        whole = np.full(len(rows), NEVER)
        whole[old] = np.where(ours > 0, ours, NEVER)
        whole[new] = np.minimum(whole[new], np.where(theirs > 0, theirs, NEVER))
        return np.where(whole == NEVER, 0, whole)

    return ItemHistory(
        rows=rows,
        **{name: summed(name) for name in SUMS},
        **{name: newest_of(name) for name in INSTANTS},
        first_bought_at=first_of("first_bought_at"),
        last_bought_at=last_bought,
        last_units=_units(units),
    )


def saturated(history: ItemHistory, config: InteractionConfig) -> ItemHistory:
    """Sums become the weights that sources score with."""
    weights = interest(history.weights, history.purchased, history.bought, history.returned, config)
    return ItemHistory(  # written out: dataclasses.replace costs as much as the arithmetic
        rows=history.rows,
        weights=weights,
        purchased=history.purchased,
        frequency=history.frequency,
        orders=history.orders,
        bought=history.bought,
        last_at=history.last_at,
        first_bought_at=history.first_bought_at,
        last_bought_at=history.last_bought_at,
        last_units=history.last_units,
        returned=history.returned,
        disliked_at=history.disliked_at,
    )


def newest(history: ItemHistory, limit: int, since: int = 1) -> Rows:
    """Items by the last sign of interest, newest first; ties by row.

    Nothing whose last sign is before `since`, nor what was sent back.
    """
    if not len(history):
        return NO_ROWS
    kept = (history.bought > 0) | (history.returned == 0)
    liked = ((history.last_at >= since) & kept & ~history.unwanted).nonzero()[0]
    order = (-history.last_at.take(liked)).argsort(kind="stable")[:limit]
    found: Rows = history.rows[liked[order]]
    return found


def latest_places(history: ItemHistory, limit: int) -> NDArray[np.intp]:
    """Places of the `limit` entries with the newest interest, in the order of rows."""
    if len(history) <= limit:
        return np.arange(len(history))
    return np.sort(np.argsort(-history.last_at, kind="stable")[:limit])


def latest_part(history: ItemHistory, limit: int) -> ItemHistory:
    """Only the `limit` entries with the newest interest, still in the order of rows."""
    if len(history) <= limit:
        return history
    return taken(history, latest_places(history, limit))
