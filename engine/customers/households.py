"""People who share a home (R6): what one bought the others need not, what one viewed is theirs."""

from collections.abc import Sequence

import numpy as np

from engine.types import NO_ROWS, ItemHistory, Rows


def bought_at_home(members: Sequence[ItemHistory]) -> Rows:
    """Items that somebody of the household has bought and kept; ascending. Views are not shared."""
    rows = [member.rows[member.bought > 0] for member in members]
    return np.unique(np.concatenate(rows)) if rows else NO_ROWS
