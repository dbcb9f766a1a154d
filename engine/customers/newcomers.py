"""What a referrer bought is a first hint of what the newcomer may like (F3)."""

import numpy as np

from engine.types import NO_CANDIDATES, Candidates, ItemHistory


def from_referrer(history: ItemHistory, depth: int) -> Candidates:
    """What the referrer bought and kept, the latest first, ties by row; scores fall from 1."""
    held = history.bought > 0
    if not held.any():
        return NO_CANDIDATES
    rows, bought_at = history.rows[held], history.last_bought_at[held]
    order = np.lexsort((rows, -bought_at))[:depth]
    scores = 1 / np.arange(1, len(order) + 1)
    return Candidates(rows[order], scores.astype(np.float32))
