"""What somebody has bought, and how far it is used up (C1, C3): each part found once, when asked.

A slot asks several times: its source for what is due, its filter for what may come again, its
reasons for the days of the cycle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.customers.renewal import (
    Repurchase,
    at_any_time,
    chances_of,
    days_of,
    in_window,
    visits_of,
)
from engine.customers.repurchase import Floats, has_own_cycle, lasting, progress
from engine.item_history import taken
from engine.top import best
from engine.types import DAY_MS, NO_CANDIDATES, Candidates, ItemHistory, Mask

LATER_FIRST: Final = 1e-3  # of a chance, at most: so much more scores what is further through


class Cycle(NamedTuple):
    """What can be said of an item near the end of its cycle."""

    own: bool  # the days are the customer's own; else those that the item lasts
    every: int  # days, as the profile tells them
    ago: int  # days since the last


@dataclass(frozen=True)  # no slots: what was found is kept
class Supplies:
    """Masks and numbers are (n,), an entry of `history` each. Of many customers: all but chances.

    `history` may hold what was never bought: it counts as used up, and is never due.
    """

    history: ItemHistory
    known: Repurchase
    now: int
    ordered_at: Sequence[int] = ()  # of all orders, also of what came back; ascending

    @cached_property
    def days(self) -> Floats:
        """That what was bought last lasts."""
        return lasting(self.history, self.known.cycles, self.known.config)

    @cached_property
    def progress(self) -> Floats:
        """How much of them has passed; above 1 = late."""
        return progress(self.history, self.days, self.now)

    @property
    def used_up(self) -> Mask:
        """What has lasted its days, whether or not it is bought at any time."""
        up: Mask = self.progress >= self.known.config.due_from
        return up

    @cached_property
    def _free(self) -> Mask:
        return at_any_time(self.history, self.known.renewal, self.now)

    @property
    def wanted(self) -> Mask:
        """What the customer may be shown again: used up, or bought at any time."""
        return self._free if self._free.all() else self._free | self.used_up

    @cached_property
    def near(self) -> NDArray[np.intp]:
        """Places of what is around the end of its cycle."""
        return self._places(in_window(self.progress, self.known.config))

    @property
    def due(self) -> NDArray[np.intp]:
        """Places of what is near, or of any time where goods have no cycle."""
        return self._places(in_window(self.progress, self.known.config) | self._free)

    def _places(self, chosen: Mask) -> NDArray[np.intp]:
        """Of what is held."""
        places: NDArray[np.intp] = (chosen & self.history.held).nonzero()[0]
        return places

    def chances(self, places: NDArray[np.intp]) -> Floats:
        """Of one customer: to buy these again within `horizon_days`."""
        part = taken(self.history, places)
        visits = visits_of(self._order_days, part, self.now)
        return chances_of(part, visits, self.progress.take(places), self.known)

    @cached_property
    def _order_days(self) -> list[int]:
        """Where no order is known, the days on which what is there was bought first."""
        first = self.history.first_bought_at[self.history.held]
        return days_of(self.ordered_at or first.tolist())

    def candidates(self, depth: int) -> Candidates:
        """What is due, by its chance; among equals what is further through; ties by row."""
        places = self.due
        if not len(places):
            return NO_CANDIDATES
        passed = self.progress.take(places)
        scores = self.chances(places) * (1 + LATER_FIRST * passed / (1 + passed))
        return best(self.history.rows.take(places), scores.astype(np.float32), depth)

    @cached_property
    def cycles(self) -> dict[int, Cycle]:
        """Item row → the days of its cycle, of what is `near` the end of it.

        Not of all that is due: what has no cycle is due at any time, and a year after the purchase
        its days say nothing.
        """
        places = self.near
        if not len(places):
            return {}
        own = has_own_cycle(self.history, self.known.config).take(places)
        every = np.maximum(np.rint(self.days.take(places)), 1).astype(int)
        ago = (self.now - self.history.last_bought_at.take(places)) // DAY_MS
        rows = self.history.rows.take(places)
        told = zip(own.tolist(), every.tolist(), ago.tolist(), strict=True)
        return dict(zip(rows.tolist(), map(Cycle._make, told), strict=True))
