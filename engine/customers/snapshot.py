"""Every customer's history as columns, for the bundle: one row a customer, ragged tables beside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.customers.facts import (
    EMPTY_HISTORY,
    Attribute,
    Complaint,
    History,
    Moments,
    Orders,
    Reach,
    Referred,
    Referrer,
    Refund,
    Seen,
)
from engine.text import TextColumn

Integers = NDArray[np.int64]


TABLES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "orders": 7,
        "refunds": 4,
        "referred": 4,
        "reach": 3,
        "attributes": 4,
        "complaints": 2,
        "seen": 1,
    }
)
"""The ragged tables and how many columns each has."""
MEMBER_AT: Final = Moments._fields.index("member_at")  # before it stand instants, after it counts
FIRST_AT: Final = Moments._fields.index("first_at")
INVITATIONS: Final = Moments._fields.index("invitations")
REFERRED_AT: Final = len(Moments._fields)


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """What `history_of` needs, in plain arrays: never memory-map subclasses, they read slowly.

    Rows of customer r in table t are `table[:, offsets[r, t]:offsets[r + 1, t]]`.
    """

    moments: Integers  # (n, 9) Moments, then when they were referred
    offsets: Integers  # (n + 1, 7) one column a table, in the order of TABLES
    orders: Integers  # (7, n_orders) Orders
    refunds: Integers  # (4, n_refunds) Refund
    referred: Integers  # (4, n_referred) Referred
    reach: Integers  # (3, n_reach) row of `words`, hour, times
    attributes: Integers  # (4, n_attributes) row of `words` (name), at, key, row of `words` (value)
    complaints: Integers  # (2, n_complaints) at, row of `words` (item)
    seen: Integers  # (1, n_seen) ascending within a customer
    referrers: NDArray[np.int32]  # (n,) row of `words`; 0 = nobody
    words: TextColumn  # each text once; 0 is the empty one

    def __len__(self) -> int:
        return len(self.moments)

    def history_of(self, row: int) -> History:
        """The empty history for a row that is none (-1)."""
        if not 0 <= row < len(self):
            return EMPTY_HISTORY
        moments: list[int] = self.moments[row].tolist()
        starts, stops = self.offsets[row : row + 2].tolist()
        orders, refunds, referred, reach, attributes, complaints, seen = map(slice, starts, stops)
        return History(
            moments=Moments._make(moments[:8]),
            orders=_columns(self.orders, orders),
            refunds=_rows(self.refunds, refunds, Refund._make),
            referred=_rows(self.referred, referred, Referred._make),
            referrer=self._referrer(row, moments) if moments[REFERRED_AT] else NOBODY,
            reach=_rows(self.reach, reach, self._reach),
            attributes=_rows(self.attributes, attributes, self._attribute),
            complaints=_rows(self.complaints, complaints, self._complaint),
            seen=Seen(self.seen[0, seen]) if seen.start < seen.stop else NONE_SEEN,
        )

    def referrer_of(self, row: int) -> Referrer:
        """That alone of a history."""
        if not 0 <= row < len(self) or not self.referrers[row]:
            return NOBODY
        return self._referrer(row, self.moments[row].tolist())

    def _referrer(self, row: int, moments: list[int]) -> Referrer:
        return Referrer(moments[REFERRED_AT], self.words[int(self.referrers[row])])

    def _reach(self, row: Sequence[int]) -> Reach:
        return Reach(self.words[row[0]], row[1], row[2])

    def _attribute(self, row: Sequence[int]) -> Attribute:
        return Attribute(self.words[row[0]], row[1], row[2], self.words[row[3]])

    def _complaint(self, row: Sequence[int]) -> Complaint:
        return Complaint(row[0], self.words[row[1]])


NO_ORDERS: Final = Orders()
NOBODY: Final = Referrer()
NONE_SEEN: Final = Seen()


def _columns(orders: Integers, cut: slice) -> Orders:
    if cut.start == cut.stop:
        return NO_ORDERS
    return Orders._make(map(tuple, orders[:, cut].tolist()))


def _rows(table: Integers, cut: slice, make: Callable[[Sequence[int]], Any]) -> tuple[Any, ...]:
    if cut.start == cut.stop:
        return ()
    return tuple(map(make, zip(*table[:, cut].tolist(), strict=True)))


def snapshot_of(histories: Sequence[History]) -> CustomerSnapshot:
    """The inverse of `history_of`, one history a row."""
    words = _Words()
    rows: dict[str, list[list[Sequence[int]]]] = {
        "orders": [list(h.orders.each()) for h in histories],
        "refunds": [list(h.refunds) for h in histories],
        "referred": [list(h.referred) for h in histories],
        "reach": [[(words.row(r.channel), r.hour, r.times) for r in h.reach] for h in histories],
        "attributes": [
            [(words.row(a.name), a.at, a.key, words.row(a.value)) for a in h.attributes]
            for h in histories
        ],
        "complaints": [[(c.at, words.row(c.item_id)) for c in h.complaints] for h in histories],
        "seen": [[(key,) for key in sorted(h.seen.keys())] for h in histories],
    }
    moments = [(*h.moments, h.referrer.at) for h in histories]
    offsets = np.zeros((len(histories) + 1, len(TABLES)), np.int64)
    np.cumsum(
        [[len(rows[name][i]) for name in TABLES] for i in range(len(histories))],
        axis=0,
        out=offsets[1:],
    )
    return CustomerSnapshot(
        moments=np.array(moments, np.int64).reshape(len(histories), REFERRED_AT + 1),
        offsets=offsets,
        **{name: _table(rows[name], width) for name, width in TABLES.items()},
        referrers=np.array([words.row(h.referrer.referrer_id) for h in histories], np.int32),
        words=words.column(),
    )


def _table(rows: Sequence[Sequence[Sequence[int]]], width: int) -> Integers:
    flat = list(chain.from_iterable(rows))
    return np.ascontiguousarray(np.array(flat, np.int64).reshape(len(flat), width).T)


class _Words:
    """Texts by the order in which they were met; 0 is the empty one."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {"": 0}

    def row(self, text: str) -> int:
        return self._rows.setdefault(text, len(self._rows))

    def column(self) -> TextColumn:
        return TextColumn.build(self._rows)


NO_SNAPSHOT: Final = snapshot_of([])
