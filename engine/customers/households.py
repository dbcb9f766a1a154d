"""People who share a home (R6): what one bought the others need not, what one viewed is theirs."""

from collections.abc import Sequence
from functools import reduce

import numpy as np

from engine.item_history import merge, taken
from engine.types import NO_ITEM_HISTORY, ItemHistory


def bought_at_home(members: Sequence[ItemHistory]) -> ItemHistory:
    """What these bought and kept, as one history that shows no interest in anything.

    A slot hides it until it is used up; nothing is recommended because of it, nothing is due, and
    no reason can name it. Views are not shared.
    """
    return reduce(merge, map(_purchases, members), NO_ITEM_HISTORY)


def _purchases(member: ItemHistory) -> ItemHistory:
    found = taken(member, member.held)
    nothing = np.zeros_like(found.weights)
    return ItemHistory(
        rows=found.rows,
        weights=nothing,
        purchased=nothing,
        frequency=nothing,
        orders=found.orders,
        bought=found.bought,
        last_at=np.zeros_like(found.last_at),
        first_bought_at=found.first_bought_at,
        last_bought_at=found.last_bought_at,
        last_units=found.last_units,
        returned=np.zeros_like(found.returned),
        disliked_at=np.zeros_like(found.disliked_at),
    )
