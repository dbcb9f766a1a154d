"""What a learned ranker may look at: one column of numbers for all candidates, by name.

Only a customer's history speaks of the customer, which is empty for who opted out (A6).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.query import Query
from engine.ranking import scale_of
from engine.types import DAY_MS, Candidates, Rows, Vectors

Column = NDArray[np.generic]  # (n,) of numbers

NOWHERE: Final[NDArray[np.intp]] = np.empty(0, np.intp)
LONG_AGO: Final = 1e6  # days or cycles, for what has never happened


@dataclass(frozen=True, slots=True)
class Case:
    """The candidates of one query, and where they stand in its history."""

    rows: Rows  # (n,)
    found: Mapping[str, Candidates]  # by source
    held: NDArray[np.intp]  # places of the candidates that the history holds
    entries: NDArray[np.intp]  # theirs in the history
    order: NDArray[np.intp]  # which sorts the candidates by row
    query: Query
    bundle: Bundle

    def of_history(self, values: Column, default: float = 0.0) -> Column:
        """`values`, one for each of `held`, among the candidates."""
        column = np.full(len(self.rows), default)
        column[self.held] = values
        return column


def case_of(rows: Rows, found: Mapping[str, Candidates], query: Query, bundle: Bundle) -> Case:
    held, entries = _met(rows, query.history.rows)
    return Case(rows, found, held, entries, rows.argsort(), query, bundle)


def _met(rows: Rows, ascending: Rows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of `rows` that are in `ascending` too, and their places there."""
    if not len(ascending):
        return NOWHERE, NOWHERE
    places = ascending.searchsorted(rows)
    met = (ascending.take(places, mode="clip") == rows).nonzero()[0]
    return met, places.take(met)


Feature = Callable[[Case], Column]


def score_of(source: str) -> Feature:
    """What the source gives, in means of its best; 0 for what it did not find."""

    def feature(case: Case) -> Column:
        column = np.zeros(len(case.rows))
        found = case.found.get(source)
        if found is None or not len(found):
            return column
        there, places = _met(found.rows, case.rows.take(case.order))
        column[case.order.take(places)] = found.scores.take(there) * (1 / scale_of(found))
        return column

    return feature


def demand(case: Case) -> Column:
    """What the item sells of late, in means of the best sellers."""
    return case.bundle.demand.take(case.rows)


def trend(case: Case) -> Column:
    return case.bundle.factors.trend.take(case.rows)


def age_days(case: Case) -> Column:
    """Since the item was first met."""
    return (case.query.now - case.bundle.catalogue.first_seen_at.take(case.rows)) / DAY_MS


def price_ratio(case: Case) -> Column:
    """Over the mean price of the customer's items; 0 where there are none."""
    prices = case.bundle.catalogue.price_minor
    total = int(prices.take(case.query.history.rows).sum())
    return prices.take(case.rows) * (len(case.query.history) / total if total > 0 else 0.0)


def units(case: Case) -> Column:
    return case.of_history(case.query.history.bought.take(case.entries))


def frequency(case: Case) -> Column:
    return case.of_history(case.query.history.frequency.take(case.entries))


def interest(case: Case) -> Column:
    return case.of_history(case.query.history.weights.take(case.entries))


def behind_days(case: Case) -> Column:
    """From the last sign of interest in the item to the customer's last of all."""
    last_at = case.query.history.last_at
    newest = last_at.max(initial=0)
    return case.of_history((newest - last_at.take(case.entries)) / DAY_MS, LONG_AGO)


def progress(case: Case) -> Column:
    """Since the item was bought, in times that what was bought lasts."""
    return case.of_history(case.query.supplies.progress.take(case.entries), LONG_AGO)


def brand_share(case: Case) -> Column:
    """Of the interest of the customer's history; 0 for an item without a brand."""
    return _share(case, case.bundle.catalogue.brand)


def category_share(case: Case) -> Column:
    return _share(case, case.bundle.catalogue.category)


def _share(case: Case, codes: Rows) -> Column:
    """By code + 1, so that the unknown have a place, which is then emptied."""
    history = case.query.history
    weights = np.maximum(history.weights, 0)
    mine, theirs = codes.take(history.rows) + 1, codes.take(case.rows) + 1
    sums = np.bincount(mine, weights, int(theirs.max(initial=0)) + 1)
    sums[0] = 0
    return sums.take(theirs) / (float(weights.sum()) or 1.0)


SCORED: Final = (
    "similar",
    "session",
    "context",
    "bought_together",
    "als",
    "nearest",
    "searched",
    "from_referrer",
)
"""Sources whose scores tell what nothing else here does."""

FEATURES: Final[Mapping[str, Feature]] = {
    **{f"score_{source}": score_of(source) for source in SCORED},
    "demand": demand,
    "trend": trend,
    "age_days": age_days,
    "price_ratio": price_ratio,
    "units": units,
    "frequency": frequency,
    "interest": interest,
    "behind_days": behind_days,
    "progress": progress,
    "brand_share": brand_share,
    "category_share": category_share,
}


def columns_of(names: Sequence[str], case: Case) -> Vectors:
    """(len(names), n), a line each."""
    columns = np.empty((len(names), len(case.rows)), np.float32)
    for line, name in enumerate(names):
        columns[line] = FEATURES[name](case)
    return columns
