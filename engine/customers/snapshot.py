"""Every customer's history as columns, for the bundle: one row a customer, ragged tables beside."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
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
from engine.types import Offsets

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of customer r are columns[:, offsets[r]:offsets[r + 1]]."""

    offsets: Offsets  # (n + 1,)
    columns: Integers  # (n_columns, n_rows)

    def of(self, row: int) -> list[list[int]] | None:
        """Column by column; None for none, so that the usual case costs little."""
        start, stop = self.offsets[row], self.offsets[row + 1]
        if start == stop:
            return None
        columns: list[list[int]] = self.columns[:, start:stop].tolist()
        return columns


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """What `history_of` needs, in plain arrays: never memory-map subclasses, they read slowly."""

    moments: Integers  # (n, 8) Moments, then at and key of the referrer
    orders: Ragged  # Orders
    refunds: Ragged  # Refund
    referred: Ragged  # Referred
    reach: Ragged  # row of `words`, hour, times
    attributes: Ragged  # row of `words` for the name, at, key, row of `words` for the value
    complaints: Ragged  # at, row of `words` for the item
    seen: Ragged  # (1, n_keys), ascending within a customer
    referrers: NDArray[np.int32]  # (n,) row of `words`; 0 = nobody
    words: TextColumn  # each text once; 0 is the empty one

    def __len__(self) -> int:
        return len(self.moments)

    def history_of(self, row: int) -> History:
        """The empty history for a row that is none (-1)."""
        if not 0 <= row < len(self):
            return EMPTY_HISTORY
        moments: list[int] = self.moments[row].tolist()
        orders = self.orders.of(row)
        return History(
            moments=Moments._make(moments[:8]),
            orders=Orders._make(map(tuple, orders)) if orders else NO_ORDERS,
            refunds=_rows(self.refunds.of(row), Refund._make),
            referred=_rows(self.referred.of(row), Referred._make),
            referrer=self._referrer(row, moments) if moments[8] else NOBODY,
            reach=_rows(self.reach.of(row), self._reach),
            attributes=_rows(self.attributes.of(row), self._attribute),
            complaints=_rows(self.complaints.of(row), self._complaint),
            seen=self._seen(row),
        )

    def _referrer(self, row: int, moments: list[int]) -> Referrer:
        return Referrer(moments[8], moments[9], self.words[int(self.referrers[row])])

    def _reach(self, row: Sequence[int]) -> Reach:
        return Reach(self.words[row[0]], row[1], row[2])

    def _attribute(self, row: Sequence[int]) -> Attribute:
        return Attribute(self.words[row[0]], row[1], row[2], self.words[row[3]])

    def _complaint(self, row: Sequence[int]) -> Complaint:
        return Complaint(row[0], self.words[row[1]])

    def _seen(self, row: int) -> Seen:
        start, stop = self.seen.offsets[row], self.seen.offsets[row + 1]
        return NONE_SEEN if start == stop else Seen(self.seen.columns[0, start:stop])


NO_ORDERS: Final = Orders()
NOBODY: Final = Referrer()
NONE_SEEN: Final = Seen()


def _rows(columns: list[list[int]] | None, make: Callable[[Sequence[int]], Any]) -> tuple[Any, ...]:
    return () if columns is None else tuple(map(make, zip(*columns, strict=True)))


def snapshot_of(histories: Sequence[History]) -> CustomerSnapshot:
    """The inverse of `history_of`, one history a row."""
    words = _Words()
    moments = [(*h.moments, h.referrer.at, h.referrer.key) for h in histories]
    return CustomerSnapshot(
        moments=np.array(moments, np.int64).reshape(len(histories), 10),
        orders=_ragged([list(h.orders.each()) for h in histories], 7),
        refunds=_ragged([h.refunds for h in histories], 4),
        referred=_ragged([h.referred for h in histories], 4),
        reach=_ragged(
            [[(words.row(r.channel), r.hour, r.times) for r in h.reach] for h in histories], 3
        ),
        attributes=_ragged(
            [
                [(words.row(a.name), a.at, a.key, words.row(a.value)) for a in h.attributes]
                for h in histories
            ],
            4,
        ),
        complaints=_ragged(
            [[(c.at, words.row(c.item_id)) for c in h.complaints] for h in histories], 2
        ),
        seen=_ragged([[(key,) for key in sorted(h.seen.keys())] for h in histories], 1),
        referrers=np.array([words.row(h.referrer.referrer_id) for h in histories], np.int32),
        words=words.column(),
    )


class _Words:
    """Texts by the order in which they were met; 0 is the empty one."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {"": 0}

    def row(self, text: str) -> int:
        return self._rows.setdefault(text, len(self._rows))

    def column(self) -> TextColumn:
        return TextColumn.build(self._rows)


def _ragged(rows: Sequence[Sequence[Sequence[int]]], width: int) -> Ragged:
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(each) for each in rows], out=offsets[1:])
    flat: Iterable[Sequence[int]] = chain.from_iterable(rows)
    table = np.array(list(flat), np.int64).reshape(int(offsets[-1]), width)
    return Ragged(offsets, np.ascontiguousarray(table.T))


NO_SNAPSHOT: Final = snapshot_of([])
