"""R4: the hour at which somebody answers, told by the clock of their zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.customers.contact import ContactConfig, Preference, preference_of

SUMMER = datetime(2025, 1, 15, tzinfo=UTC)  # of the south
ZONES = {
    "Asia/Shanghai": 8.0,
    "UTC": 0.0,
    "America/New_York": -5.0,
    "Asia/Kolkata": 5.5,
    "Asia/Yangon": 6.5,
    "Asia/Kabul": 4.5,
    "Australia/Adelaide": 10.5,
    "America/St_Johns": -3.5,
    "Pacific/Marquesas": -9.5,
    "Asia/Kathmandu": 5.75,
    "Australia/Eucla": 8.75,
    "Pacific/Chatham": 13.75,
}


def told(at: datetime) -> int:
    """The hour for who always answers at this instant, told on the day after."""
    now = round((SUMMER.timestamp() + 86_400) * 1000)
    zone = at.tzinfo
    assert isinstance(zone, ZoneInfo)
    answers = {("app", at.astimezone(UTC).hour): 5}
    found = preference_of(answers, answers, ContactConfig(), now, zone)
    assert isinstance(found, Preference)
    return found.hour


@pytest.mark.parametrize("name", ZONES)
def test_R4_who_answers_at_a_full_hour_is_reached_at_that_hour_in_every_zone(name: str) -> None:
    zone = ZoneInfo(name)
    assert SUMMER.astimezone(zone).utcoffset() == timedelta(hours=ZONES[name])
    midnight = datetime(2025, 1, 15, tzinfo=zone)
    hours = [midnight.replace(hour=hour) for hour in range(24)]
    assert [told(each) for each in hours] == [*range(24)]


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        ("Asia/Shanghai", range(60)),
        ("Asia/Yangon", range(-30, 30)),
        ("Pacific/Marquesas", range(-30, 30)),
        ("Asia/Kathmandu", range(-15, 45)),
    ],
)
def test_R4_an_hour_that_is_told_stands_for_the_hour_of_utc_around_it(
    name: str, minutes: range
) -> None:
    nine = datetime(2025, 1, 15, 21, tzinfo=ZoneInfo(name))
    found = {minute for minute in range(-90, 120) if told(nine + timedelta(minutes=minute)) == 21}
    assert found == {*minutes}
