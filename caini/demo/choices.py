"""Which items of a shelf a customer takes into consideration, and in what order."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.shelves import SHELVES
from caini.demo.tastes import NEVER, STAGED, at_stage, utility
from caini.demo.world import Floats, Rng, World
from engine.types import Instants, Rows

CONSIDERED: Final = 20  # items that a customer weighs up; guess
RESUME_SHARE: Final = 0.5  # of interests in a shelf looked at before: the same items again; guess


@dataclass(frozen=True, slots=True)
class Choices:
    """(n, CONSIDERED) items, best liked first; items that are no option stand last with -inf."""

    items: Rows
    liking: Floats

    def options(self) -> Rows:
        """(n,) how many of the considered items are an option."""
        return np.asarray(np.isfinite(self.liking).sum(axis=1), np.int32)


def consider(world: World, who: Rows, shelf: Rows, at: Instants, rng: Rng) -> Choices:
    """Popular items come to mind first; among them taste, price and chance decide."""
    n = len(who)
    again = np.repeat(np.arange(n), CONSIDERED)
    rows = at_stage(world, who[again], _come_to_mind(world, shelf, rng), at[again])
    known = utility(world, who[again], rows, at[again]).reshape(n, CONSIDERED)
    table = rows.reshape(n, CONSIDERED)
    chance = rng.gumbel(size=known.shape)
    liking = np.where(_repeated(table), NEVER, known + chance).astype(np.float32)
    order = np.argsort(-liking, axis=1, kind="stable")
    return Choices(np.take_along_axis(table, order, 1), np.take_along_axis(liking, order, 1))


def resumed(choices: Choices, who: Rows, shelf: Rows, rng: Rng) -> Choices:
    """Some interests in a shelf take up where the customer's first one in it stopped.

    Rows must be in the order of time within a customer. Shelves whose stages pass are left alone.
    """
    key = who.astype(np.int64) * len(SHELVES) + shelf
    first = np.unique(key, return_index=True, return_inverse=True)
    source = first[1][first[2]]
    again = (rng.random(len(who)) < RESUME_SHARE) & ~np.isin(shelf, STAGED)
    source = np.where(again, source, np.arange(len(who)))
    return Choices(choices.items[source], choices.liking[source])


def _come_to_mind(world: World, shelf: Rows, rng: Rng) -> Rows:
    """(n * CONSIDERED,) items of each shelf, drawn by popularity."""
    mark = (shelf[:, None] + rng.random((len(shelf), CONSIDERED))).ravel()
    drawn = np.searchsorted(world.items.reach, mark, side="right")
    last = world.items.starts[shelf + 1] - 1
    return np.minimum(drawn, np.repeat(last, CONSIDERED)).astype(np.int32)


def _repeated(table: Rows) -> NDArray[np.bool_]:
    """Which entries of each row stand in it a second time."""
    order = np.argsort(table, axis=1, kind="stable")
    ordered = np.take_along_axis(table, order, 1)
    same = np.zeros(table.shape, np.bool_)
    same[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    repeated = np.empty_like(same)
    np.put_along_axis(repeated, order, same, 1)
    return repeated
