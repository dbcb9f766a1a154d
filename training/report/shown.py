"""What the shop's slots would hold at the end of the log: the ground of all figures of exposure.

Slots without a page are asked for a sample of customers; slots that live on an item's page or in a
cart are asked once for each item of a sample, by a visitor who is not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.query import Asked, enrich_at_training
from engine.recommend import recommend
from engine.slots import SlotPlan, Slots
from engine.types import Rows
from training.slates import slates_for

CUSTOMERS: Final = 1000  # decision: the whole report within half a minute on two cores
PAGES: Final = 2000
ON_PAGES: Final = frozenset({"context", "bought_together"})  # sources that need an item to start


@dataclass(frozen=True, slots=True)
class Shown:
    """Slates as item rows, -1 after the end of a short one."""

    customers: Rows  # (n,) rows of the bundle, ascending: who was asked for
    pages: Rows  # (m,) item rows: whose pages were asked for
    slates: Mapping[str, Rows]  # slot → (n or m, size)
    on_pages: frozenset[str]  # slots that were asked for pages

    def places(self, n_items: int) -> Rows:
        """(n_items,) how many places each item fills, over all slots."""
        return _total(list(self.slates.values()), n_items)

    def personal_places(self, n_items: int) -> Rows:
        """(n_items,) the same in the slots of customers: what people are shown unasked."""
        found = [rows for slot, rows in self.slates.items() if slot not in self.on_pages]
        return _total(found, n_items)


def counted(rows: Rows, n_items: int) -> Rows:
    return np.bincount(rows[rows >= 0], minlength=n_items).astype(np.int32)


def _total(slates: Sequence[Rows], n_items: int) -> Rows:
    total = np.zeros(n_items, np.int32)
    for rows in slates:
        total += counted(rows, n_items)
    return total


def show(bundle: Bundle, slots: Slots) -> Shown:
    rng = np.random.default_rng(bundle.manifest.seed)
    customers = sample(len(bundle.customers), CUSTOMERS, rng)
    pages = sample(len(bundle.items), PAGES, rng)
    on_pages = frozenset(name for name, plan in slots.items() if _needs_page(plan))
    slates = {}
    for name, plan in slots.items():
        n = plan.base.size
        if name in on_pages:
            slates[name] = _page_slates(pages, plan, bundle, n)
        elif plan.base.within_category and len(bundle.catalogue.categories):
            slates[name] = _category_slates(customers, plan, bundle, n)
        else:
            slates[name] = slates_for(customers, plan, bundle, n).rows
    return Shown(customers, pages, slates, on_pages)


def sample(size: int, most: int, rng: np.random.Generator) -> Rows:
    """Rows in ascending order, all where there are no more than `most`."""
    if size <= most:
        return np.arange(size, dtype=np.int32)
    return np.sort(rng.choice(size, most, replace=False)).astype(np.int32)


def _needs_page(plan: SlotPlan) -> bool:
    """The weightiest source starts from an item of the page or the cart."""
    sources = plan.base.sources
    return bool(sources) and max(sources, key=lambda name: sources[name]) in ON_PAGES


def _page_slates(pages: Rows, plan: SlotPlan, bundle: Bundle, n: int) -> Rows:
    ids = bundle.items.ids(pages.tolist())
    asked = [Asked(n=n, context_items=[item], cart=[item]) for item in ids]
    return _slates(asked, plan, bundle, n)


def _category_slates(customers: Rows, plan: SlotPlan, bundle: Bundle, n: int) -> Rows:
    """Customers in turn look at one category after another."""
    names = bundle.catalogue.categories.ids(range(len(bundle.catalogue.categories)))
    ids = bundle.customers.ids(customers.tolist())
    asked = [
        Asked(n=n, customer_id=who, category=names[place % len(names)])
        for place, who in enumerate(ids)
    ]
    return _slates(asked, plan, bundle, n)


def _slates(asked: Sequence[Asked], plan: SlotPlan, bundle: Bundle, n: int) -> Rows:
    rows = np.full((len(asked), n), -1, np.int32)
    for line, each in enumerate(asked):
        slate = recommend(enrich_at_training(each, bundle, bundle.manifest.watermark), plan, bundle)
        rows[line, : len(slate.items)] = [served.row for served in slate.items]
    return rows
