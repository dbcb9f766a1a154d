"""The calendar day of an instant, which is worked out once for each second."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from engine.customers.birthday import day_of

ZONES = (
    "Asia/Shanghai",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "UTC",
)
instants = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001


@given(instants, st.sampled_from(ZONES))
@example(datetime(2025, 11, 8, 15, 59, 59, 999_000), "Asia/Shanghai")  # noqa: DTZ001
@example(datetime(2025, 11, 8, 16), "Asia/Shanghai")  # noqa: DTZ001
@example(datetime(2010, 11, 7, 2, 30, 59), "America/St_Johns")  # noqa: DTZ001
@example(datetime(2010, 11, 7, 2, 31), "America/St_Johns")  # noqa: DTZ001
@example(datetime(1972, 1, 7, 0, 44, 29), "Africa/Monrovia")  # noqa: DTZ001
@example(datetime(1972, 1, 7, 0, 44, 30), "Africa/Monrovia")  # noqa: DTZ001
def test_the_day_of_an_instant_is_that_of_the_zones_clock(when: datetime, name: str) -> None:
    zone, instant = ZoneInfo(name), when.replace(tzinfo=UTC)
    now = round(instant.timestamp() * 1000)
    clock = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    assert day_of(now, zone) == clock.date()


def test_where_clocks_were_turned_at_one_past_midnight_the_day_went_back() -> None:
    """Newfoundland, 7 November 2010: a minute after midnight it was the evening before again."""
    zone = ZoneInfo("America/St_Johns")
    days = [
        day_of(round(datetime(2010, 11, 7, 2, minute, tzinfo=UTC).timestamp() * 1000), zone).day
        for minute in (29, 30, 31, 45)
    ]
    assert days == [6, 7, 6, 6]
