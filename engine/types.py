"""The values that the path is made of, and the array aliases with their shapes.

Outside ids are text; inside, customers and items are dense rows of one bundle. Instants are
integers, milliseconds since 1970-01-01 UTC; money is in integer minor units of the shop's currency.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]  # (n,) dense positions of items or customers
Scores = NDArray[np.float32]  # (n,)
Vectors = NDArray[np.float32]  # (n, factors), C-contiguous
Vector = NDArray[np.float32]  # (factors,)
Offsets = NDArray[np.int64]  # (n + 1,) where each row of a ragged table begins and ends
Mask = NDArray[np.bool_]  # (n_items,)
Instants = NDArray[np.int64]  # (n,) epoch milliseconds UTC

NO_ROWS: Rows = np.empty(0, np.int32)
NO_SCORES: Scores = np.empty(0, np.float32)
NO_INSTANTS: Instants = np.empty(0, np.int64)
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """Items that a source proposes: best first, ties by row, each item once, scores finite."""

    rows: Rows
    scores: Scores

    def __len__(self) -> int:
        return len(self.rows)


NO_CANDIDATES = Candidates(NO_ROWS, NO_SCORES)


@dataclass(frozen=True, slots=True)
class Lists:
    """A ragged table of scored items: list `k` is rows[offsets[k]:offsets[k + 1]], best first.

    Neighbours of items (key: item row) and popularity by group (key: group code) are both this.
    """

    offsets: Offsets  # (n_lists + 1,)
    rows: Rows  # (n_entries,)
    scores: Scores  # (n_entries,)
    width: int = field(init=False)  # of the longest list
    ragged: Mask = field(init=False)  # (n_lists,) where `width` entries on is not this list alone

    def __post_init__(self) -> None:
        width = int(np.diff(self.offsets).max(initial=0))
        starts, stops = self.offsets[:-1], self.offsets[1:]
        alone = (stops - starts == width) & (starts <= len(self.rows) - width)
        object.__setattr__(self, "width", width)
        object.__setattr__(self, "ragged", ~alone)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def of(self, key: int, depth: int) -> Candidates:
        """The first `depth` of list `key`; nothing for a key outside the table."""
        if not 0 <= key < len(self):
            return NO_CANDIDATES
        start = int(self.offsets[key])
        stop = min(int(self.offsets[key + 1]), start + depth)
        return Candidates(self.rows[start:stop], self.scores[start:stop])


@dataclass(frozen=True, slots=True)
class ItemHistory:
    """What one customer has done with items: one entry an item, in the order of rows."""

    rows: Rows
    weights: Scores  # Σ event weight × decay at the bundle's watermark; in a Query: the interest
    purchased: Scores  # the part of the sum that is purchases
    frequency: Scores  # decayed count of orders that held the item (own frequency)
    orders: Rows  # orders that held the item
    bought: Rows  # units bought, net of refunds
    last_at: Instants  # last sign of interest
    first_bought_at: Instants  # 0 when never bought
    last_bought_at: Instants  # likewise
    last_units: Rows  # units bought at last_bought_at, without what of them came back
    returned: Rows  # units that came back
    disliked_at: Instants  # 0 when never disliked

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def held(self) -> Mask:
        """Bought, and not all sent back; nothing in a log without times."""
        held: Mask = (self.bought > 0) & (self.last_bought_at > 0)
        return held

    @property
    def unwanted(self) -> Mask:
        """Disliked, and not bought again since."""
        if not np.count_nonzero(self.disliked_at):
            return np.zeros(len(self.rows), np.bool_)
        disliked: Mask = (self.disliked_at > 0) & (self.disliked_at >= self.last_bought_at)
        return disliked


NO_ITEM_HISTORY = ItemHistory(
    rows=NO_ROWS,
    weights=NO_SCORES,
    purchased=NO_SCORES,
    frequency=NO_SCORES,
    orders=NO_ROWS,
    bought=NO_ROWS,
    last_at=NO_INSTANTS,
    first_bought_at=NO_INSTANTS,
    last_bought_at=NO_INSTANTS,
    last_units=NO_ROWS,
    returned=NO_ROWS,
    disliked_at=NO_INSTANTS,
)


class Served(NamedTuple):
    """One place of a slate. A named tuple, for twenty are made at each request."""

    row: int
    score: float
    source: str  # the retriever that gave the item most of its score
    reason: str  # a code of engine.reasons
    because: tuple[int, ...] = ()  # item rows that the reason names
    days: tuple[int, int] | None = None  # that it lasts, and since it was bought; as said


@dataclass(frozen=True, slots=True)
class Slate:
    """What fills a slot, position 1 first; `degraded` names what was missing."""

    items: tuple[Served, ...]
    degraded: tuple[str, ...] = field(default=())
