"""What a customer's history is made of: facts, each table of them a set.

Instants are epoch milliseconds, 0 = never. Keys are 64-bit hashes of outside ids.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]


def key_of(text: str) -> int:
    """A signed 64-bit hash; a million customers' orders collide once in about 30,000 shops."""
    digest = blake2b(text.encode("utf-8", errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class Moments(NamedTuple):
    """First and last times, and counts that need no detail."""

    first_at: int = 0
    last_at: int = 0
    acted_at: int = 0  # the last thing the customer did themself
    cart_at: int = 0  # last item put into a cart
    search_at: int = 0
    member_at: int = 0  # first sign-up
    ratings: int = 0
    invitations: int = 0


class Order(NamedTuple):
    """Own purchases under one order id; a line without one is its own order."""

    at: int  # of the earliest line
    key: int
    gross_minor: int
    units: int
    cost_minor: int  # what the goods cost the shop, as far as lines said so
    promoted: int  # units bought under a promotion
    points: int  # points of the loyalty programme paid with


class Orders(NamedTuple):
    """Orders as columns, sorted by (at, key)."""

    at: tuple[int, ...] = ()
    key: tuple[int, ...] = ()
    gross_minor: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    cost_minor: tuple[int, ...] = ()
    promoted: tuple[int, ...] = ()
    points: tuple[int, ...] = ()

    def each(self) -> Iterator[Order]:
        return map(Order._make, zip(*self, strict=True))


def columns_of(orders: Sequence[Order]) -> Orders:
    return Orders._make(zip(*sorted(orders), strict=True)) if orders else Orders()


class Refund(NamedTuple):
    """What came back from one order at one instant."""

    at: int
    order_key: int
    amount_minor: int
    units: int


class Referred(NamedTuple):
    """An order of a customer whom this one brought; negative when it is a refund, 0 is neither."""

    at: int
    order_key: int  # `who` for a refund that names no order
    who: int  # key of the referred customer's id
    amount_minor: int


class Referrer(NamedTuple):
    """Who brought this customer; zero and empty for nobody.

    The earliest referral counts, of one instant the first by who referred.
    """

    at: int = 0
    referrer_id: str = ""


class Reach(NamedTuple):
    """Messages opened, clicked or answered on one channel in one hour of the day (UTC)."""

    channel: str
    hour: int
    times: int


class Attribute(NamedTuple):
    """One thing that a profile says; the latest (at, key) counts."""

    name: str
    at: int
    key: int  # of the event
    value: str  # JSON


class Complaint(NamedTuple):
    at: int
    item_id: str  # "" when it was about no item


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Keys of the events that were counted: what makes a repeated event harmless."""

    base: Keys = field(default_factory=lambda: NO_KEYS)  # ascending
    added: frozenset[int] = frozenset()

    def __contains__(self, key: int) -> bool:
        if key in self.added:
            return True
        place = bisect_left(self.base, key)
        return place < len(self.base) and int(self.base[place]) == key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seen) and self.keys() == other.keys()

    def __hash__(self) -> int:
        return hash(self.keys())

    def keys(self) -> frozenset[int]:
        return self.added.union(self.base.tolist())

    def __or__(self, keys: Set[int]) -> "Seen":
        return Seen(self.base, self.added | keys)


NO_KEYS: Keys = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class History:
    """Facts of one customer; every table is sorted, so that equal facts are equal values."""

    moments: Moments = field(default_factory=Moments)
    orders: Orders = field(default_factory=Orders)
    refunds: tuple[Refund, ...] = ()
    referred: tuple[Referred, ...] = ()
    referrer: Referrer = field(default_factory=Referrer)
    reach: tuple[Reach, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    seen: Seen = field(default_factory=Seen)

    @property
    def known(self) -> bool:
        return bool(self.moments.first_at or self.referred)


EMPTY_HISTORY: Final = History()
