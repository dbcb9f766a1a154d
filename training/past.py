"""What customers held at an instant, and how often they bought it again since (C1, C3)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr

from engine.customers.renewal import Renewal, Visits, repeats_of
from engine.customers.repurchase import RepurchaseConfig
from engine.errors import LogError
from engine.item_history import taken
from engine.types import DAY_MS, ItemHistory, Mask, Rows
from training.interactions import Interactions
from training.order_days import order_days, visits_of_all
from training.ragged import rows_of

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

ITEM_PRIOR: Final = 50  # order days that the share above is worth; chosen on earlier windows
WATCHED_DAYS: Final = 90  # guess; what is bought again more seldom is no matter of a buy-again rail
AGAINST_SHOP: Final = 1 / 3  # guess
PART_PRIOR: Final = 20  # guess; customers that a category's part is worth to an item's
HALF: Final = 0.5  # purchase, bought and expected: so that the log of none is one (Haldane)
SURE: Final = 2.0  # standard errors that a verdict is away from it


@dataclass(frozen=True, slots=True)
class Past:
    """What customers held at an instant."""

    pairs: ItemHistory
    owners: Rows  # (n_pairs,) ascending
    visits: Visits  # of these
    days: Integers  # training.order_days
    now: int

    def of(self, chosen: Mask) -> "Past":
        """These pairs alone, of customers whose order days stay as they are."""
        visits = Visits(*(np.asarray(each)[chosen] for each in self.visits))
        return Past(taken(self.pairs, chosen), self.owners[chosen], visits, self.days, self.now)


def past_of(data: Interactions, now: int) -> Past:
    """Raises LogError where no purchase counts: none is there, or the shop weighs them by 0."""
    whose = slice(0, int(data.offsets[data.n_customers]))
    table = ItemHistory(**data.item_columns(whose))
    places = np.flatnonzero(table.held)
    pairs, owners = taken(table, places), rows_of(data.offsets)[places]
    told = np.flatnonzero(data.events.baskets >= 0)
    if not len(told):
        raise LogError("no purchase counts in the log")
    begun = told[np.unique(data.events.baskets[told], return_index=True)[1]]  # of who: by time
    days = order_days(data.events.rows[begun].astype(np.int64), data.events.at[begun])
    return Past(pairs, owners, visits_of_all(owners, pairs, days, now), days, now)


def shares_of(past: Past, renewal: Renewal) -> Floats:
    """(n_items,) of the order days after a first purchase, the part that holds the item again.

    Drawn to the category's, that to the shop's; of the last group, items without one, at once.
    """
    again, size = repeats_of(past.pairs, past.visits), len(renewal.group)
    repeats = np.bincount(past.pairs.rows, again, size)
    times = np.bincount(past.pairs.rows, past.visits.since, size)
    of_shop = (repeats.sum() + 1) / (times.sum() + 2)
    ours, days = (np.bincount(renewal.group, of, len(renewal.hazard)) for of in (repeats, times))
    above = (ours + ITEM_PRIOR * of_shop) / (days + ITEM_PRIOR)
    above[-1] = of_shop
    shares: Floats = (repeats + ITEM_PRIOR * above[renewal.group]) / (times + ITEM_PRIOR)
    return shares


def durables(past: Past, renewal: Renewal, config: RepurchaseConfig) -> Mask:
    """(n_items,) what is not bought again, by its category.

    Counted are customers, once a category, who ordered again `WATCHED_DAYS` or more after they
    first bought an item: who never came back, or before it was used up, says nothing. The
    category's part of them who bought one of its items again is surely below
    `config.durable_below`, and below a third of the shop's, which tells shops where hardly anybody
    comes back. An item whose own part tells against its category is none.
    """
    watched = past.of(_came_back(past))
    rows, again = watched.pairs.rows, repeats_of(watched.pairs, watched.visits) > 0
    size, groups = len(renewal.group), len(renewal.hazard)
    of_whom = watched.owners.astype(np.int64) * groups + renewal.group[rows]
    people, place = np.unique(of_whom, return_inverse=True)
    anything = np.bincount(place, again, len(people)) > 0  # of the category, by customer
    most = min(
        config.durable_below,
        AGAINST_SHOP * (anything.sum() + HALF) / (len(anything) + 2 * HALF),
    )
    bought, seen = (
        np.bincount(people % groups, of, groups) for of in (anything, np.ones(len(people)))
    )
    surely = betaincinv(bought + 1, np.maximum(seen - bought, HALF), ndtr(SURE)) < most
    surely[-1] = False
    part = ((bought + HALF) / (seen + 2 * HALF))[renewal.group]
    own, times = (np.bincount(rows, of, size) for of in (again, again | True))
    drawn = (own + PART_PRIOR * part) / (times + PART_PRIOR)
    found: Mask = surely[renewal.group] & (drawn < most)
    return found


def _came_back(past: Past) -> Mask:
    """(n_pairs,) whose customer ordered `WATCHED_DAYS` or more after the first purchase of it."""
    last = past.now / DAY_MS - past.visits.age + past.visits.between
    later: Mask = last - past.pairs.first_bought_at // DAY_MS >= WATCHED_DAYS
    return later
