"""R4 for many at once: what `engine.customers.contact` says of each."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from engine.customers.contact import ContactConfig, Preference, answers_of, preference_of
from tests.training.outreach import town
from tests.worlds import NOW, SHOP
from training.reach import everybodys_answers, preferences

HOURS = {  # the owl answers at 16:05 UTC, and nobody else does
    "Asia/Shanghai": 0,
    "Asia/Yangon": 23,
    "Asia/Kabul": 21,
    "Australia/Adelaide": 3,
    "America/St_Johns": 13,
    "Pacific/Marquesas": 7,
    "Asia/Kathmandu": 22,
}


@pytest.mark.parametrize("name", HOURS)
def test_R4_lists_tell_the_hour_that_the_profile_tells_in_every_zone(name: str) -> None:
    tea, _ = town(shop={**SHOP["shop"], "time_zone": name})  # type: ignore[dict-item]
    rows = np.arange(len(tea.customers), dtype=np.int32)
    everybody = everybodys_answers(tea, None)
    found = preferences(rows, tea, None, everybody, NOW)
    alone = [
        preference_of(
            answers_of(tea.snapshot.history_of(row).reach),
            tea.answers,
            ContactConfig(),
            NOW,
            ZoneInfo(name),
        )
        for row in rows.tolist()
    ]
    assert found == alone == [Preference("sms", HOURS[name])] * len(rows)
