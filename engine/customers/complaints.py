"""What a customer complained about is not shown to them again, nor is its like (A5)."""

import numpy as np

from engine.catalogue import UNKNOWN, Catalogue
from engine.customers.facts import History
from engine.ids import IdMap
from engine.types import NO_ROWS, Mask, Rows


def complained_rows(history: History, items: IdMap) -> Rows:
    """Items that the customer complained about, as far as they are known."""
    if not history.complaints:
        return NO_ROWS
    rows = items.rows([complaint.item_id for complaint in history.complaints])
    return np.unique(rows[rows >= 0])


def is_suppressed(rows: Rows, complained: Rows, catalogue: Catalogue) -> Mask:
    """Which of `rows` were complained about, or are of the same brand in the same category."""
    hidden = np.isin(rows, complained)
    categories, brands = catalogue.category[rows], catalogue.brand[rows]
    for row in complained.tolist():
        category, brand = catalogue.category[row], catalogue.brand[row]
        if UNKNOWN not in {int(category), int(brand)}:
            hidden |= (categories == category) & (brands == brand)
    return hidden
