"""Who was erased, without their names: a salted hash of each id, and up to which instant.

What an id does later counts: it is then somebody new.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from types import MappingProxyType


def tombstone(salt: str, node: str) -> str:
    """SHA-1, which is what a script of Redis can make; the salt is 256 random bits.

    `node` is one of engine.customers.identity.
    """
    return sha1((salt + node).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Tombstones:
    """`until`: salt → hash → the instant (epoch ms) up to which events are gone."""

    until: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    count: int = 0  # erasures of the store that it was read from

    @property
    def newest(self) -> int:
        """0 when nobody was ever erased."""
        return max((at for hashes in self.until.values() for at in hashes.values()), default=0)

    def __bool__(self) -> bool:
        return any(self.until.values())

    def at(self, node: str) -> int:
        """0 for who was never erased."""
        found = [hashes.get(tombstone(salt, node), 0) for salt, hashes in self.until.items()]
        return max(found, default=0)

    def __or__(self, other: "Tombstones") -> "Tombstones":
        merged = {salt: dict(hashes) for salt, hashes in self.until.items()}
        for salt, hashes in other.until.items():
            mine = merged.setdefault(salt, {})
            for digest, at in hashes.items():
                mine[digest] = max(at, mine.get(digest, 0))
        return Tombstones(merged, max(self.count, other.count))


NOBODY_ERASED = Tombstones()
