"""A3: what a shop says by itself; the tea shop's log ends on 8 November 2025, 16:53 in Shanghai."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.customers.outreach import OutreachConfig
from engine.customers.repurchase import Cycles
from engine.customers.supplies import Supplies
from engine.customers.triggers import FestivalConfig
from engine.errors import ConfigError
from engine.events import EventType
from engine.happened import Happened
from engine.shop import check_shop
from engine.types import DAY_MS
from tests.training.outreach import (
    FESTIVALS,
    LABEL,
    PEOPLE,
    day,
    rules,
    told,
    town,
    trigger,
)
from tests.worlds import NOW, SHOP, START, event
from training.festivals import falls_on, near

PROFILE = EventType.PROFILE


def who(lines: list[dict[str, Any]]) -> list[str]:
    return [line["customer_id"] for line in lines]


def born(birthday: str, **more: str) -> dict[str, object]:
    """mei and the two who opted out have this birthday."""
    said = {"birthday": birthday, **more}
    people = dict(PEOPLE)
    for number, name in enumerate(("mei", "no-mail", "no-data"), start=90):
        people[name] = [*people[name], event(number, PROFILE, None, 3, properties=said)]
    return people  # type: ignore[return-value]


def test_A3_a_birthday_is_told_on_its_day_and_to_nobody_who_opted_out() -> None:
    world = town(born("1990-11-08"))  # type: ignore[arg-type]
    birthday = rules(trigger("birthday", late_days=0))
    lines = told(day(world), birthday)
    assert who(lines) == ["mei"]
    assert lines[0]["occasions"] == ["2025-11-08"]
    assert lines[0]["id"] == "birthday/mei/2025-11-08"
    assert told(day(world, -1), birthday) == told(day(world, 1), birthday) == []
    assert told(day(world, 0, {"mei"}), birthday) == [], "the shop says that she gets nothing"
    before = rules(trigger("birthday", days_before=3, late_days=0))
    assert who(told(day(world, -3), before)) == ["mei"]


def test_A3_a_birthday_begins_at_the_customers_own_midnight() -> None:
    birthday = rules(trigger("birthday", late_days=0))
    here = town(born("1990-11-09"))  # type: ignore[arg-type]
    there = town(born("1990-11-09", time_zone="Pacific/Auckland"))  # type: ignore[arg-type]
    nowhere = town(born("1990-11-09", time_zone="Mars/Olympus"))  # type: ignore[arg-type]
    evening = 5 / 24  # 21:53 in Shanghai, 02:53 of the ninth in Auckland
    assert who(told(day(there, evening), birthday)) == ["mei"]
    assert told(day(here, evening), birthday) == told(day(nowhere, evening), birthday) == []
    assert day(there, evening).states["days_to_birthday"][0] == 0
    assert day(here, evening).states["days_to_birthday"][0] == 1


@pytest.mark.parametrize(("later", "occasion"), [(112, "2026-02-28"), (843, "2028-02-29")])
def test_A3_who_was_born_on_29_february_is_greeted_each_year(later: int, occasion: str) -> None:
    world = town(born("1992-02-29"))  # type: ignore[arg-type]
    lines = told(day(world, later), rules(trigger("birthday", late_days=0)))
    assert [line["occasions"] for line in lines] == [[occasion]]


@pytest.mark.parametrize(
    ("said", "year", "falls"),
    [
        ({"lunar": "01-01"}, 2026, date(2026, 2, 17)),
        ({"lunar": "08-15"}, 2025, date(2025, 10, 6)),  # a leap sixth month lies before it
        ({"lunar": "05-05"}, 2026, date(2026, 6, 19)),
        ({"lunar": "12-last"}, 2025, date(2026, 2, 16)),  # of 29 days
        ({"lunar": "12-last"}, 2024, date(2025, 1, 28)),
        ({"lunar": "12-30"}, 2023, date(2024, 2, 9)),  # of 30 days
        ({"lunar": "12-30"}, 2024, date(2025, 1, 28)),  # of 29 days, as are the next four
        ({"lunar": "08-30"}, 2025, date(2025, 10, 20)),  # of 29 days
        ({"term": "清明"}, 2026, date(2026, 4, 5)),
        ({"term": "冬至"}, 2025, date(2025, 12, 21)),
        ({"solar": "11-11"}, 2025, date(2025, 11, 11)),
        ({"solar": "02-29"}, 2025, None),
        ({"lunar": "01-01"}, 2200, None),
    ],
)
def test_A3_festivals_fall_where_the_calendar_says(
    said: dict[str, str], year: int, falls: date | None
) -> None:
    assert (
        falls_on(FestivalConfig.model_validate({"name": "f", "label": LABEL, **said}), year)
        == falls
    )


@pytest.mark.parametrize("said", ["12-last", "12-30"])
def test_new_years_eve_of_the_old_year_is_found_in_the_new_one(said: str) -> None:
    eve = FestivalConfig.model_validate({**FESTIVALS[1], "lunar": said})
    assert date(2026, 2, 16) in near(eve, date(2026, 2, 14))


def test_A3_a_festival_is_told_to_all_whom_the_condition_names(tmp_path: Path) -> None:
    world = town(festivals=FESTIVALS)
    lines = told(day(world, 3), rules(trigger("festival", late_days=0)))
    assert who(lines) == ["mei", "lin", "=cmd()", "owl"]
    assert {line["festival"] for line in lines} == {"singles"}
    other = rules(trigger("festival", festivals=["spring"], late_days=0))
    assert told(day(world, 3), other) == []
    assert len(told(day(world, 101), other)) == 4, "17 February 2026"


def test_C2_care_is_told_as_the_first_of_three_units_runs_out() -> None:
    more = event(91, EventType.PURCHASE, "milk", 20, quantity=3, unit_price_minor=1000)
    tea, shop = town({**PEOPLE, "lin": [*PEOPLE["lin"], more]})
    cycles = replace(tea.cycles, per_unit=tea.cycles.per_unit | True)
    world = replace(tea, cycles=replace(cycles, days=cycles.days * 0 + 7)), shop
    care = rules(trigger("care", late_days=0))
    days = {later: told(day(world, later), care) for later in (-4.5, -3.9, -3.5, -2.5)}
    assert [len(days[later]) for later in days] == [0, 0, 1, 0], "day 26.3 of the log"
    assert (who(days[-3.5]), days[-3.5][0]["items"]) == (["lin"], ["milk"])


def cans(number: int, day: float, order: str, units: int = 3) -> Happened:
    more = {"quantity": units, "unit_price_minor": 1000, "order_id": order}
    return event(number, EventType.PURCHASE, "milk", day, **more)


def test_C2_care_is_told_of_units_that_were_kept_by_customers_who_are_new() -> None:
    """Each keeps three or one of the cans of day 23, which all last 20 days."""
    back = replace(cans(93, 24, "new", units=2), type=EventType.REFUND)
    old = cans(94, -60, "old")
    people = {
        "keeps": [cans(92, 23, "new")],
        "sends back": [cans(92, 23, "new"), back],
        "sends back, and bought long ago": [old, cans(92, 23, "new"), back],
        "keeps, and bought long ago": [old, cans(92, 23, "new")],
        "ordinary": [cans(92, 23, "new"), *[cans(95 + i, i, f"o{i}", 1) for i in range(4)]],
    }
    tea, shop = town({**PEOPLE, **people})
    care = rules(trigger("care", late_days=0))
    assert who(told(day((tea, shop), -0.5), care)) == ["keeps", "keeps, and bought long ago"]
    cans_of_7_days = Cycles(tea.cycles.days * 0 + 7, tea.cycles.per_unit | True)
    known = replace(tea, cycles=cans_of_7_days).repurchase
    lasts = {
        name: Supplies(tea.customer_items.of(tea.customers.row(name)), known, NOW).days.tolist()
        for name in list(people)[:4]
    }
    assert list(lasts.values()) == [[21], [7], [7], [21]]


def test_C3_due_is_told_of_what_was_bought_more_than_once() -> None:
    due = rules(trigger("due"))
    lines = told(day(town()), due)
    assert [(line["customer_id"], line["items"]) for line in lines] == [("mei", ["green"])]
    assert told(day(town(), -4), due) == told(day(town(), 5), due) == []
    assert "lin" not in who(told(day(town(), -5), due)), "one cup, 20 days ago"


def test_C3_what_came_back_of_the_last_time_was_kept_of_one_time_alone() -> None:
    """mei bought green on days 0 and 10; the second comes back."""
    back = event(92, EventType.REFUND, "green", 11, order_id="o2", unit_price_minor=5000)
    people = {**PEOPLE, "mei": [*PEOPLE["mei"], back]}
    assert who(told(day(town(people)), rules(trigger("due")))) == []


def test_a_message_names_its_items_and_when_what_caused_it_happened() -> None:
    """The id of the message keeps the ledger's words: another one would be told again."""
    (line,) = told(day(town()), rules(trigger("due")))
    assert (line["items"], line["titles"]) == (["green"], ["Green tea"])
    assert line["occasions"] == ["2025-10-19T08:53:20.000+00:00"], "day 10 of the log"
    assert line["id"] == f"due/mei/green {START + 10 * DAY_MS}"
    (asleep,) = told(day(town(), 65.5), rules(trigger("wake_up", late_days=0)))
    assert asleep["occasions"] == ["2025-10-14T08:53:20.000+00:00"]
    assert (asleep["items"], asleep["titles"]) == ([], [])
    festive = rules(trigger("festival", late_days=0))
    lines = told(day(town(festivals=FESTIVALS), 3), festive)
    assert {tuple(each["occasions"]) for each in lines} == {("2025-11-11",)}


