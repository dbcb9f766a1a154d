"""Which events are of the last purchase of an item: its lines, and what of them came back."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.events import EventType
from engine.happened import Happened
from engine.types import NO_ITEM_HISTORY, ItemHistory, Mask

ItemOrder = tuple[int, str]  # row, order id


class Told(NamedTuple):
    """What was counted before the events that are counted now."""

    items: ItemHistory = NO_ITEM_HISTORY
    orders: frozenset[ItemOrder] = frozenset()  # counted for their item already
    last: frozenset[ItemOrder] = frozenset()  # of them those that bought their item last


NOTHING_TOLD: Final = Told()


def of_the_last(
    used: Sequence[tuple[int, Happened]],
    found: NDArray[np.int64],
    place: NDArray[np.intp],
    last_bought: NDArray[np.int64],
    told: Told,
) -> tuple[NDArray[np.int64], Mask]:
    """The instants (len(found),) that units are counted of, and which of `used` are counted.

    What came back is of the order that it names, or else of the newest purchase before it.
    `found[place[i]]` is the item of `used[i]`, `last_bought` when they say each was bought last.
    A purchase that is told of after the refund of a later one leaves that where it was, until the
    next training.
    """
    before = _last_bought_at(told.items, found)
    newest = np.maximum(last_bought, before)
    known = set(found[newest == before].tolist())
    at_last = newest[place].tolist()
    last = {each for each in told.last if each[0] in known} | {
        (row, event.order_id)
        for (row, event), at in zip(used, at_last, strict=True)
        if event.type is EventType.PURCHASE and event.at == at and event.order_id
    }

    def counts(row: int, event: Happened, at: int) -> bool:
        if event.type is EventType.PURCHASE:
            return event.at == at
        if event.type is not EventType.REFUND or not at:
            return False
        return (row, event.order_id) in last if event.order_id else event.at >= at

    counted = np.array([counts(*line, at) for line, at in zip(used, at_last, strict=True)])
    return np.where(np.bincount(place, counted, len(found)) > 0, newest, last_bought), counted


def _last_bought_at(items: ItemHistory, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(len(rows),) 0 for what is not there or was never bought."""
    if not len(items):
        return np.zeros(len(rows), np.int64)
    places = np.minimum(items.rows.searchsorted(rows), len(items) - 1)
    return np.where(items.rows[places] == rows, items.last_bought_at[places], 0)
