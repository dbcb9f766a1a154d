"""Outside ids ↔ dense rows, in arrays that many processes share, without a dictionary."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.text import TextColumn
from engine.types import Rows


def key_of(text: str) -> int:
    """A 64-bit key of a text, the same on every machine and in every run."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class IdMap:
    """Ids in row order, and their keys in sorted order for the way back.

    A key only says where to look: the id itself is compared, so two ids of one key stay two.
    """

    text: TextColumn
    keys: NDArray[np.uint64]  # (n,) sorted
    order: Rows  # (n,) the row of each key

    @classmethod
    def build(cls, ids: Sequence[str]) -> Self:
        """Row of an id is its position. Raises ValueError when an id comes twice."""
        keys = np.fromiter((key_of(text) for text in ids), np.uint64, len(ids))
        order = np.argsort(keys, kind="stable").astype(np.int32)
        _refuse_doubles(ids, keys[order], order)
        return cls(TextColumn.build(ids), keys[order], order)

    def __len__(self) -> int:
        return len(self.order)

    def row(self, text: str) -> int:
        """-1 when the id is unknown."""
        key = np.uint64(key_of(text))
        return self._at(int(self.keys.searchsorted(key)), key, text.encode())

    def rows(self, texts: Sequence[str]) -> Rows:
        """-1 for each unknown id."""
        if not texts:
            return np.empty(0, np.int32)
        keys = np.fromiter((key_of(text) for text in texts), np.uint64, len(texts))
        places = np.searchsorted(self.keys, keys).tolist()
        found = [
            self._at(place, key, text.encode())
            for place, key, text in zip(places, keys, texts, strict=True)
        ]
        return np.array(found, np.int32)

    def id(self, row: int) -> str:
        return self.text[row]

    def ids(self, rows: Sequence[int]) -> list[str]:
        return self.text.take(rows)

    def _at(self, place: int, key: np.uint64, raw: bytes) -> int:
        while place < len(self.keys) and self.keys[place] == key:
            row = int(self.order[place])
            if self.text.raw(row) == raw:
                return row
            place += 1
        return -1


def _refuse_doubles(ids: Sequence[str], keys: NDArray[np.uint64], order: Rows) -> None:
    for place in np.flatnonzero(keys[1:] == keys[:-1]).tolist():
        first, second = ids[order[place]], ids[order[place + 1]]
        if first == second:
            raise ValueError(f"id {first!r} comes twice")