def test_C5_wake_up_is_told_once_somebody_has_just_become_dormant() -> None:
    wake = rules(trigger("wake_up", late_days=0))
    lines = told(day(town(), 65.5), wake)  # lin's only order was on day 5
    assert [(line["customer_id"], line["offer"]) for line in lines] == [("lin", "discount")]
    assert told(day(town(), 64), wake) == []
    assert "lin" not in who(told(day(town(), 70), wake))


def test_P2_a_tier_is_told_with_its_voucher_when_it_was_reached() -> None:
    lines = told(day(town(), -9.5), rules(trigger("tier", late_days=1)))  # the owl spent 4,000
    assert [(line["customer_id"], line["tier"], line["voucher_minor"]) for line in lines] == [
        ("owl", "star_1", 20000)
    ]
    assert lines[0]["occasions"] == ["2025-10-29T08:53:20.000+00:00"], "day 20 of the log"
    assert told(day(town(), 0), rules(trigger("tier", late_days=1))) == []


def test_A3_one_cause_makes_one_message_also_in_a_second_run(tmp_path: Path) -> None:
    world = town(born("1990-11-08"))  # type: ignore[arg-type]
    both = rules(trigger("birthday"), trigger("due"))
    assert [line["trigger"] for line in told(day(world), both, tmp_path)] == ["birthday", "due"]
    assert told(day(world), both, tmp_path) == []
    assert told(day(world, 1), both, tmp_path) == [], "a day late, and told already"
    assert len(told(day(world), both)) == 2, "a dry run knows another ledger"


