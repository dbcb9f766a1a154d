"""The customers, items and pairs of a published bundle, so that the trainer's rules apply to it."""

from dataclasses import dataclass

from engine.bundle import Bundle
from engine.types import Offsets, Rows


@dataclass(frozen=True, slots=True)
class Pairs:
    """Customers only: anonymous visitors are not in a bundle."""

    item_ids: tuple[str, ...]
    customer_ids: tuple[str, ...]
    offsets: Offsets  # (n_customers + 1,)
    items: Rows  # (n_pairs,)
    bought: Rows  # units, net of refunds

    @property
    def n_customers(self) -> int:
        return len(self.customer_ids)


def pairs_of(bundle: Bundle) -> Pairs:
    pairs = bundle.customer_items
    return Pairs(
        item_ids=tuple(bundle.items.ids(range(len(bundle.items)))),
        customer_ids=tuple(bundle.customers.ids(range(len(bundle.customers)))),
        offsets=pairs.offsets,
        items=pairs.rows,
        bought=pairs.bought,
    )
