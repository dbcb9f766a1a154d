"""When festivals fall: the solar calendar, the Chinese lunar one, and solar terms."""

from datetime import date

from borax.calendars.festivals2 import TermFestival
from borax.calendars.lunardate import InvalidLunarDateError, LCalendars, LunarDate

from engine.customers.triggers import FestivalConfig


def falls_on(festival: FestivalConfig, year: int) -> date | None:
    """The day of a festival whose (lunar) year is `year`; None where the calendar does not say.

    The thirtieth of a lunar month is its last day where it has 29. Leap months are never meant.
    Source of the tables: Hong Kong Observatory, 1900–2100.
    """
    if festival.solar is not None:
        month, day = (int(part) for part in festival.solar.split("-"))
        try:
            return date(year, month, day)
        except ValueError:  # 29 February
            return None
    try:
        if festival.term is not None:
            found = TermFestival(name=festival.term).at(year)
            return date(found.year, found.month, found.day)
        return _lunar(str(festival.lunar), year)
    except (InvalidLunarDateError, ValueError, IndexError):
        return None


def _lunar(said: str, year: int) -> date:
    month, day = said.split("-")
    last = LCalendars.ndays(year, int(month))
    there = last if day == "last" else min(int(day), last)
    found: date = LunarDate(year, int(month), there).to_solar_date()
    return found


def near(festival: FestivalConfig, day: date) -> list[date]:
    """Its days in the years around `day`, in order; the twelfth lunar month ends in the next."""
    days = (falls_on(festival, day.year + step) for step in (-1, 0, 1))
    return sorted(found for found in days if found is not None)
