"""What a customer complained about is not shown to them again, nor is its like (A5).

Until they buy it again: then the complaint is forgiven, as a dislike is.
"""

import numpy as np

from engine.catalogue import UNKNOWN, Catalogue
from engine.customers.facts import History
from engine.ids import IdMap
from engine.types import NO_ROWS, Instants, ItemHistory, Mask, Rows


def complained_rows(history: History, items: ItemHistory, known: IdMap) -> Rows:
    """Items that the customer complained about and has not bought since, as far as they are known.

    `items` is what the same person did with items.
    """
    if not history.complaints:
        return NO_ROWS
    rows = known.rows([complaint.item_id for complaint in history.complaints])
    at = np.array([complaint.at for complaint in history.complaints])
    stands = (rows >= 0) & (at >= last_bought(items, rows))
    return np.unique(rows[stands])


def last_bought(items: ItemHistory, rows: Rows) -> Instants:
    """When each of `rows` was bought last; 0 for what never was."""
    if not len(items):
        return np.zeros(len(rows), np.int64)
    places = np.minimum(items.rows.searchsorted(rows), len(items) - 1)
    return np.where(items.rows[places] == rows, items.last_bought_at[places], 0)


def is_suppressed(rows: Rows, complained: Rows, catalogue: Catalogue) -> Mask:
    """Which of `rows` were complained about, or are of the same brand in the same category."""
    hidden = np.isin(rows, complained)
    categories, brands = catalogue.category[rows], catalogue.brand[rows]
    for row in complained.tolist():
        category, brand = catalogue.category[row], catalogue.brand[row]
        if UNKNOWN not in {int(category), int(brand)}:
            hidden |= (categories == category) & (brands == brand)
    return hidden
