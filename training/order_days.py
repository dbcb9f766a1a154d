"""Days on which all customers ordered: the twin of the visits in `engine.customers.renewal`."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.customers.facts import Orders
from engine.customers.renewal import Visits, chances_of
from engine.customers.repurchase import Floats, RepurchaseConfig
from engine.customers.supplies import Supplies
from engine.item_history import CustomerItems, taken
from engine.types import DAY_MS, Instants, ItemHistory, Mask, Rows
from training.customer_orders import owners_of
from training.ragged import rows_of

Integers = NDArray[np.int64]

AT: Final = Orders._fields.index("at")
DAYS: Final = 100_000  # more than any log has: packs a customer and a day into one number


def order_days(customers: Integers, at: Instants) -> Integers:
    """Each customer and day once, packed into one number, ascending."""
    return np.unique(customers * DAYS + at // DAY_MS)


def visits_of_all(owners: Rows, pairs: ItemHistory, days: Integers, now: int) -> Visits:
    """`visits_of` for each pair; `owners` ascend, and each of them has a day in `days`."""
    customers = owners.astype(np.int64) * DAYS
    starts, ends = days.searchsorted(customers), days.searchsorted(customers + DAYS)
    firsts = days.searchsorted(customers + pairs.first_bought_at // DAY_MS, side="right")
    begun = days[starts] - customers
    return Visits(
        repeats=(ends - starts - 1).astype(np.float64),
        between=(days[ends - 1] - customers - begun).astype(np.float64),
        age=np.maximum(now / DAY_MS - begun, 0.0),
        since=ends - firsts,
    )


def at_several_times(table: CustomerItems) -> Mask:
    """(n_pairs,) what somebody kept of more than one time: a message about other goods annoys."""
    several: Mask = (table.last_units > 0) & (table.bought > table.last_units)
    return several


def bought_again(
    bundle: Bundle, now: int, config: RepurchaseConfig | None = None
) -> tuple[NDArray[np.intp], Supplies, Floats]:
    """What every customer holds: its places in the bundle's table, how far each is used up, and the
    chances to be bought again.

    `config` is the bundle's own when it is left out. Who opted out is not left out here.
    """
    table = bundle.customer_items
    everything = taken(table, slice(None))
    places = np.flatnonzero(everything.held)
    pairs, owners = taken(everything, places), rows_of(table.offsets)[places]
    buyers = owners_of(bundle.snapshot, "orders")
    days = order_days(buyers, bundle.snapshot.orders[AT])
    ordered = np.isin(owners, buyers)
    firsts = order_days(owners[~ordered].astype(np.int64), pairs.first_bought_at[~ordered])
    visits = visits_of_all(owners, pairs, np.union1d(days, firsts), now)
    known = bundle.repurchase if config is None else bundle.repurchase._replace(config=config)
    supplies = Supplies(pairs, known, now)
    return places, supplies, chances_of(pairs, visits, supplies.progress, known)
