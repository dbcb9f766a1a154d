"""Nearest sessions: what others looked at next who looked at the same things just before.

Source: Jannach and Ludewig, When Recurrent Neural Networks meet the Neighborhood (RecSys 2017),
with weights by position and rarity as in Ludewig et al. (2021). Nothing is learned, so the newest
session counts as soon as it is in the table. Constants were measured on diginetica.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.top import best
from engine.types import NO_CANDIDATES, Candidates, Lists, Offsets, Rows, Scores

LENGTH: Final = 8  # items of the asking session that count
NEIGHBOURS: Final = 100
OLDER_ITEM: Final = 0.55  # weight of each item of the asking session against the one after it
FURTHER: Final = 0.7  # weight of each step away from the shared item
BEFORE: Final = 0.8  # weight of what came before the shared item against what came after
LONG_SESSION: Final = 0.2  # exponent of the length that a session's weight is divided by
RECENCY: Final = 0.7  # how much more the newest session counts than the oldest


@dataclass(frozen=True, slots=True)
class Sessions:
    """Past sessions, the oldest first, and which of them held an item."""

    offsets: Offsets  # (n_sessions + 1,)
    items: Rows  # in the order in which they were looked at; may repeat
    holders_offsets: Offsets  # (n_items + 1,)
    holders: Rows  # of each item the newest sessions that held it, newest first
    rarity: Scores  # (n_items,) weight of sharing the item

    def __len__(self) -> int:
        return len(self.offsets) - 1


def nearest_sessions(sessions: Sessions, recent: Rows, depth: int) -> Candidates:
    """What goes with `recent` (newest first, each once), among it items of `recent` themselves."""
    recent = recent[:LENGTH]
    near = _near(sessions, recent)
    if not len(near):
        return NO_CANDIDATES
    starts = sessions.offsets[near.rows]
    lengths = sessions.offsets[near.rows + 1] - starts
    owners = np.repeat(np.arange(len(near)), lengths)
    begins = np.cumsum(lengths) - lengths
    places = np.arange(len(owners)) - begins[owners]
    items = sessions.items[starts[owners] + places]
    steps = places - _anchors(items, places, begins, recent)[owners]
    closeness = FURTHER ** np.maximum(np.abs(steps) - 1, 0) * np.where(steps < 0, BEFORE, 1)
    rows, where = np.unique(items, return_inverse=True)
    sums = np.bincount(where, near.scores[owners] * closeness)
    return best(rows, np.asarray(sums, np.float64), depth)


def _near(sessions: Sessions, recent: Rows) -> Candidates:
    """The sessions that share most with `recent`; ties go to the older."""
    lists = Lists(sessions.holders_offsets, sessions.holders, sessions.rarity)
    found = [lists.of(int(item), len(sessions)).rows for item in recent]
    shares = sessions.rarity[recent] * OLDER_ITEM ** np.arange(len(recent))
    if not sum(map(len, found)):
        return NO_CANDIDATES
    rows, where = np.unique(np.concatenate(found), return_inverse=True)
    alike = np.bincount(where, np.repeat(shares, [len(part) for part in found]))
    lengths = sessions.offsets[rows + 1] - sessions.offsets[rows]
    newer = 1 + RECENCY * rows / len(sessions)
    return best(rows, alike * newer / lengths**LONG_SESSION, NEIGHBOURS)


def _anchors(
    items: Rows, places: NDArray[np.int64], begins: NDArray[np.int64], recent: Rows
) -> NDArray[np.int64]:
    """Of each session, where it last held the newest item that it shares."""
    order = np.argsort(recent)
    slot = np.minimum(np.searchsorted(recent[order], items), len(recent) - 1)
    age = np.where(recent[order][slot] == items, order[slot], len(recent))
    newest = np.minimum.reduceat(age, begins)
    lengths = np.diff(np.append(begins, len(items)))
    return np.maximum.reduceat(np.where(age == np.repeat(newest, lengths), places, -1), begins)
