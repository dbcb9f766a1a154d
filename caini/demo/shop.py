"""The simulated shop: known tastes, a catalogue and a year of events, by one seed."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import chain
from typing import Final

import numpy as np

from caini.demo.contacts import OWN
from caini.demo.customers import make_customers, make_topics
from caini.demo.items import make_items, query_table
from caini.demo.lines import in_order, join
from caini.demo.named import set_stories
from caini.demo.orders import purchase_texts, rating_texts
from caini.demo.seasons import busyness
from caini.demo.stories import STORIES, Story
from caini.demo.supplies import by_customer, joined_supplies
from caini.demo.world import (
    Customers,
    DemoConfig,
    Interests,
    Items,
    Simulated,
    Supplies,
    Truth,
    World,
    Year,
)
from caini.demo.year import Block, fullness, live
from engine.types import Rows

BLOCK: Final = 20_000  # customers who live their year together, so that memory stays bounded
VISITS: Final = 15.0  # a year, where the year is told in full


def simulate(config: DemoConfig) -> Simulated:
    """The same config gives the same shop, to the last event."""
    items = make_items(config, np.random.default_rng([config.seed, 0]))
    texts = rating_texts() + purchase_texts(items)
    people: list[Customers] = []
    parts: list[Year] = []
    supplies: list[Supplies] = []
    interests: list[Interests] = []
    orders = start = 0
    for world, block in live_blocks(config, items):
        parts.append(_placed(block.events, start, orders, len(texts)))
        supplies.append(replace(block.supplies, customer=block.supplies.customer + np.int32(start)))
        interests.append(
            replace(block.interests, customer=block.interests.customer + np.int32(start))
        )
        people.append(_shifted(world.people, start))
        texts += block.texts
        orders += block.orders
        start += len(world.people)
    world = World(config, items, all_customers(people))
    return Simulated(
        config=config,
        events=in_order(join(parts)),
        queries=query_table(),
        properties=texts,
        truth=Truth(world, by_customer(joined_supplies(supplies)), joined_interests(interests)),
    )


def live_blocks(config: DemoConfig, items: Items) -> Iterator[tuple[World, Block]]:
    """Block by block, each with chance of its own; the named customers come first of all."""
    topics = make_topics(np.random.default_rng([config.seed, 1]))
    busy = busyness(config)
    ids = customer_ids(config.customers, STORIES)
    for number, start in enumerate(range(0, config.customers, BLOCK)):
        rng = np.random.default_rng([config.seed, 2, number])
        stories = STORIES if number == 0 else ()
        people = make_customers(config, ids[start : start + BLOCK], topics, _visits(config), rng)
        people = set_stories(people, stories, config.end_ms)
        world = World(config, items, people)
        yield world, live(world, busy, stories, rng)


def _visits(config: DemoConfig) -> float:
    return VISITS * fullness(config)


def customer_ids(count: int, stories: Sequence[Story]) -> tuple[str, ...]:
    width = max(5, len(str(count)))
    named = tuple(story.id for story in stories)
    return named + tuple(f"c{number:0{width}d}" for number in range(len(named), count))


def _placed(events: Year, start: int, orders: int, texts: int) -> Year:
    """Block-wide numbers made shop-wide; the block's own texts follow those before."""

    def moved(column: Rows, by: int) -> Rows:
        return np.where(column >= 0, column + by, column).astype(np.int32)

    own = events.properties >= OWN
    return replace(
        events,
        customer=moved(events.customer, start),
        visitor=moved(events.visitor, start),
        order=moved(events.order, orders),
        properties=np.where(own, events.properties - OWN + texts, events.properties),
    )


def _shifted(people: Customers, start: int) -> Customers:
    referrer = np.where(people.referrer >= 0, people.referrer + start, -1)
    return replace(people, referrer=referrer.astype(np.int32))


def joined_interests(parts: Sequence[Interests]) -> Interests:
    return Interests(
        **{
            column.name: np.concatenate([getattr(part, column.name) for part in parts])
            for column in fields(Interests)
        }
    )


def all_customers(parts: Sequence[Customers]) -> Customers:
    columns = {
        column.name: np.concatenate([getattr(part, column.name) for part in parts])
        for column in fields(Customers)
        if column.name != "ids"
    }
    return Customers(ids=tuple(chain.from_iterable(part.ids for part in parts)), **columns)
