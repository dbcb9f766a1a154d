"""Rings of referrals in a whole log (F1): a twin of `engine.customers.referral_graph` for millions.

Each customer has one referral at most, so whoever is in a ring is what is left of all of them
after enough steps upwards.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def ring_closers(
    newcomers: Integers, referrers: Integers, at: Integers, names: Sequence[str]
) -> list[int]:
    """Rows of those whose referral is the latest of a ring, ties by name; ascending.

    `referrers` and `at` are the row and the instant beside each of `newcomers`, whose rows are
    all different; `names` has all rows.
    """
    nobody = len(names)
    above = np.full(nobody + 1, nobody, np.int64)
    above[newcomers] = referrers
    since = np.zeros(nobody, np.int64)
    since[newcomers] = at
    left = {*_on_rings(above).tolist()}
    closers = []
    while left:
        ring = [left.pop()]
        while (row := int(above[ring[-1]])) != ring[0]:
            ring.append(row)
        left.difference_update(ring)
        closers.append(max(ring, key=lambda row: (since[row], names[row])))
    return sorted(closers)


def _on_rings(above: Integers) -> Integers:
    """Rows in rings; the last of `above` is nobody, above whom there is nobody."""
    steps, reached = above, _reached(above)
    while True:
        steps = steps[steps]  # twice as many
        further = _reached(steps)
        if np.array_equal(further, reached):
            return np.flatnonzero(reached[:-1])
        reached = further


def _reached(steps: Integers) -> NDArray[np.bool_]:
    found = np.zeros(len(steps), np.bool_)
    found[steps] = True
    return found
