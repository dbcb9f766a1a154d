"""What a customer complained about is not shown to them again, nor is its like (A5).

Until they buy it again: then the complaint is forgiven, as a dislike is.
"""

import numpy as np

from engine.catalogue import UNKNOWN, Catalogue
from engine.customers.facts import History
from engine.ids import IdMap
from engine.types import NO_ROWS, ItemHistory, Mask, Rows


def complained_rows(history: History, items: ItemHistory, known: IdMap) -> Rows:
    """Items that the customer complained about and has not bought since, as far as they are known.

    `items` is what the same person did with items.
    """
    if not history.complaints:
        return NO_ROWS
    latest = {complaint.item_id: complaint.at for complaint in history.complaints}  # by time
    found = ((known.row(item_id), at) for item_id, at in latest.items())
    stands = {row for row, at in found if row >= 0 and at >= last_bought(items, row)}
    return np.array(sorted(stands), np.int32)


def last_bought(items: ItemHistory, row: int) -> int:
    """0 when it never was."""
    place = int(items.rows.searchsorted(row))
    if place == len(items) or items.rows[place] != row:
        return 0
    return int(items.last_bought_at[place])


def is_suppressed(rows: Rows, complained: Rows, catalogue: Catalogue) -> Mask:
    """Which of `rows` were complained about, or are of the same brand in the same category."""
    hidden = np.isin(rows, complained)
    categories, brands = catalogue.category[rows], catalogue.brand[rows]
    for row in complained.tolist():
        category, brand = catalogue.category[row], catalogue.brand[row]
        if UNKNOWN not in {int(category), int(brand)}:
            hidden |= (categories == category) & (brands == brand)
    return hidden
