"""What happens to whom today (A3): the causes of each kind of trigger, for all customers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.customers.birthday import celebrated, day_of, month_and_day, zone_of
from engine.customers.ledger import ledger
from engine.customers.loyalty import Ladder, Tier
from engine.customers.schemes import Schemes
from engine.customers.strategies import ASLEEP, WAKE_UPS
from engine.customers.triggers import FestivalConfig, On, TriggerConfig
from engine.instants import instant
from engine.item_history import units_left
from engine.types import DAY_MS, Mask
from training.customer_states import profiles
from training.festivals import near
from training.order_days import at_several_times, bought_again
from training.persons import left_at_home
from training.ragged import rows_of
from training.sightings import Sightings


class Occasion(NamedTuple):
    """`key` is what the ledger knows: another one would be told again to all who were told."""

    key: str
    when: str  # ISO 8601: the day, or the instant in UTC
    item: int = -1  # row; -1 = about none


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that is a reason to write to a customer, once for each of its occasions."""

    row: int
    occasions: tuple[Occasion, ...]
    detail: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """All that causes are looked for in. `states` are those of `now`, `with_open`."""

    bundle: Bundle
    schemes: Schemes
    states: pl.DataFrame
    festivals: tuple[FestivalConfig, ...]
    now: int
    met: Sightings | None = None  # what earlier runs knew; None: this is the first

    def column(self, name: str) -> np.ndarray:
        return self.states[name].to_numpy()


Find = Callable[[Day, TriggerConfig, Mask], Iterator[Happening]]
"""Causes among the customers of the mask, in the order of their rows."""


def birthdays(day: Day, trigger: TriggerConfig, among: Mask) -> Iterator[Happening]:
    """In the customer's own days; 29 February is the 28th where there is no 29th."""
    for row, said in profiles(day.bundle.snapshot, {"birthday", "time_zone"}):
        born = month_and_day(said["birthday"]) if among[row] and "birthday" in said else None
        if born is None:
            continue
        today = day_of(day.now, zone_of(said.get("time_zone"), day.schemes.zone))
        years = (today.year - 1, today.year, today.year + 1)
        found = _in_time([celebrated(year, born) for year in years], today, trigger)
        if found is not None:
            yield Happening(row, (Occasion(found.isoformat(), found.isoformat()),))


def festivals(day: Day, trigger: TriggerConfig, among: Mask) -> Iterator[Happening]:
    today = day_of(day.now, day.schemes.zone)
    for festival in day.festivals:
        if trigger.festivals and festival.name not in trigger.festivals:
            continue
        found = _in_time(near(festival, today), today, trigger)
        if found is not None:
            occasion = Occasion(f"{festival.name} {found.isoformat()}", found.isoformat())
            for row in np.flatnonzero(among).tolist():
                yield Happening(row, (occasion,), detail={"festival": festival.name})


def _in_time(days: list[date], today: date, trigger: TriggerConfig) -> date | None:
    """The day whose message is to go out today, or was within the last `late_days`."""
    for found in days:
        late = today - (found - timedelta(days=trigger.days_before))
        if timedelta() <= late <= timedelta(days=trigger.late_days):
            return found
    return None


def cares(day: Day, trigger: TriggerConfig, among: Mask) -> Iterator[Happening]:
    """New customers whose first of several units runs out (C2)."""
    items, config = day.bundle.customer_items, day.schemes.repurchase
    of_unit = _days(day) / np.where(_per_unit(day), 1, np.maximum(units_left(items), 1))
    at = items.last_bought_at + np.rint(of_unit * config.care_share * DAY_MS).astype(np.int64)
    enough = (items.bought > 0) & (units_left(items) >= config.care_units)
    in_time = (at <= day.now) & (day.now - at <= (trigger.late_days + 1) * DAY_MS)
    new = among & (day.states["stage"] == "new").to_numpy()
    yield from _of_items(day, enough & in_time, new)


def dues(day: Day, trigger: TriggerConfig, among: Mask) -> Iterator[Happening]:
    """What is due, around the end of its cycle, and was bought at more than one time (C3).

    Stricter than the source `due`: a message about shoes that were bought once annoys. What
    another of the household has bought since is not used up yet (R6).
    """
    items = day.bundle.customer_items
    places, held, chance = bought_again(day.bundle, day.now, day.schemes.repurchase)
    chances = np.zeros(len(items.rows))
    chances[places[held.near]] = chance[held.near]
    wanted = (chances > 0) & at_several_times(items)
    for row, left in left_at_home(day.bundle, day.now).items():
        own = slice(items.offsets[row], items.offsets[row + 1])
        wanted[own] &= ~np.isin(items.rows[own], left)
    yield from _of_items(day, wanted, among, -chances)


