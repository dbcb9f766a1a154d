"""What happens in a visit: search, look, like, put in the cart, buy."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.choices import Choices, consider, resumed
from caini.demo.lines import join, lines
from caini.demo.orders import Bought
from caini.demo.prices import sale_share
from caini.demo.shelves import SHELVES
from caini.demo.visits import Visits
from caini.demo.world import POS, WEB, Interests, Rng, World, Year
from engine.events import EventType
from engine.types import Instants, Rows

# Guesses, set so that about one visit in five ends with an order, as a loyal shop would see.
SEARCH_SHARE: Final = 0.25  # of visits that begin with a search
IMPRESSION_SHARE: Final = 0.02  # of visits whose list is logged
LISTED: Final = 6
MORE_VIEWS: Final = 1.7  # views after a visit's first, on average
WANDER: Final = 2.2  # how far down the liking the views go, on average
CLICK_SHARE: Final = 0.25  # of views that come from a click on a list
FAVOURITE_SHARE: Final = 0.06  # of views of the best liked
DISLIKE_SHARE: Final = 0.01  # of views of the least liked
ENQUIRY_SHARE: Final = 0.01
CART_BEFORE_BUY: Final = 0.75
IDLE_CART_SHARE: Final = 0.16
UNCART_SHARE: Final = 0.35  # of idle carts
BUY_ODDS: Final = -0.9  # log odds that an interest ends with an order
MIND_ODDS: Final = 1.1  # taken from them for who only minds the price …
SALE_ODDS: Final = 2.8  # … and given back on sale
STEP_MS: Final = 40_000


@dataclass(frozen=True, slots=True)
class Browsed:
    events: Year
    orders: Bought
    interests: Interests


@dataclass(frozen=True, slots=True)
class Looks:
    """One row a look at an item; `place` is how well the customer likes it (0 is best)."""

    visit: NDArray[np.int64]
    item: Rows
    place: Rows
    at: Instants


def browse(world: World, visits: Visits, supplied: NDArray[np.bool_], rng: Rng) -> Browsed:
    """The events of all visits but their orders, and what is ordered.

    `supplied` (n_customers, n_shelves): who refills a shelf by plan buys nothing else from it.
    """
    who = visits.customer[visits.first]
    choices = consider(world, who, visits.shelf, visits.at[visits.first], rng)
    choices = resumed(choices, who, visits.shelf, rng)
    bought = _decide(world, visits, choices, rng) & ~supplied[who, visits.shelf]
    looks = _look(visits, choices, bought, rng)
    parts = [
        _searches(world, visits, choices, rng),
        _impressions(world, visits, choices, rng),
        *_signs(world, visits, looks, rng),
        *_carts(world, visits, choices, bought, rng),
    ]
    rows = np.flatnonzero(bought)
    last = visits.last[rows]
    orders = Bought(
        customer=who[rows],
        item=choices.items[rows, 0],
        at=visits.at[last] + 6 * STEP_MS,
        channel=visits.channel[last],
        units=_units(visits.shelf[rows], rng),
        beside=np.where(choices.options()[rows] > 1, choices.items[rows, 1], -1),
        alone=np.zeros(len(rows), np.bool_),
    )
    interests = Interests(who, visits.at[visits.last], choices.items[:, 0], bought)
    return Browsed(join(parts), orders, interests)


def _decide(world: World, visits: Visits, choices: Choices, rng: Rng) -> NDArray[np.bool_]:
    """Which interests end with an order: by liking and price."""
    who, at = visits.customer[visits.last], visits.at[visits.last]
    item = choices.items[:, 0]
    minds = world.people.sensitivity[who]
    odds = BUY_ODDS + np.array([shelf.buy for shelf in SHELVES])[visits.shelf]
    odds += world.people.eagerness[who] + 0.3 * np.clip(choices.liking[:, 0] - 3.0, -4, 4)
    odds += minds * (SALE_ODDS * (sale_share(world.items, item, at) > 0) - MIND_ODDS)
    wants = rng.random(len(who)) < 1 / (1 + np.exp(-odds))
    wants &= (choices.options() > 0) & (world.items.price[item] > 0)
    return wants


def _units(shelf: Rows, rng: Rng) -> Rows:
    consumed = np.array([kind.cycle_days > 0 for kind in SHELVES])[shelf]
    return (1 + rng.poisson(0.35 * consumed)).astype(np.int32)


def _look(visits: Visits, choices: Choices, bought: NDArray[np.bool_], rng: Rng) -> Looks:
    online = np.flatnonzero((visits.channel != POS) & (choices.options()[visits.interest] > 0))
    count = 1 + rng.poisson(MORE_VIEWS, len(online))
    visit = np.repeat(online, count)
    turn = np.arange(len(visit)) - np.repeat(np.cumsum(count) - count, count)
    interest = visits.interest[visit]
    place = rng.exponential(WANDER, len(visit)).astype(np.int32)
    ends = bought[interest] & (visit == visits.last[interest]) & (turn == 0)
    place = np.where(ends, 0, np.minimum(place, choices.options()[interest] - 1))
    at = visits.at[visit] + (np.minimum(turn, 5) + rng.random(len(visit))) * STEP_MS
    return Looks(visit, choices.items[interest, place], place.astype(np.int32), at.astype(np.int64))


def _known(world: World, visits: Visits, visit: NDArray[np.int64]) -> dict[str, Rows]:
    """Who an event of a visit belongs to: some browse the web by visitor id only."""
    who = visits.customer[visit]
    hidden = _hidden(world, visits, visit)
    return {"customer": np.where(hidden, -1, who), "visitor": np.where(hidden, who, -1)}


def _hidden(world: World, visits: Visits, visit: NDArray[np.int64]) -> NDArray[np.bool_]:
    late = world.people.late_sign_in[visits.customer[visit]]
    return np.asarray(late & (visits.channel[visit] == WEB))


def _searches(world: World, visits: Visits, choices: Choices, rng: Rng) -> Year:
    online = (visits.channel != POS) & (choices.options()[visits.interest] > 0)
    visit = np.flatnonzero(online & (rng.random(len(online)) < SEARCH_SHARE))
    best = choices.items[visits.interest[visit], 0]
    return lines(
        EventType.SEARCH,
        visits.at[visit] - 2_000,
        channel=visits.channel[visit],
        query=world.items.query[best] + world.people.chinese[visits.customer[visit]],
        **_known(world, visits, visit),
    )


def _impressions(world: World, visits: Visits, choices: Choices, rng: Rng) -> Year:
    """What stood in the list, in no order of liking."""
    full = (visits.channel != POS) & (choices.options()[visits.interest] >= LISTED)
    shown = np.flatnonzero(full & (rng.random(len(full)) < IMPRESSION_SHARE))
    places = np.argsort(rng.random((len(shown), LISTED)), axis=1).ravel()
    visit = np.repeat(shown, LISTED)
    return lines(
        EventType.IMPRESSION,
        visits.at[visit] - 1_000,
        item=choices.items[visits.interest[visit], places],
        position=np.tile(np.arange(1, LISTED + 1), len(shown)),
        channel=visits.channel[visit],
        **_known(world, visits, visit),
    )


def _signs(world: World, visits: Visits, looks: Looks, rng: Rng) -> list[Year]:
    """Views, and what some of them come from or lead to."""
    chance = rng.random((4, len(looks.visit)))
    signs = (
        (EventType.VIEW, 0, np.ones(len(looks.visit), np.bool_)),
        (EventType.CLICK, -1_000, chance[0] < CLICK_SHARE),
        (EventType.FAVOURITE, 8_000, (looks.place == 0) & (chance[1] < FAVOURITE_SHARE)),
        (EventType.DISLIKE, 5_000, (looks.place > 4) & (chance[2] < DISLIKE_SHARE)),
        (EventType.ENQUIRY, 9_000, (looks.place < 2) & (chance[3] < ENQUIRY_SHARE)),
    )
    return [
        lines(
            kind,
            looks.at[chosen] + after,
            item=looks.item[chosen],
            channel=visits.channel[looks.visit[chosen]],
            **_known(world, visits, looks.visit[chosen]),
        )
        for kind, after, chosen in signs
    ]


def _carts(
    world: World, visits: Visits, choices: Choices, bought: NDArray[np.bool_], rng: Rng
) -> list[Year]:
    """Carts before orders, sometimes a visit earlier; idle ones, some of them emptied again."""
    chance = rng.random((3, len(bought)))
    carts = np.where(bought, chance[0] < CART_BEFORE_BUY, chance[0] < IDLE_CART_SHARE)
    visit = np.where(chance[1] < 0.4, visits.first, visits.last)
    carts &= (visits.channel[visit] != POS) & (choices.options() > 0)
    emptied = carts & ~bought & (chance[2] < UNCART_SHARE)
    return [
        lines(
            kind,
            visits.at[visit[chosen]] + after,
            customer=visits.customer[visit[chosen]],
            visitor=np.where(
                _hidden(world, visits, visit[chosen]), visits.customer[visit[chosen]], -1
            ),
            item=choices.items[chosen, 0],
            channel=visits.channel[visit[chosen]],
        )
        for kind, after, chosen in (
            (EventType.CART, 5 * STEP_MS, carts),
            (EventType.UNCART, 7 * STEP_MS, emptied),
        )
    ]
