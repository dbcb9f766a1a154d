"""The pairs of a published bundle as the trainer's own columns, so that its rules apply to them."""

import numpy as np

from engine.bundle import Bundle
from engine.types import NO_INSTANTS, NO_ROWS, NO_SCORES
from training.interactions import Events, Interactions

NO_EVENTS = Events(NO_ROWS, NO_ROWS, NO_INSTANTS, NO_SCORES, NO_ROWS)


def interactions_of(bundle: Bundle) -> Interactions:
    """Customers only: anonymous visitors and single events are not in a bundle."""
    pairs = bundle.customer_items
    return Interactions(
        item_ids=tuple(bundle.items.ids(range(len(bundle.items)))),
        customer_ids=tuple(bundle.customers.ids(range(len(bundle.customers)))),
        offsets=np.asarray(pairs.offsets),
        items=pairs.rows,
        sums=pairs.weights,
        weights=pairs.weights,
        frequency=pairs.frequency,
        bought=pairs.bought,
        last_at=pairs.last_at,
        last_bought_at=pairs.last_bought_at,
        last_units=pairs.last_units,
        events=NO_EVENTS,
        watermark=bundle.manifest.watermark,
    )
