"""What an item costs at an instant: its price, less the sale that is on."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.seasons import FESTIVALS, calendar, day_of
from caini.demo.world import Items, Money
from engine.types import Instants, Rows

ROUND_DAYS: Final = 50  # an item's own sale comes round every 50 days …
SALE_DAYS: Final = 8  # … and lasts 8; guesses
FESTIVAL_DAYS: Final = 5  # the sale of a shopping day begins this long before it


def sale_share(items: Items, rows: Rows, at: Instants) -> NDArray[np.float32]:
    """(n,) the share taken off each item at each instant; 0 without a sale."""
    day = day_of(at)
    own = (day + items.sale_phase[rows]) % ROUND_DAYS < SALE_DAYS
    on = items.promoted[rows] & (own | _festive(day))
    return np.where(on, items.sale_depth[rows], np.float32(0))


def price_at(items: Items, rows: Rows, at: Instants) -> Money:
    """(n,) unit prices in minor units."""
    return reduced(items.price[rows], sale_share(items, rows, at))


def reduced(price: Money, share: NDArray[np.float32]) -> Money:
    """Rounded to a tenth of the currency, as the shop writes its prices."""
    return np.where(share > 0, np.rint(price * (1.0 - share) / 10).astype(np.int64) * 10, price)


def _festive(day: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not day.size:
        return np.zeros(0, np.bool_)
    first = int(day.min())
    table = [
        any(calendar(first + ahead + later) in FESTIVALS for later in range(FESTIVAL_DAYS))
        for ahead in range(int(day.max()) - first + 1)
    ]
    return np.array(table)[day - first]
