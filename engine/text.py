"""Many short texts in two arrays, so that millions of them can be memory-mapped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.types import Offsets


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Text of row r is the UTF-8 of data[offsets[r]:offsets[r + 1]]."""

    data: NDArray[np.uint8]  # (n_bytes,)
    offsets: Offsets  # (n + 1,)

    @classmethod
    def build(cls, texts: Iterable[str | None]) -> Self:
        """A missing text becomes the empty one."""
        encoded = [(text or "").encode() for text in texts]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(part) for part in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        return self.raw(row).decode()

    def raw(self, row: int) -> bytes:
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def take(self, rows: Sequence[int]) -> list[str]:
        return [self[row] for row in rows]
