"""What a simulated customer would buy next, and how they answer a slate: for experiments only.

A recommender is measured against these; it must never see them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.browse import BUY_ODDS, MIND_ODDS, SALE_ODDS
from caini.demo.choices import RESUME_SHARE
from caini.demo.orders import LASTING, PARTNER_CHANCES
from caini.demo.prices import price_at, sale_share
from caini.demo.seasons import month_of, season_table
from caini.demo.shelves import SHELVES
from caini.demo.supplies import SWITCH_SHARE
from caini.demo.tastes import at_stage, of_age, utility
from caini.demo.visits import FRESH_SHARE, PAUSE_DAYS
from caini.demo.world import TYPE_CODES, Money, Rng, Simulated, Truth
from engine.events import EventType
from engine.types import DAY_MS, Rows

Chances = NDArray[np.float64]
HORIZON_DAYS: Final = 7.0
LIFT: Final = 4.0  # how much likelier a want becomes an order when it stands in front of one; guess
CLICKS: Final = 6.0  # clicks for each order that a slate brings; guess
SHELF_BUY: Final = np.array([shelf.buy for shelf in SHELVES])


def wanted(truth: Truth, customer: int, at: int, days: float = HORIZON_DAYS) -> Chances:
    """(n_items,) how many orders of each item the customer will place in the coming days.

    Nothing is shown to them; what they own already is not taken away (see `respond`).
    """
    wants = by_chance(truth, customer, at, days) + by_need(truth, customer, at, days)
    wants += by_interest(truth, customer, at, days)
    return wants + beside(truth, wants)


def by_chance(truth: Truth, customer: int, at: int, days: float) -> Chances:
    """Orders that begin with a visit: shelf by season, item by popularity and utility."""
    world = truth.world
    rows = np.arange(len(world.items), dtype=np.int32)
    who, when = np.full(len(rows), customer, np.int32), np.full(len(rows), at, np.int64)
    pull = world.items.popularity * np.exp(utility(world, who, rows, when))
    total = np.bincount(world.items.shelf, pull, len(SHELVES))
    share = pull / np.maximum(total, 1e-12)[world.items.shelf]
    about = world.people.affinity[customer] * season_table()[month_of(when[:1])[0]]
    about *= of_age(world, who[:1], when[:1])[0]
    about[truth.supplies.shelf[_refills(truth, customer)]] = 0.0
    interests = world.people.visits[customer] * FRESH_SHARE * days / 365
    minds = world.people.sensitivity[customer]
    odds = BUY_ODDS + SHELF_BUY[world.items.shelf] + world.people.eagerness[customer]
    odds = odds + minds * (SALE_ODDS * (sale_share(world.items, rows, when) > 0) - MIND_ODDS)
    buys = (world.items.price > 0) / (1 + np.exp(-odds))
    return np.asarray(interests * about[world.items.shelf] * share * buys, np.float64)


def by_need(truth: Truth, customer: int, at: int, days: float) -> Chances:
    """Refills of what runs out within the days (or has run out), at the stage that fits then."""
    wants = np.zeros(len(truth.world.items))
    refills = _refills(truth, customer)
    before = refills[truth.supplies.bought_at[refills] < at]
    for shelf in np.unique(truth.supplies.shelf[before]):
        of_shelf = before[truth.supplies.shelf[before] == shelf]
        latest = of_shelf[-1]
        lasts = truth.supplies.empty_at[latest] - truth.supplies.bought_at[latest]
        until = at + days * DAY_MS
        times = (until - max(truth.supplies.empty_at[latest], at)) / lasts
        if truth.supplies.empty_at[latest] < until:
            wants += np.ceil(times) * _refilled_with(truth, of_shelf, at)
    return wants


def _refilled_with(truth: Truth, refills: NDArray[np.int64], at: int) -> Chances:
    """(n_items,) by what the customer refilled a shelf with: mostly the first choice."""
    who, when = truth.supplies.customer[refills], np.full(len(refills), at)
    items = at_stage(truth.world, who, truth.supplies.item[refills], when)
    times = np.bincount(items, minlength=len(truth.world.items))
    chances = SWITCH_SHARE * (times > 0)
    chances[times.argmax()] = 1 - SWITCH_SHARE
    return np.asarray(chances, np.float64)


def by_interest(truth: Truth, customer: int, at: int, days: float) -> Chances:
    """What was looked at and not bought: the run of visits may go on, or be taken up later."""
    wants = np.zeros(len(truth.world.items))
    interests = truth.interests
    rows = np.arange(*np.searchsorted(interests.customer, [customer, customer + 1]))
    rows = rows[(interests.at[rows] < at) & ~interests.bought[rows]]
    visits = truth.world.people.visits[customer] * days / 365
    open_now = interests.at[rows] >= at - PAUSE_DAYS * DAY_MS
    shelf = truth.world.items.shelf[interests.best[rows]]
    taken_up = FRESH_SHARE * RESUME_SHARE * truth.world.people.affinity[customer, shelf]
    comes = visits * np.where(open_now, 1 - FRESH_SHARE, taken_up)
    np.maximum.at(wants, interests.best[rows], np.minimum(comes, 1) / (1 + np.exp(-BUY_ODDS)))
    return wants


def beside(truth: Truth, wants: Chances) -> Chances:
    """What goes into the same orders."""
    partners = truth.world.items.complements
    more = np.zeros(len(wants))
    for place, chance in enumerate(PARTNER_CHANCES):
        has = partners[:, place] >= 0
        np.add.at(more, partners[has, place], chance * wants[has])
    return more


def _refills(truth: Truth, customer: int) -> NDArray[np.int64]:
    """Rows of the customer's supplies, in the order of time."""
    start, stop = np.searchsorted(truth.supplies.customer, [customer, customer + 1])
    return np.arange(start, stop)