def test_A1_triggers_and_lists_share_one_cap_and_what_waits_is_told_later(tmp_path: Path) -> None:
    world = town(born("1990-11-08"))  # type: ignore[arg-type]
    cap = OutreachConfig(messages=1, days=1)
    both = rules(trigger("birthday"), trigger("due"), outreach=cap)
    assert [line["trigger"] for line in told(day(world), both, tmp_path)] == ["birthday"]
    assert [line["trigger"] for line in told(day(world, 1.1), both, tmp_path)] == ["due"]


@pytest.mark.parametrize(
    ("sections", "fault"),
    [
        (
            {"triggers": [trigger("birthday", when={"field": "mood", "op": "=", "value": 1})]},
            "triggers[0].when.field: 'mood' is no field; ",
        ),
        (
            {"triggers": [trigger("festival", festivals=["xmas"])], "festivals": FESTIVALS},
            "triggers[0].festivals: 'xmas' is no festival; allowed: eve, qingming, singles, spring",
        ),
        ({"triggers": [trigger("due", days_before=1)]}, "triggers[0]: days_before does not suit"),
        ({"triggers": [trigger("due", festivals=["x"])]}, "triggers[0]: festivals do not suit"),
        (
            {"triggers": [trigger("tier", scarce={})]},
            "triggers[0]: scarce does not suit on = 'tier', which names no item",
        ),
        ({"triggers": [trigger("due"), trigger("due")]}, "triggers: due is there twice"),
        ({"triggers": [trigger("rain")]}, "triggers[0].on: Input should be 'birthday', 'festival'"),
        ({"festivals": [FESTIVALS[0]] * 2}, "festivals: spring is there twice"),
        (
            {"festivals": [{**FESTIVALS[3], "term": "夏天"}]},
            "festivals[0]: '夏天' is no solar term; allowed: 小寒, 大寒",
        ),
        (
            {"festivals": [{**FESTIVALS[2], "solar": "02-30"}]},
            "festivals[0].solar: '02-30' is no day",
        ),
        ({"festivals": [{**FESTIVALS[2], "lunar": "01-01"}]}, "needs exactly one of solar, lunar"),
        ({"outreach": {"messages": 0}}, "outreach.messages: Input should be greater"),
    ],
)
def test_wrong_triggers_are_refused_with_file_and_key(
    sections: dict[str, object], fault: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        check_shop({**SHOP, **sections}, "shop.toml")
    assert f"shop.toml: {fault}" in str(refused.value) or fault in str(refused.value)
