"""Putting the named customers into the simulated shop."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from caini.demo.lines import lines
from caini.demo.orders import Bought
from caini.demo.prices import price_at, sale_share
from caini.demo.seasons import day_of
from caini.demo.shelves import POSITIONS, SHELVES
from caini.demo.stories import Act, Story
from caini.demo.world import MINOR, Customers, Floats, World, Year
from engine.events import EventType
from engine.types import DAY_MS

YEAR_DAYS: Final = 365.2425
FRIENDS: Final = 5  # customers without a name whom a referrer with a name brings


def set_stories(people: Customers, stories: Sequence[Story], end: int) -> Customers:
    """The first customers of the block become the named ones."""
    changed = {
        column.name: getattr(people, column.name).copy()
        for column in fields(people)
        if column.name != "ids"
    }
    for row, story in enumerate(stories):
        for name, value in _columns(story, end).items():
            changed[name][row] = value
    ids = [story.id for story in stories]
    for row, story in enumerate(stories):
        changed["referrer"][row] = -1 if story.referrer is None else ids.index(story.referrer)
    leaders = [ids.index(story.referrer) for story in stories if story.referrer]
    _bring_friends(changed, leaders, len(stories))
    return replace(people, **changed)


def _columns(story: Story, end: int) -> dict[str, Any]:
    arrived = end - round(story.arrived_days * DAY_MS)
    away = story.away_days or (story.arrived_days, story.arrived_days)
    columns: dict[str, Any] = {
        "arrived_at": arrived,
        "lapsed_from": end - round(away[0] * DAY_MS),
        "lapsed_to": end - round(away[1] * DAY_MS),
        "baby_born_at": 0 if story.baby_days is None else end - round(story.baby_days * DAY_MS),
        "member_at": arrived + DAY_MS if story.member else 0,
        "channels": np.arange(4) >= story.channel,
        "late_sign_in": False,
        "tells": True,
        "pace": 1.0,
    }
    told = ("hour", "sensitivity", "visits", "eagerness", "units", "open_rate", "mail_channel")
    columns |= {name: getattr(story, name) for name in (*told, "regular")}
    columns["affinity"] = _affinity(story)
    today = int(day_of(np.array([end]))[0])
    columns["born_on"] = today - round(story.age * YEAR_DAYS)
    if story.birthday_in_days is not None:
        columns["born_on"] = same_day(today + story.birthday_in_days, years_ago=round(story.age))
    return columns


def _affinity(story: Story) -> Floats:
    affinity = np.zeros(len(SHELVES), np.float32)
    for code, share in story.affinity.items():
        affinity[POSITIONS[code]] = share
    return affinity


def same_day(day: int, years_ago: int) -> int:
    """The same day of the year, earlier; 29 February becomes 1 March where there is none."""
    month = np.datetime64(day, "D").astype("datetime64[M]")
    ahead = day - int(month.astype("datetime64[D]").astype(int))
    return int((month - 12 * years_ago).astype("datetime64[D]").astype(int)) + ahead


def _bring_friends(changed: dict[str, Any], leaders: list[int], named: int) -> None:
    """The first unnamed customers who came after a named referrer, and whom nobody referred."""
    for leader in sorted(set(leaders)):
        later = changed["arrived_at"] > changed["arrived_at"][leader]
        free = np.flatnonzero(later & (changed["referrer"] < 0))
        changed["referrer"][free[free >= named][:FRIENDS]] = leader


@dataclass(frozen=True, slots=True)
class Played:
    """An act with its place in the shop."""

    customer: int
    channel: int
    kind: EventType
    item: int
    at: int


def tell(world: World, stories: Sequence[Story]) -> tuple[Year, Bought]:
    """What surely happens to the named customers: their looks, and their orders."""
    played = [one for row, story in enumerate(stories) for one in _play(world, row, story)]
    looks = [one for one in played if one.kind != EventType.PURCHASE]
    orders = [one for one in played if one.kind == EventType.PURCHASE]
    seen = lines(
        EventType.VIEW,
        np.array([one.at for one in looks], np.int64),
        customer=[one.customer for one in looks],
        item=[one.item for one in looks],
        channel=[one.channel for one in looks],
    )
    return seen, Bought(
        customer=np.array([one.customer for one in orders], np.int32),
        item=np.array([one.item for one in orders], np.int32),
        at=np.array([one.at for one in orders], np.int64),
        channel=np.array([one.channel for one in orders], np.int8),
        units=np.ones(len(orders), np.int32),
        beside=np.full(len(orders), -1, np.int32),
        alone=np.ones(len(orders), np.bool_),
    )


def _play(world: World, row: int, story: Story) -> list[Played]:
    played, left = [], story.budget * MINOR
    for act in story.acts:
        at = world.config.end_ms - round(act.days_before_end * DAY_MS)
        if at < world.config.start_ms:
            continue
        item, price = _dearest(world, act, at, left if act.price is None else act.price * MINOR)
        if act.price is None and price > left:
            continue
        played.append(Played(row, story.channel, act.kind, item, at))
        left -= price
    return played


def _dearest(world: World, act: Act, at: int, limit: float) -> tuple[int, int]:
    """The dearest launched item of the act's shelf within the limit, else the cheapest."""
    items, shelf = world.items, POSITIONS[act.shelf]
    rows = np.arange(items.starts[shelf], items.starts[shelf + 1], dtype=np.int32)
    when = np.full(len(rows), at)
    possible = items.launched_at[rows] <= at
    reduced = possible & (sale_share(items, rows, when) > 0)
    rows = rows[reduced] if act.on_sale and reduced.any() else rows[possible]
    price = price_at(items, rows, when[: len(rows)])
    within = np.where(price <= limit, price, -price)
    best = int(within.argmax())
    return int(rows[best]), int(price[best])
