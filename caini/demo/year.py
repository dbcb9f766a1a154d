"""A year of one block of customers: every step in order, the events of all as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.browse import browse
from caini.demo.contacts import contacts
from caini.demo.lines import join, take
from caini.demo.named import tell
from caini.demo.orders import all_bought, place_orders
from caini.demo.stories import Story
from caini.demo.supplies import make_needs, refill, refill_orders, supplied
from caini.demo.visits import make_visits
from caini.demo.world import DemoConfig, Interests, Rng, Supplies, World, Year

ONCE: Final = 6.1  # events of a customer that come however short the year is told; measured
FULL: Final = 57.6  # further events of a customer when it is told in full; measured


@dataclass(frozen=True, slots=True)
class Block:
    """What a block adds; its customers and orders count from 0, its property texts from OWN."""

    events: Year
    supplies: Supplies
    interests: Interests
    orders: int
    texts: list[str]


def live(world: World, busy: NDArray[np.float64], stories: Sequence[Story], rng: Rng) -> Block:
    """The year of these people, the first of whom have the stories."""
    scale = min(fullness(world.config), 1.0)
    needs = make_needs(world, scale, rng)
    supplies = refill(world, needs, rng)
    looked, refills = refill_orders(world, supplies, rng)
    browsed = browse(world, make_visits(world, busy, rng), supplied(world, needs), rng)
    seen, told = tell(world, stories)
    bought = all_bought([browsed.orders, refills, told])
    ordered = place_orders(world, bought, rng)
    met = contacts(world, rng, messages=scale)
    events = join([looked, browsed.events, seen, ordered, *met.parts])
    events = within(world.config, events)
    return Block(events, supplies, browsed.interests, len(bought.item), met.texts)


def fullness(config: DemoConfig) -> float:
    """How much of a full year fits into the events that are asked for."""
    return max(config.events_per_customer - ONCE, 1.0) / FULL


def within(config: DemoConfig, events: Year) -> Year:
    return take(events, (events.at >= config.start_ms) & (events.at < config.end_ms))
