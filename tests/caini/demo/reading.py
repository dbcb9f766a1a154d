"""Reading a simulated year by the words of the events."""

import numpy as np
from numpy.typing import NDArray

from caini.demo.lines import take
from caini.demo.shelves import POSITIONS
from caini.demo.world import TYPE_CODES, Simulated, Year
from engine.events import EventType


def only(shop: Simulated, kind: EventType) -> Year:
    return take(shop.events, shop.events.kind == TYPE_CODES[kind])


def named(shop: Simulated, customer_id: str) -> int:
    return shop.customers.ids.index(customer_id)


def of(year: Year, customer: int) -> Year:
    return take(year, year.customer == customer)


def on_shelf(shop: Simulated, year: Year, code: str) -> NDArray[np.bool_]:
    return np.asarray((year.item >= 0) & (shop.items.shelf[year.item] == POSITIONS[code]))
