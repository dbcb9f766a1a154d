"""Nearest sessions: what others looked at next who looked at the same things just before.

Source: Jannach and Ludewig, When Recurrent Neural Networks meet the Neighborhood (RecSys 2017),
with weights by position and rarity as in Ludewig et al. (2021). Nothing is learned, so the newest
session counts as soon as it is in the table. Constants were chosen on the last sessions of
diginetica's training part.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.top import best
from engine.types import NO_CANDIDATES, Candidates, Offsets, Rows, Scores

LENGTH: Final = 4  # items of the asking session that count; 8 is no better
NEIGHBOURS: Final = 150
OLDER_ITEM: Final = 0.55  # weight of each item of the asking session against the one after it
FURTHER: Final = 0.75  # weight of each step away from the shared item
BEFORE: Final = 0.7  # weight of what came before the shared item against what came after
LONG_SESSION: Final = 0.1  # exponent of the length that a session's weight is divided by
RECENCY: Final = 1.5  # how much more the newest session counts than the oldest
COMMON: Final = 0.6  # exponent of the rarity of what is proposed: what all look at says less
BACK: Final = 0.5  # of the best score is added to the last item's, half of that to the one before
LONGEST: Final = 50  # items of a past session that are kept
LISTED: Final = 0.2  # share of item lists beside few sessions; 0 to 0.3 measured alike
BEST: Final = 20  # the places that customers see; as where sources are fused

_STEPS: Final = np.arange(-LONGEST, LONGEST + 1)
_CLOSENESS: Final = FURTHER ** np.maximum(np.abs(_STEPS) - 1, 0) * np.where(_STEPS < 0, BEFORE, 1)
_AGES: Final = OLDER_ITEM ** np.arange(LENGTH)
_BACK: Final = BACK ** np.arange(1, LENGTH + 1)
_LENGTHS: Final = np.maximum(np.arange(LONGEST + 1), 1) ** -LONG_SESSION

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Past sessions, the oldest first, and which of them held an item."""

    offsets: Offsets  # (n_sessions + 1,); at most LONGEST items each
    items: Rows  # in the order in which they were looked at; may repeat
    holders_offsets: Offsets  # (n_items + 1,)
    holders: Rows  # of each item the newest sessions that held it, newest first
    places: Rows  # beside each holder: where in the session the item was seen last
    rarity: Scores  # (n_items,) weight of sharing the item

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class _Near:
    rows: Rows  # of sessions
    scores: NDArray[np.float64]
    anchors: Rows  # where each last held the newest item that it shares


def nearest_sessions(sessions: Sessions, recent: Rows, depth: int) -> Candidates:
    """What goes with `recent` (newest first, each once), among it items of `recent` themselves:
    a fifth of all clicks go back to what was looked at just before, most to the last of it.
    """
    recent = recent[:LENGTH]
    near = _near(sessions, recent)
    if near is None:
        return NO_CANDIDATES
    starts = sessions.offsets[near.rows]
    lengths = sessions.offsets[near.rows + 1] - starts
    begins = np.cumsum(lengths) - lengths
    steps = np.arange(int(lengths.sum())) - np.repeat(begins, lengths)
    items = sessions.items[np.repeat(starts, lengths) + steps]
    closeness = _CLOSENESS[steps - np.repeat(near.anchors, lengths) + LONGEST]
    rows, sums = _added(items, np.repeat(near.scores, lengths) * closeness)
    sums *= sessions.rarity[rows] ** COMMON
    places = np.minimum(np.searchsorted(rows, recent), len(rows) - 1)
    known = rows[places] == recent
    sums[places[known]] += sums.max() * _BACK[: len(recent)][known]
    return best(rows, sums, depth)


def with_lists(found: Candidates, listed: Candidates, depth: int) -> Candidates:
    """Both in units of their best, the sessions counting four times as much as the lists."""
    parts = [
        (part.rows, share * part.scores / float(np.mean(part.scores[:BEST])))
        for part, share in ((found, 1 - LISTED), (listed, LISTED))
        if len(part)
    ]
    if not parts:
        return NO_CANDIDATES
    rows, sums = _added(
        np.concatenate([rows for rows, _ in parts]),
        np.concatenate([scores for _, scores in parts]).astype(np.float64),
    )
    return best(rows, sums, depth)


def _near(sessions: Sessions, recent: Rows) -> _Near | None:
    """The sessions that share most with `recent`; ties go to the older."""
    starts, stops = sessions.holders_offsets[recent], sessions.holders_offsets[recent + 1]
    counts = stops - starts
    if not counts.sum():
        return None
    cuts = [slice(*cut) for cut in zip(starts.tolist(), stops.tolist(), strict=True)]
    found = np.concatenate([sessions.holders[cut] for cut in cuts])
    places = np.concatenate([sessions.places[cut] for cut in cuts])
    shares = np.repeat(sessions.rarity[recent] * _AGES[: len(recent)], counts)
    order = np.argsort(found, kind="stable")  # of one session, the newest shared item comes first
    ordered = found[order]
    firsts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    rows, anchors = ordered[firsts], places[order[firsts]]
    alike = np.add.reduceat(shares[order], firsts)
    lengths = sessions.offsets[rows + 1] - sessions.offsets[rows]
    scores = alike * (1 + RECENCY / len(sessions) * rows) * _LENGTHS[lengths]
    if len(rows) > NEIGHBOURS:
        chosen = np.sort(np.argsort(-scores, kind="stable")[:NEIGHBOURS])
        rows, scores, anchors = rows[chosen], scores[chosen], anchors[chosen]
    return _Near(rows, scores, anchors)


def _added(rows: Rows, scores: NDArray[np.float64]) -> tuple[Rows, NDArray[np.float64]]:
    """Each row once, ascending, with the sum of its scores."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    firsts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[firsts], np.add.reduceat(scores[order], firsts)