def _days(day: Day) -> np.ndarray:
    return day.bundle.cycles.days[day.bundle.customer_items.rows].astype(np.float64)


def _per_unit(day: Day) -> Mask:
    per_unit: Mask = day.bundle.cycles.per_unit[day.bundle.customer_items.rows]
    return per_unit


def _of_items(
    day: Day, pairs: Mask, among: Mask, order: np.ndarray | None = None
) -> Iterator[Happening]:
    """One happening a customer, with all of their items; one occasion a purchase.

    `order` of all pairs: the items of a customer stand by it, else by row.
    """
    items = day.bundle.customer_items
    owners = rows_of(items.offsets)
    places = np.flatnonzero(pairs & among[owners])
    if order is not None:
        places = places[np.lexsort((order[places], owners[places]))]
    starts = np.flatnonzero(np.diff(owners[places], prepend=-1))
    for part in np.split(places, starts[1:]) if len(places) else ():
        row = int(owners[part[0]])
        bought = zip(items.rows[part].tolist(), items.last_bought_at[part].tolist(), strict=True)
        yield Happening(row, tuple(_purchase(day, *each) for each in bought))


def _purchase(day: Day, item: int, at: int) -> Occasion:
    return Occasion(f"{day.bundle.items.id(item)} {at}", _when(at), item)


def _when(at: int) -> str:
    return instant(at) or ""


def wake_ups(day: Day, trigger: TriggerConfig, among: Mask) -> Iterator[Happening]:
    """Who has just become dormant, with what is likely to move them (C5)."""
    last_at = day.column("last_order_at")
    since = last_at + day.schemes.lifecycle.dormant_days * DAY_MS
    lately = day.now - since <= (trigger.late_days + 1) * DAY_MS
    asleep = day.states["stage"].is_in(sorted(ASLEEP)).to_numpy()
    bands = day.states["price_band"]
    for row in np.flatnonzero(among & asleep & lately).tolist():
        offer = WAKE_UPS.get(bands[row], WAKE_UPS["neutral"]).name
        at = int(last_at[row])
        yield Happening(row, (Occasion(str(at), _when(at)),), detail={"offer": offer})


def tiers(day: Day, trigger: TriggerConfig, among: Mask) -> Iterator[Happening]:
    """Who reached a tier lately, or by orders that came late, with its voucher (P2).

    One time a tier, whatever comes back. Who may not be told is met like the others, and so is not
    told of it once they may, years later.
    """
    rows = np.flatnonzero(day.column("tier_rank") > 0)
    first = day.met is None or day.met.first_under(trigger.name, _rules_of(day.schemes.ladder))
    start = day.now - (trigger.late_days + 1) * DAY_MS
    for row, granted in zip(rows.tolist(), day.states["vouchers"].gather(rows), strict=True):
        who = day.bundle.customers.id(row)
        since = {} if day.met is None else day.met.since(trigger.name, who)
        if all(since.get(name, day.now) <= start for name in granted):
            continue  # met long ago, as most were
        reached = list(_reached(day, row))
        new = {tier.name: at if first else day.now for tier, at in reached}
        new = {name: at for name, at in new.items() if name not in since}
        if day.met is not None:
            day.met.remember(trigger.name, who, new)
        since |= new
        for tier, at in reached if among[row] else ():
            if start < since[tier.name] <= day.now:
                told: dict[str, str | int] = {"tier": tier.name}
                told["voucher_minor"] = tier.voucher_minor
                yield Happening(row, (Occasion(tier.name, _when(at)),), told)


def _reached(day: Day, row: int) -> Iterator[tuple[Tier, int]]:
    """Tiers with their instants, as of today."""
    ladder = day.schemes.ladder
    for line in ledger(day.bundle.snapshot.history_of(row), ladder):
        if line.cause == "voucher" and line.at <= day.now:
            yield ladder.tiers[line.key - 1], line.at


def _rules_of(ladder: Ladder) -> str:
    """What decides who reaches which tier."""
    names = [tier.name for tier in ladder.tiers]
    return f"{names} {ladder.steps} {ladder.own} {ladder.referred} {ladder.reset}"


FIND: Final[Mapping[On, Find]] = {
    On.BIRTHDAY: birthdays,
    On.FESTIVAL: festivals,
    On.CARE: cares,
    On.DUE: dues,
    On.WAKE_UP: wake_ups,
    On.TIER: tiers,
}
