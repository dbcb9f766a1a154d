"""For whom a path is good: marks by segment, tier, stage and length of history."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.query import Asked, Query, enrich_at_training
from engine.types import Rows
from training.assemble import Say, unheard
from training.evaluate import Marks

BANDS: Final = (5, 20, 100)  # items that a customer is known by
NOBODY: Final = "-"
STEP: Final = 1000  # customers between two words on how far it is


@dataclass(frozen=True, slots=True)
class Group:
    kind: str
    name: str
    customers: int
    marks: Mapping[str, float]


def breakdown(customers: Rows, marks: Marks, bundle: Bundle, say: Say = unheard) -> list[Group]:
    """Means over the customers (rows of the bundle) of each group, the largest group first."""
    now = bundle.manifest.watermark
    queries = list[Query]()
    for done, row in enumerate(customers.tolist()):
        if done % STEP == 0:
            say(f"segments ({done:,} of {len(customers):,} customers)")
        asked = Asked(n=1, customer_id=bundle.customers.id(row))
        queries.append(enrich_at_training(asked, bundle, now))
    found = []
    for kind, label in KINDS.items():
        labels = np.array([label(query) for query in queries])
        names, counts = np.unique(labels, return_counts=True)
        for place in np.argsort(-counts, kind="stable"):
            inside = labels == names[place]
            means = {metric: float(values[inside].mean()) for metric, values in marks.items()}
            found.append(Group(kind, str(names[place]), int(counts[place]), means))
    return found


def length_band(query: Query) -> str:
    length = len(query.history)
    for low, high in zip((1, *(band + 1 for band in BANDS)), BANDS, strict=False):
        if length <= high:
            return f"{low} to {high} items" if length else "no items"
    return f"more than {BANDS[-1]} items"


KINDS: Final[Mapping[str, Callable[[Query], str]]] = {
    "segment": lambda query: query.customer.segment or NOBODY,
    "tier": lambda query: query.customer.tier or NOBODY,
    "stage": lambda query: str(query.customer.stage or NOBODY),
    "history": length_band,
}
