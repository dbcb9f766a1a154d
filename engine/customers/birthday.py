"""Birthdays: how many days until the next one, in the customer's own days (A3)."""

import json
import re
from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WRITTEN: Final = re.compile(
    r"\s*(?:(?:\d{4}\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|\d{4}(\d\d)(\d\d))"
    r"(?:[T\s].*)?$",
    re.ASCII,
)
"""1990-11-23, 11-23, 1990/11/23, 1990年11月23日, 19901123; a time of day may follow."""

SECOND_MS: Final = 1_000  # clocks are turned at whole seconds, and in Newfoundland at 00:01


def day_of(now: int, zone: ZoneInfo) -> date:
    """The calendar day of an instant where `zone` is."""
    return _day_of_second(now // SECOND_MS, zone)


@lru_cache(maxsize=256)  # a request and a list ask for one instant many times
def _day_of_second(second: int, zone: ZoneInfo) -> date:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    return start.astimezone(zone).date()


def zone_of(said: str | None, shop: ZoneInfo) -> ZoneInfo:
    """The customer's own, where their profile names one that there is (JSON); else the shop's."""
    name = None if said is None else json.loads(said)
    try:
        return ZoneInfo(name) if isinstance(name, str) else shop
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return shop


def days_to(birthday: str | None, now: int, zone: ZoneInfo) -> int | None:
    """0 on the day. `birthday` is JSON of "1990-02-29", "02-29" or what else a profile said."""
    born = None if birthday is None else month_and_day(birthday)
    if born is None:
        return None
    today = day_of(now, zone)
    this_year = celebrated(today.year, born)
    following = this_year if this_year >= today else celebrated(today.year + 1, born)
    return (following - today).days


@lru_cache(maxsize=4096)
def month_and_day(birthday: str) -> tuple[int, int] | None:
    """None when it is no date that any country writes so: the year first, or none."""
    said = json.loads(birthday)
    found = WRITTEN.match(said if isinstance(said, str) else json.dumps(said))
    if found is None:
        return None
    month, day = (int(part) for part in found.groups() if part is not None)
    try:
        date(2000, month, day)  # a leap year: 29 February is a birthday
    except ValueError:
        return None
    return month, day


def celebrated(year: int, born: tuple[int, int]) -> date:
    """Who was born on 29 February celebrates on the 28th where there is no 29th (decision)."""
    month, day = born
    return date(year, month, 28 if born == (2, 29) and not isleap(year) else day)
