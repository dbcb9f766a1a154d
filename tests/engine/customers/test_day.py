"""The calendar day of an instant, which is worked out once for each quarter of an hour."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from engine.customers.birthday import day_of

ZONES = ("Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "UTC")
instants = st.datetimes(datetime(1973, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001


@given(instants, st.sampled_from(ZONES))
@example(datetime(2025, 11, 8, 15, 59, 59, 999_000), "Asia/Shanghai")  # noqa: DTZ001
@example(datetime(2025, 11, 8, 16), "Asia/Shanghai")  # noqa: DTZ001
def test_the_day_of_an_instant_is_that_of_the_zones_clock(when: datetime, name: str) -> None:
    zone, instant = ZoneInfo(name), when.replace(tzinfo=UTC)
    now = round(instant.timestamp() * 1000)
    clock = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    assert day_of(now, zone) == clock.date()
