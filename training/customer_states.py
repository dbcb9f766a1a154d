"""`assess` for every customer at once: a vectorised twin, held to it by tests field by field."""

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.customers.birthday import day_of, days_to, zone_of
from engine.customers.campaigns import rank_of_the_day
from engine.customers.consent import allows, name_of
from engine.customers.fields import ATTRIBUTE
from engine.customers.labels import STAGES
from engine.customers.ledger import standing_of
from engine.customers.life_stages import life_stages_of
from engine.customers.lifecycle import RECENT_INTERVALS
from engine.customers.schemes import Schemes
from engine.customers.snapshot import CustomerSnapshot
from engine.customers.state import RELATION
from engine.customers.thresholds import Thresholds
from engine.item_history import NEVER
from engine.types import DAY_MS
from training.customer_orders import PLACE, Kept, kept_orders, owners_of
from training.customer_segments import in_segments
from training.customer_splits import referred_buyers, split_columns
from training.customer_worth import (
    TasteColumns,
    classes_of,
    diagnoses_of,
    no_tastes,
    or_null,
    population,
    worth_columns,
    worths_of,
)

__all__ = ["TasteColumns", "assess_all", "population"]

Integers = NDArray[np.int64]

MOST: Final = 2**62  # parts of a point that are counted in 64 bits
CHUNK: Final = 200_000  # customers at a time; bounds the memory of medians


def assess_all(
    people: CustomerSnapshot,
    thresholds: Thresholds,
    schemes: Schemes,
    now: int,
    tastes: TasteColumns | None = None,
) -> pl.DataFrame:
    """One row a customer with the columns of CustomerState; of attributes those that a condition
    of the schemes asks about, in JSON, as `attribute.NAME`.

    `segments` are names in the file's order; `segment` is the first one's place there, -1 = none.
    """
    kept = kept_orders(people)
    worths = worths_of(kept, schemes, now)
    taste = tastes or no_tastes(len(people))
    value_class = classes_of(people, kept, worths, thresholds, schemes, now)
    columns: dict[str, Any] = {
        **worth_columns(worths, taste, thresholds),
        "value_class": value_class,
        "diagnosis": diagnoses_of(value_class, worths, taste, thresholds),
        **split_columns(people, kept, worths.value_minor, value_class, thresholds.splits),
        **_relation_columns(people, kept, schemes, now),
        **_points_columns(people, schemes, now),
        **_money_columns(kept, schemes, now),
        **_contact_columns(people, now),
        **_profile_columns(people, schemes, now),
        "breadth": taste.breadth,
        "brand": taste.brand,
        "brand_share": taste.brand_share,
    }
    return in_segments(pl.DataFrame(columns), schemes.segments)


def _relation_columns(
    people: CustomerSnapshot, kept: Kept, schemes: Schemes, now: int
) -> dict[str, Any]:
    config = schemes.lifecycle
    cycles = _cycles(kept, schemes)
    known = cycles >= 0
    idle = now - kept.last_at
    referred = referred_buyers(people)
    buyer, member = kept.counts > 0, people.moments[:, 5] > 0
    stage = np.select(
        [
            ~buyer,
            idle > config.lost_days * DAY_MS,
            idle > config.dormant_days * DAY_MS,
            known & (idle > config.at_risk_cycles * cycles),
            referred > 0,
            kept.counts <= config.new_orders,
            kept.counts >= config.loyal_orders,
        ],
        [STAGE[name] for name in ("potential", "lost", "dormant", "at_risk")]
        + [STAGE[name] for name in ("advocate", "new", "loyal")],
        default=STAGE["ordinary"],
    )
    relations = [
        RELATION[m, b] for m, b in ((False, False), (False, True), (True, False), (True, True))
    ]
    return {
        "stage": pl.Series(list(STAGE), dtype=pl.String).gather(stage),
        "cycle_days": or_null(cycles / DAY_MS, known),
        "overdue_cycles": or_null(idle / np.where(known, cycles, 1), known),
        "referred_buyers": referred,
        "referrer_id": _referrers(people),
        "member": member,
        "buyer": buyer,
        "relation": pl.Series(relations, dtype=pl.String).gather(member * 2 + buyer),
    }


