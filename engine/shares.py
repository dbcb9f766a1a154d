"""Which places of a list the shares of a slot leave: whole numbers, nothing of items."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.slot_settings import ROUNDING, Share


@dataclass(frozen=True, slots=True)
class Demand:
    """A share in whole places, and who of a pool may take them."""

    share: Share
    least: int
    most: int
    inside: Sequence[bool]  # (n_pool,)


def demand_of(share: Share, n: int, inside: Sequence[bool]) -> Demand:
    least = math.ceil(share.at_least * n - ROUNDING)
    return Demand(share, least, max(math.floor(share.at_most * n + ROUNDING), least), inside)


def settle(
    wish: Sequence[int], demands: Sequence[Demand], n: int
) -> tuple[list[int], tuple[Share, ...]]:
    """At most `n` of `wish`, none above a most share, and the shares that are not kept.

    A share that is left over is tried first: it may need what another can do without.
    """
    best, unmet = _settled(wish, demands, n)
    for _ in demands:
        if not unmet:
            break
        demands = sorted(demands, key=lambda demand: demand.share not in unmet)
        found, left = _settled(wish, demands, n)
        if len(left) < len(unmet):
            best, unmet = found, left
    return best, unmet


def _settled(
    wish: Sequence[int], demands: Sequence[Demand], n: int
) -> tuple[list[int], tuple[Share, ...]]:
    places = _Places(demands, n)
    order = wish
    if sum(demand.least for demand in demands) > n:  # who serves several saves places
        order = sorted(wish, key=lambda place: -sum(d.inside[place] for d in demands if d.least))
    for i, demand in enumerate(demands):
        for place in (place for place in order if demand.inside[place]):
            if places.counts[i] >= demand.least:
                break
            places.take(place)
    for place in wish:
        places.take(place)
    left = zip(demands, places.counts, strict=True)
    return list(places.taken), tuple(demand.share for demand, got in left if got < demand.least)


class _Places:
    """Those that are taken so far, and how many each demand has."""

    def __init__(self, demands: Sequence[Demand], n: int) -> None:
        self.demands, self.n = demands, n
        self.counts, self.taken = [0] * len(demands), set[int]()

    def take(self, place: int) -> None:
        """Nothing happens where none is left or a most share forbids it."""
        if len(self.taken) == self.n or place in self.taken:
            return
        of = [i for i, demand in enumerate(self.demands) if demand.inside[place]]
        if all(self.counts[i] < self.demands[i].most for i in of):
            self.taken.add(place)
            for i in of:
                self.counts[i] += 1
