"""Which customers are likeliest to want some items: the models of the slates, asked the other way.

The item-to-item list is summed over what each customer is interested in, and the customer's
factors are multiplied with the items' mean, as for a slate; each score is then counted in means of
the best, weighed as the slot weighs its sources, and added.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.customers.supplies import Supplies
from engine.interactions import interest
from engine.item_history import taken
from engine.types import Mask, Rows
from training.ragged import rows_of

Appetites = NDArray[np.float64]  # (n_customers,) 0 = no sign of it
BEST: Final = (
    1_000  # customers whose mean is a source's unit; guess: about as many as are written to
)


def appetites(wanted: Rows, bundle: Bundle, weights: Mapping[str, float]) -> Appetites:
    """`weights` of the sources `similar` and `als`; those of any others do not count here."""
    parts = (
        (weights.get("similar", 0.0), by_neighbours(wanted, bundle)),
        (weights.get("als", 0.0), by_factors(wanted, bundle)),
    )
    total = np.zeros(len(bundle.customers))
    for weight, scores in parts:
        positive = np.maximum(scores, 0)
        best = np.sort(positive)[-BEST:]
        total += weight * positive / (best.mean() or 1.0)
    return total


def by_neighbours(wanted: Rows, bundle: Bundle) -> Appetites:
    """Σ interest in j × (similarity of j to each of the wanted).

    An interest in a wanted item itself counts as much as one in what is most like them.
    """
    inside = np.zeros(len(bundle.items), np.bool_)
    inside[wanted] = True
    lists = bundle.similar
    hits = np.flatnonzero(inside[lists.rows])
    keys = np.searchsorted(lists.offsets, hits, side="right") - 1
    pull = np.bincount(keys, lists.scores[hits], len(bundle.items))
    pull[wanted] += pull.max(initial=0.0)
    items = bundle.customer_items
    interests = interest(
        items.weights, items.purchased, items.bought, items.returned, bundle.shop.interactions
    )
    owners = rows_of(items.offsets)
    sums = np.bincount(owners, interests * pull[items.rows], len(bundle.customers))
    return np.asarray(sums, np.float64)


def by_factors(wanted: Rows, bundle: Bundle) -> Appetites:
    """customer · mean of the wanted items' factors, recent demand counting more."""
    demand = np.zeros(len(bundle.items))
    demand[bundle.popular.rows] = np.maximum(bundle.popular.scores, 0)
    share = demand[wanted] + 1e-12  # so that items without any demand still have a mean
    mean = share @ bundle.factors.indexed[wanted] / share.sum()
    return np.asarray(bundle.factors.customer @ mean.astype(np.float32), np.float64)


def still_has(item: int, bundle: Bundle, now: int) -> Mask:
    """(n_customers,) who bought the item and has probably not used it up."""
    items = bundle.customer_items
    at = np.flatnonzero((items.rows == item) & (items.bought > 0))
    fresh = at[~Supplies(taken(items, at), bundle.repurchase, now).used_up]
    having = np.zeros(len(bundle.customers), np.bool_)
    having[np.searchsorted(items.offsets, fresh, side="right") - 1] = True
    return having
