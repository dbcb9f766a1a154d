"""People who share a home (R6): what one bought the others need not, what one viewed is theirs."""

from collections.abc import Sequence
from functools import reduce

import numpy as np

from engine.item_history import merge
from engine.types import NO_ITEM_HISTORY, NO_ROWS, ItemHistory, Rows


def bought_at_home(members: Sequence[ItemHistory]) -> Rows:
    """Items that somebody of the household has bought and kept; ascending. Views are not shared."""
    rows = [member.rows[member.bought > 0] for member in members]
    return np.unique(np.concatenate(rows)) if rows else NO_ROWS


def with_household(own: ItemHistory, others: Sequence[ItemHistory]) -> ItemHistory:
    """As if what `others` bought and kept had been bought here, but out of no interest.

    So a slot does not offer it again before it is used up, while nothing is recommended because
    of it, and no reason can name it. What somebody dislikes stays disliked.
    """
    shared = [_purchases(member) for member in others]
    home = reduce(merge, shared, NO_ITEM_HISTORY)
    kept = ~np.isin(home.rows, own.rows[own.unwanted])
    return merge(own, _taken(home, kept))


def _purchases(member: ItemHistory) -> ItemHistory:
    found = _taken(member, (member.bought > 0) & (member.last_bought_at > 0))
    nothing = np.zeros_like(found.weights)
    return ItemHistory(
        rows=found.rows,
        weights=nothing,
        purchased=nothing,
        frequency=nothing,
        bought=found.bought,
        last_at=np.zeros_like(found.last_at),
        last_bought_at=found.last_bought_at,
        last_units=found.last_units,
        returned=np.zeros_like(found.returned),
        disliked_at=np.zeros_like(found.disliked_at),
    )


def _taken(history: ItemHistory, chosen: np.ndarray) -> ItemHistory:
    return ItemHistory(**{name: getattr(history, name)[chosen] for name in ItemHistory.__slots__})
