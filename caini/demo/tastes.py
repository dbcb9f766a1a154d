"""How much a simulated customer likes an item: the utility that year and truth share."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.items import STYLES
from caini.demo.prices import sale_share
from caini.demo.shelves import SHELVES
from caini.demo.world import MINOR, MONTH_MS, Floats, World
from engine.types import DAY_MS, Instants, Rows

TASTE: Final = 1.5  # weight of style against chance (a Gumbel of scale 1); guess
PRICE: Final = 1.8  # how much a customer who only minds the price avoids a dear item; guess
DEAR_LIMIT: Final = 3.0  # from three times the usual price on, dearer makes no difference; guess
SALE: Final = 1.6  # what a sale adds for such a customer; guess
NOVELTY: Final = 1.3  # what being new adds, more for those who do not mind the price; guess
NOVEL_DAYS: Final = 30
TREND: Final = 0.6  # standard deviation of the drift from the middle of the year to its end; guess
NEVER: Final = np.float32(-np.inf)
SHELF_PRICE: Final = np.array([max(shelf.price, 1.0) for shelf in SHELVES], np.float32) * MINOR
UNTIL_MS: Final = np.array([shelf.until_month * MONTH_MS for shelf in SHELVES], np.int64)
PREPARE_MS: Final = 2 * MONTH_MS  # before the birth parents begin to look; guess
STAGED: Final = tuple(row for row, shelf in enumerate(SHELVES) if shelf.stages)


def utility(world: World, who: Rows, rows: Rows, at: Instants) -> Floats:
    """(n,) for pairs of a customer and an item at an instant; popularity is not in it.

    -inf before an item's launch and for a stage that does not fit the baby's age.
    """
    config, items, people = world.config, world.items, world.people
    minds = people.sensitivity[who]
    taste = np.einsum("ij,ij->i", people.style[who], items.style[rows]) / np.sqrt(STYLES)
    usual = SHELF_PRICE[items.shelf[rows]]
    dear = np.log(np.maximum(items.price[rows], usual / DEAR_LIMIT) / usual)
    on_sale = sale_share(items, rows, at) > 0
    age = at - items.launched_at[rows]
    novel = (age < NOVEL_DAYS * DAY_MS) & (items.launched_at[rows] > config.start_ms)
    drift = 2.0 * (at - config.start_ms) / (config.days * DAY_MS) - 1.0
    score = TASTE * taste
    score += PRICE * (0.5 - 1.5 * minds) * np.minimum(dear, np.log(DEAR_LIMIT))
    score += SALE * minds * on_sale
    score += NOVELTY * (1.3 - minds) * novel
    score += TREND * drift * items.trend[rows]
    fits = (age >= 0) & stage_fits(world, who, rows, at)
    return np.where(fits, score, NEVER).astype(np.float32)


def stage_fits(world: World, who: Rows, rows: Rows, at: Instants) -> NDArray[np.bool_]:
    """Whether a staged item suits the age of the customer's baby; who has none buys any stage."""
    items = world.items
    born = world.people.baby_born_at[who]
    wanted = stage_at(items.shelf[rows], at - born)
    stage = items.stage[rows]
    return np.asarray((stage == 0) | (born == 0) | (stage == wanted))


def of_age(world: World, who: Rows, at: Instants) -> NDArray[np.bool_]:
    """(n, n_shelves) False on the shelves with stages long before a baby and after the last one."""
    age = at - world.people.baby_born_at[who]
    fits = (age[:, None] > -PREPARE_MS) & (age[:, None] < UNTIL_MS)
    return np.asarray((UNTIL_MS == 0) | fits)


def at_stage(world: World, who: Rows, rows: Rows, at: Instants) -> Rows:
    """The items of the same families at the stage that suits the customer's baby."""
    born = world.people.baby_born_at[who]
    stage = world.items.stage[rows]
    wanted = stage_at(world.items.shelf[rows], at - born)
    return np.where((stage > 0) & (born > 0), rows + wanted - stage, rows).astype(np.int32)


def stage_at(shelf: Rows, age_ms: Instants) -> NDArray[np.int8]:
    """(n,) the stage that a shelf has for an age; 1 before birth, 0 on a shelf without stages."""
    stage = np.zeros(len(shelf), np.int8)
    for row in STAGED:
        bounds = np.array(SHELVES[row].stage_months) * MONTH_MS
        of_shelf = shelf == row
        stage[of_shelf] = 1 + np.searchsorted(bounds, age_ms[of_shelf], side="right")
    return stage
