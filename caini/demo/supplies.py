"""Consumption: who uses up what, and when they refill it."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.choices import Choices, consider
from caini.demo.lines import join, lines
from caini.demo.orders import Bought
from caini.demo.prices import sale_share
from caini.demo.shelves import SHELVES
from caini.demo.tastes import UNTIL_MS, at_stage
from caini.demo.visits import present
from caini.demo.world import (
    POS,
    Codes,
    Customers,
    Rng,
    Supplies,
    World,
    Year,
)
from engine.events import EventType
from engine.types import DAY_MS, Instants, Rows

NEED: Final = 2.2  # how surely an affinity for a shelf means that the customer consumes it; guess
PARENT_NEED: Final = 0.55  # of parents who buy their baby's milk (and nappies) here; guess
REGULAR_AFFINITY: Final = 0.2  # from which a regular customer consumes
SWITCH_SHARE: Final = 0.1  # of refills that are the second choice; guess
JITTER: Final = 0.12  # sigma of the log of how long a refill lasts; guess
STOCK_UP_SENSITIVITY: Final = 0.6  # from which customers wait for sales: more units on sale; guess
VIEW_SHARE: Final = 0.75  # of refills online that begin with a look; guess
CYCLE_DAYS: Final = np.array([shelf.cycle_days for shelf in SHELVES])
NO_END: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Needs:
    """One row a customer and a shelf that they consume from."""

    customer: Rows
    shelf: Rows
    since: Instants
    until: Instants
    first_choice: Rows
    second_choice: Rows
    unit_ms: NDArray[np.float64]  # how long a unit lasts them


def make_needs(world: World, scale: float, rng: Rng) -> Needs:
    """`scale` thins the needs out where a log of few events a customer is asked for."""
    customer, position = np.nonzero(rng.random(world.people.affinity.shape) < _chance(world, scale))
    who: Rows = customer.astype(np.int32)
    shelf: Rows = position.astype(np.int32)
    since, until = _span(world, who, shelf, rng)
    choices = consider(world, who, shelf, since, rng)
    needs = Needs(
        customer=who,
        shelf=shelf,
        since=since,
        until=until,
        first_choice=choices.items[:, 0],
        second_choice=_other_family(world, choices),
        unit_ms=CYCLE_DAYS[shelf] * DAY_MS * world.people.pace[who],
    )
    possible = (choices.options() > 0) & (since < np.minimum(until, world.config.end_ms))
    return _some(needs, possible)


def _chance(world: World, scale: float) -> NDArray[np.float64]:
    people = world.people
    parent = people.baby_born_at > 0
    chance = scale * (1 - np.exp(-NEED * people.affinity.astype(np.float64)))
    for row, shelf in enumerate(SHELVES):
        if shelf.stages:
            chance[:, row] = scale * PARENT_NEED * parent
    sure = (people.affinity > REGULAR_AFFINITY).astype(np.float64)
    chance = np.where(people.regular[:, None], sure, chance)
    return np.where(CYCLE_DAYS > 0, chance, 0.0)


def _span(world: World, who: Rows, shelf: Rows, rng: Rng) -> tuple[Instants, Instants]:
    """From arrival (and birth) on, begun anywhere within a cycle; staged shelves come to an end."""
    people = world.people
    born, staged = people.baby_born_at[who], UNTIL_MS[shelf] > 0
    begin = np.maximum(people.arrived_at[who], np.where(staged, born, 0))
    late = rng.random(len(who)) * 1.5 * CYCLE_DAYS[shelf] * DAY_MS
    late = np.where(people.regular[who], 0.0, late)
    return begin + late.astype(np.int64), np.where(staged, born + UNTIL_MS[shelf], NO_END)


def _other_family(world: World, choices: Choices) -> Rows:
    """The best liked option that is not just another stage of the first; else the first again."""
    family = choices.items - np.maximum(world.items.stage[choices.items] - 1, 0)
    other = (family != family[:, [0]]) & np.isfinite(choices.liking)
    place = other.argmax(axis=1)
    return np.asarray(choices.items[np.arange(len(place)), place])


def supplied(world: World, needs: Needs) -> NDArray[np.bool_]:
    """(n_customers, n_shelves) who refills what."""
    table = np.zeros(world.people.affinity.shape, np.bool_)
    table[needs.customer, needs.shelf] = True
    return table


def _some(needs: Needs, chosen: NDArray[np.bool_]) -> Needs:
    return Needs(
        needs.customer[chosen],
        needs.shelf[chosen],
        needs.since[chosen],
        needs.until[chosen],
        needs.first_choice[chosen],
        needs.second_choice[chosen],
        needs.unit_ms[chosen],
    )


def refill(world: World, needs: Needs, rng: Rng) -> Supplies:
    """Every refill until the end of the log, round by round: buy, use up, buy again."""
    rounds = []
    while len(needs.customer):
        supplies = _one_round(world, needs, rng)
        rounds.append(supplies)
        on = supplies.empty_at < np.minimum(needs.until, world.config.end_ms)
        needs = _some(replace(needs, since=supplies.empty_at), on)
    supplies = joined_supplies(rounds)
    return chosen_supplies(
        supplies, present(world.config, world.people, supplies.customer, supplies.bought_at)
    )


def _one_round(world: World, needs: Needs, rng: Rng) -> Supplies:
    people, who, at = world.people, needs.customer, needs.since
    regular = people.regular[who]
    switch = (rng.random(len(who)) < SWITCH_SHARE) & ~regular
    item = at_stage(world, who, np.where(switch, needs.second_choice, needs.first_choice), at)
    units = np.maximum(np.rint(people.units[who] + rng.normal(0, 0.4, len(who)) * ~regular), 1)
    waits = people.sensitivity[who] > STOCK_UP_SENSITIVITY
    units += 2 * (waits & (sale_share(world.items, item, at) > 0) & ~regular)
    lasts = units * needs.unit_ms * np.exp(rng.normal(0, JITTER, len(who)) * ~regular)
    return Supplies(who, needs.shelf, item, units.astype(np.int32), at, at + lasts.astype(np.int64))


def joined_supplies(rounds: list[Supplies]) -> Supplies:
    if not rounds:
        none, never = np.zeros(0, np.int32), np.zeros(0, np.int64)
        return Supplies(none, none, none, none, never, never)
    return Supplies(
        np.concatenate([part.customer for part in rounds]),
        np.concatenate([part.shelf for part in rounds]),
        np.concatenate([part.item for part in rounds]),
        np.concatenate([part.units for part in rounds]),
        np.concatenate([part.bought_at for part in rounds]),
        np.concatenate([part.empty_at for part in rounds]),
    )


def by_customer(supplies: Supplies) -> Supplies:
    return chosen_supplies(supplies, np.lexsort((supplies.bought_at, supplies.customer)))


def chosen_supplies(supplies: Supplies, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Supplies:
    return Supplies(
        supplies.customer[chosen],
        supplies.shelf[chosen],
        supplies.item[chosen],
        supplies.units[chosen],
        supplies.bought_at[chosen],
        supplies.empty_at[chosen],
    )


def refill_orders(world: World, supplies: Supplies, rng: Rng) -> tuple[Year, Bought]:
    """The looks and carts before refills, and the refills as orders."""
    channel = refill_channel(world.people, supplies.customer, rng)
    chance = rng.random((2, len(supplies)))
    before = [
        lines(
            kind,
            supplies.bought_at[chosen] - minutes * 60_000,
            customer=supplies.customer[chosen],
            item=supplies.item[chosen],
            channel=channel[chosen],
        )
        for kind, minutes, chosen in (
            (EventType.VIEW, 3, (channel != POS) & (chance[0] < VIEW_SHARE)),
            (EventType.CART, 1, (channel != POS) & (chance[1] < VIEW_SHARE)),
        )
    ]
    orders = Bought(
        customer=supplies.customer,
        item=supplies.item,
        at=supplies.bought_at,
        channel=channel,
        units=supplies.units,
        beside=np.full(len(supplies), -1, np.int32),
        alone=world.people.regular[supplies.customer],
    )
    return join(before), orders


def refill_channel(people: Customers, who: Rows, rng: Rng) -> Codes:
    draw = rng.random(len(who))[:, None] > people.channels[who, :3]
    return np.asarray(draw.sum(axis=1), np.int8)