def buy_chances(truth: Truth, customer: int, slate: Rows, at: int) -> Chances:
    """(n,) the chance that each item of a slate is what the customer buys from it; sums below 1.

    Lower positions are seen less; one order at most; -1 is an empty position.
    """
    return bought_from(slate, wanted(truth, customer, at))


def bought_from(slate: Rows, wants: Chances) -> Chances:
    """`buy_chances` of a customer whose `wanted` (n_items,) is known already."""
    seen = 1 / np.log2(np.arange(len(slate)) + 2)
    odds = LIFT * seen * np.where(slate >= 0, wants[slate], 0.0)
    return np.asarray(odds / (1 + odds.sum()), np.float64)


@dataclass(frozen=True, slots=True)
class Response:
    """How customers answered their slates: one row a customer."""

    bought: Rows  # item row, -1 = nothing
    revenue: Money
    repeated: NDArray[np.bool_]  # they had bought the item before
    clicks: Rows  # items clicked


@dataclass(frozen=True, slots=True)
class Expected:
    """What slates bring on average over all chances: one value a customer."""

    hits: Chances  # orders
    revenue: Chances  # minor units
    repeats: Chances  # orders of what the customer had bought before


def expect(
    simulated: Simulated, who: Rows, slates: Rows, at: int, wants: Sequence[Chances]
) -> Expected:
    """Each customer meets a slate (n_customers, n) once; the mean of many `respond`.

    `wants` are what each of them `wanted` then: the same for every slate.
    """
    had = had_before(simulated, who, slates, at)
    chances = _chances(simulated, slates, had, wants)
    items = np.maximum(slates, 0).ravel()
    price = price_at(simulated.items, items, np.full(len(items), at)).reshape(slates.shape)
    return Expected(
        hits=chances.sum(axis=1),
        revenue=(chances * price).sum(axis=1),
        repeats=(chances * had).sum(axis=1),
    )


def _chances(
    simulated: Simulated, slates: Rows, had: NDArray[np.bool_], wants: Iterable[Chances]
) -> Chances:
    """(n_customers, n) that each place is bought from; nobody buys again what lasts."""
    each = [bought_from(slate, known) for slate, known in zip(slates, wants, strict=True)]
    chances = np.array(each).reshape(slates.shape)
    chances[had & LASTING[simulated.items.shelf[slates]]] = 0.0
    return chances


def respond(simulated: Simulated, who: Rows, slates: Rows, at: int, rng: Rng) -> Response:
    """Each customer meets a slate (n_customers, n) once, at one instant after the log's events."""
    items = simulated.items
    had = had_before(simulated, who, slates, at)
    wants = (wanted(simulated.truth, int(row), at) for row in who)
    chances = _chances(simulated, slates, had, wants)
    place = (rng.random(len(who))[:, None] >= np.cumsum(chances, axis=1)).sum(axis=1)
    buys = place < slates.shape[1]
    spot = np.minimum(place, slates.shape[1] - 1)
    each = np.arange(len(who))
    bought = np.where(buys, slates[each, spot], -1).astype(np.int32)
    price = price_at(items, np.maximum(bought, 0), np.full(len(who), at))
    return Response(
        bought=bought,
        revenue=np.where(buys, price, 0),
        repeated=buys & had[each, spot],
        clicks=(rng.random(slates.shape) < np.minimum(CLICKS * chances, 1)).sum(
            axis=1, dtype=np.int32
        ),
    )


def had_before(simulated: Simulated, who: Rows, slates: Rows, at: int) -> NDArray[np.bool_]:
    """(n_customers, n) whether the customer bought the item before."""
    events = simulated.events
    orders = (events.kind == TYPE_CODES[EventType.PURCHASE]) & (events.at < at)
    keys = np.sort(_key(events.customer[orders], events.item[orders]))
    asked = _key(who[:, None], slates)
    place = np.minimum(np.searchsorted(keys, asked), max(len(keys) - 1, 0))
    return np.asarray(keys[place] == asked) if len(keys) else np.zeros(slates.shape, np.bool_)


def _key(customer: Rows, item: Rows) -> NDArray[np.int64]:
    return customer.astype(np.int64) << 32 | item.astype(np.int64)