STAGE: Final = {name: np.int64(code) for code, name in enumerate(STAGES)}


def _cycles(kept: Kept, schemes: Schemes) -> Integers:
    """`cycle_ms` of every customer; -1 where there are too few orders."""
    found = np.full(len(kept.counts), -1, np.int64)
    enough = np.flatnonzero(kept.counts >= schemes.lifecycle.cycle_orders)
    intervals = np.diff(kept.at, prepend=0)  # the first of each customer is not looked at
    for rows in _chunks(enough):
        width = np.minimum(kept.counts[rows] - 1, RECENT_INTERVALS)
        sums = _medians(intervals, kept.stops[rows], width)
        found[rows] = np.maximum(sums // 2, schemes.lifecycle.shortest_cycle_days * DAY_MS)
    return found


def _chunks(rows: Integers) -> list[Integers]:
    return [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]


def _medians(values: Integers, stops: Integers, width: Integers) -> Integers:
    """Twice the median of the `width` values that end before each stop; every width is above 0."""
    deepest = int(width.max(initial=0))
    back = np.arange(1, deepest + 1)
    places = np.maximum(stops[:, None] - back, 0)
    last = np.where(back <= width[:, None], values[places], NEVER)
    last.sort(axis=1)
    lower = np.take_along_axis(last, ((width - 1) // 2)[:, None], 1)
    upper = np.take_along_axis(last, (width // 2)[:, None], 1)
    return np.asarray((lower + upper)[:, 0])


def _referrers(people: CustomerSnapshot) -> pl.Series:
    names: list[str | None] = [None] * len(people)
    for row in np.flatnonzero(people.referrers).tolist():
        names[row] = people.words[int(people.referrers[row])]
    return pl.Series(names, dtype=pl.String)


def _points_columns(people: CustomerSnapshot, schemes: Schemes, now: int) -> dict[str, Any]:
    """Added up where nothing came back and no new start is near; by the ledger elsewhere."""
    ladder = schemes.ladder
    offsets = people.offsets[:, PLACE["orders"]]
    sums = np.zeros((2, people.orders.shape[1] + 1), np.int64)
    np.cumsum(people.orders[[2, 6]], axis=1, out=sums[:, 1:])
    gross, spent = sums[:, offsets[1:]] - sums[:, offsets[:-1]]
    earned = gross * ladder.own
    rank = np.searchsorted(ladder.steps, earned, side="right")
    granted, points = rank.copy(), (earned - spent * ladder.point) // ladder.point
    counts = np.diff(people.offsets, axis=0)
    careful = (counts[:, PLACE["refunds"]] > 0) | (counts[:, PLACE["referred"]] > 0)
    careful |= (gross > MOST // ladder.own) | (spent > MOST // ladder.point)
    if ladder.steps and ladder.reset != "never":
        careful |= rank == len(ladder.steps)
    for row in np.flatnonzero(careful).tolist():
        standing = standing_of(people.history_of(row), ladder)
        points[row], rank[row], granted[row] = standing.points, standing.tier_rank, standing.granted
    names = [tier.name for tier in ladder.tiers]
    lowest = rank_of_the_day(schemes.member_days, now, schemes.zone)
    return {
        "points": points,
        "tier": pl.Series([None, *names], dtype=pl.String).gather(rank),
        "tier_rank": rank,
        "vouchers": _firsts(names, granted),
        "member_day": np.zeros(len(rank), np.bool_) if lowest is None else rank >= lowest,
    }


def _firsts(names: list[str], counts: Integers) -> pl.Series:
    """The first so many names, for each."""
    lists = [names[:count] for count in range(len(names) + 1)]
    return pl.Series(lists, dtype=pl.List(pl.String)).gather(counts)


def _money_columns(kept: Kept, schemes: Schemes, now: int) -> dict[str, Any]:
    bands, buyer = schemes.bands, kept.counts > 0
    halves = np.zeros(len(kept.counts), np.int64)
    for rows in _chunks(np.flatnonzero(buyer)):
        width = np.minimum(kept.counts[rows], bands.orders)
        halves[rows] = _medians(kept.amount_minor, kept.stops[rows], width)
    code = np.searchsorted(bands.lowest[1:], halves, side="right")
    names = pl.Series([*bands.names, "unknown"], dtype=pl.String)
    units, promoted = kept.sums(kept.units), kept.sums(kept.promoted)
    return {
        "price_band": names.gather(np.where(buyer, code, len(bands.names))),
        "median_order_minor": or_null(halves // 2, buyer),
        "orders": kept.counts,
        "first_order_at": kept.first_at,
        "last_order_at": kept.last_at,
        "days_since_first_order": _days_since(kept.first_at, now),
        "promoted_share": promoted / np.maximum(units, 1),
    }


def _days_since(instants: Integers, now: int) -> pl.Series:
    return or_null(np.maximum(now - instants, 0) // DAY_MS, instants > 0)


def _contact_columns(people: CustomerSnapshot, now: int) -> dict[str, Any]:
    moments, counts = people.moments.T, np.diff(people.offsets, axis=0)
    return {
        "known": (moments[0] > 0) | (counts[:, PLACE["referred"]] > 0),
        "first_at": moments[0],
        "last_at": moments[1],
        "days_since_contact": _days_since(moments[1], now),
        "days_since_act": _days_since(moments[2], now),
        "days_since_cart": _days_since(moments[3], now),
        "cart_open": moments[3] > _last_orders(people),
        "days_since_search": _days_since(moments[4], now),
        "complaints": counts[:, PLACE["complaints"]],
        "ratings": moments[6],
        "invitations": moments[7],
    }


def _last_orders(people: CustomerSnapshot) -> Integers:
    """Instants, also of orders that came back; 0 = never."""
    stops = people.offsets[1:, PLACE["orders"]]
    some = stops > people.offsets[:-1, PLACE["orders"]]
    found = np.zeros(len(people), np.int64)
    found[some] = people.orders[0, stops[some] - 1]
    return found


def _profile_columns(people: CustomerSnapshot, schemes: Schemes, now: int) -> dict[str, Any]:
    n, today = len(people), day_of(now, schemes.zone)
    consent = np.ones((2, n), np.bool_)
    birthdays: list[int | None] = [None] * n
    life: dict[tuple[str, ...], int] = {(): 0}  # each combination once
    stages = np.zeros(n, np.int64)
    wanted = {"birthday", "time_zone", *(name_of(purpose) for purpose in CONSENTS)}
    wanted |= {each.attribute for each in schemes.life_stages}.union(schemes.attributes)
    asked: dict[str, list[str | None]] = {name: [None] * n for name in schemes.attributes}
    for row, said in profiles(people, wanted):
        consent[:, row] = [allows(said, purpose) for purpose in CONSENTS]
        zone = zone_of(said.get("time_zone"), schemes.zone)
        birthdays[row] = days_to(said.get("birthday"), now, zone)
        found = life_stages_of(said, schemes.life_stages, today)
        stages[row] = life.setdefault(found, len(life))
        for name in asked.keys() & said.keys():
            asked[name][row] = said[name]
    return {
        **{ATTRIBUTE + name: pl.Series(values, dtype=pl.String) for name, values in asked.items()},
        "personal": consent[0],
        "contactable": consent[1],
        "days_to_birthday": pl.Series(birthdays, dtype=pl.Int64),
        "life_stages": pl.Series([*life], dtype=pl.List(pl.String)).gather(stages),
    }


CONSENTS: Final = ("personal", "contact")


def profiles(
    people: CustomerSnapshot, wanted: Collection[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """What the profile of each customer says under the wanted names, where it says any of them."""
    words = {word: people.words[word] for word in np.unique(people.attributes[0]).tolist()}
    used = np.isin(people.attributes[0], [word for word, name in words.items() if name in wanted])
    owners = owners_of(people, "attributes")[used].tolist()
    facts = zip(owners, *people.attributes[[0, 3]][:, used].tolist(), strict=True)
    for row, group in groupby(facts, key=itemgetter(0)):
        yield row, {words[name]: people.words[value] for _, name, value in group}
