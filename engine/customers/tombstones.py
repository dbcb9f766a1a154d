"""Who was erased, without their names: a salted hash of each id, and up to which instant.

What an id does later counts: it is then somebody new. Which erasures a bundle knows of is told by
their numbers: the instants are those of events, and the clocks of events may be ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from types import MappingProxyType
from typing import Any, Final

from engine.customers.identity import HOUSEHOLD, Alias, customer_node
from engine.events import LINKS, EventType

NAMING: Final = LINKS | {EventType.REFERRAL}
"""Events whose properties name somebody else."""
UNTOLD: Final = 1  # the number of an erasure from before there were numbers


def named_in(properties: Mapping[str, Any]) -> list[str]:
    """Nodes of the people whom an event of `NAMING` names."""
    referral = (properties.get("referrer_id"), properties.get("referred_id"))
    nodes = [customer_node(told) for told in referral if isinstance(told, str)]
    kind, alias = properties.get("kind"), properties.get("alias")
    if isinstance(kind, str) and isinstance(alias, str) and kind != HOUSEHOLD:
        nodes.append(Alias(kind, alias).node)
    return nodes


def tombstone(salt: str, node: str) -> str:
    """SHA-1, which is what a script of Redis can make; the salt is 256 random bits.

    `node` is one of engine.customers.identity.
    """
    return sha1((salt + node).encode(), usedforsecurity=False).hexdigest()


def _nothing() -> Mapping[str, Mapping[str, int]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tombstones:
    """`until`: salt → hash → the instant (epoch ms) up to which events are gone.

    `numbers`: salt → hash → which erasure it was, the last of that id; 1 where it is not told.
    """

    until: Mapping[str, Mapping[str, int]] = field(default_factory=_nothing)
    last: int = 0  # number of the last erasure of the store that it was read from
    numbers: Mapping[str, Mapping[str, int]] = field(default_factory=_nothing)

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

    def known(self) -> dict[str, int]:
        """What a training that applied these says it knew of: a name of each salt → the number of
        the last erasure.
        """
        return {
            tombstone(salt, ""): max(self._number(salt, digest) for digest in hashes)
            for salt, hashes in self.until.items()
            if hashes
        }

    def since(self, node: str, known: Mapping[str, int]) -> bool:
        """The node was erased, and whoever knew of `known` did not know of it."""
        for salt, hashes in self.until.items():
            digest = tombstone(salt, node)
            if digest in hashes and self._number(salt, digest) > known.get(tombstone(salt, ""), 0):
                return True
        return False

    def done_by(self, at: int) -> "Tombstones":
        """Those of erasures that were carried out by this instant (epoch ms) of the calendar.

        A number is the time of its erasure, or a little more. `until` is an event's time, which in
        an old log is years ago; it stands in where no number is told.
        """
        kept = {
            salt: {
                digest: until
                for digest, until in hashes.items()
                if self._done_at(salt, digest, until) <= at
            }
            for salt, hashes in self.until.items()
        }
        return Tombstones(kept, self.last, self.numbers)

    def _done_at(self, salt: str, digest: str, until: int) -> int:
        number = self._number(salt, digest)
        return until if number == UNTOLD else number

    def _number(self, salt: str, digest: str) -> int:
        return self.numbers.get(salt, {}).get(digest, UNTOLD)

    def __or__(self, other: "Tombstones") -> "Tombstones":
        return Tombstones(
            _latest(self.until, other.until),
            max(self.last, other.last),
            _latest(self.numbers, other.numbers),
        )


def beyond(erasures: Mapping[str, int], known: Mapping[str, int]) -> bool:
    """Among `erasures` is one that `known` does not tell of; both as of `Tombstones.known`."""
    return any(number > known.get(salt, 0) for salt, number in erasures.items())


def _latest(
    mine: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    merged = {salt: dict(hashes) for salt, hashes in mine.items()}
    for salt, hashes in other.items():
        held = merged.setdefault(salt, {})
        for digest, value in hashes.items():
            held[digest] = max(value, held.get(digest, 0))
    return merged


NOBODY_ERASED = Tombstones()
