"""P2, A3: a tier is told once, whenever its order reached the log, and never to all at once."""

import errno
import io
import json
from pathlib import Path

import pytest

from engine.bundle import Bundle
from engine.customers.outreach import OutreachConfig
from engine.events import EventType
from engine.shop import ShopConfig
from tests.training.outreach import PEOPLE, day, ledger_in, town
from tests.training.test_triggers import FESTIVALS, LABEL, rules, told, trigger, who
from tests.worlds import event
from training.persons import Persons
from training.sent import open_ledger
from training.triggers import try_triggers

World = tuple[Bundle, ShopConfig]
TIER = rules(trigger("tier", late_days=2))
CLICKS = [each for each in PEOPLE["owl"] if each.type is not EventType.PURCHASE]
BEFORE = {**PEOPLE, "owl": CLICKS}


def rich(customer: str, on: float, **sections: object) -> World:
    """The owl's order is in the log, and one of 4,000 yuan that somebody made on a day of it."""
    more = event(99, EventType.PURCHASE, "black", on, unit_price_minor=4_000_00, order_id="late")
    return town({**PEOPLE, customer: [*PEOPLE[customer], more]}, **sections)


def test_a_tier_that_was_reached_before_the_first_run_is_never_told(tmp_path: Path) -> None:
    for later in (0, 1, 5, 6):
        assert told(day(town(), later), TIER, tmp_path) == []


def test_a_tier_is_told_once_also_where_its_order_came_late(tmp_path: Path) -> None:
    assert told(day(town(BEFORE)), TIER, tmp_path) == []
    (line,) = told(day(town(), 1), TIER, tmp_path)  # 11 days after the order
    assert (line["customer_id"], line["tier"]) == ("owl", "star_1")
    assert line["occasions"] == ["2025-10-29T08:53:20.000+00:00"], "when it was reached"
    assert [told(day(town(), later), TIER, tmp_path) for later in (1, 2, 9)] == [[], [], []]


def test_a_job_that_stood_still_tells_what_it_missed(tmp_path: Path) -> None:
    assert told(day(town(), -25), TIER, tmp_path) == []
    assert who(told(day(town(), 0), TIER, tmp_path)) == ["owl"], "on day 20, and 10 days ago"


def test_the_first_run_tells_those_of_its_window(tmp_path: Path) -> None:
    assert who(told(day(town(), -8), TIER, tmp_path)) == ["owl"]
    assert told(day(town(), -7), TIER, tmp_path) == []


def test_who_may_not_be_told_is_not_told_years_later(tmp_path: Path) -> None:
    assert told(day(town(BEFORE)), TIER, tmp_path) == []
    assert told(day(town(), 1, {"owl"}), TIER, tmp_path) == []
    assert told(day(town(), 5), TIER, tmp_path) == []


def test_who_may_be_told_within_the_late_days_is(tmp_path: Path) -> None:
    assert told(day(town(BEFORE)), TIER, tmp_path) == []
    assert told(day(town(), 1, {"owl"}), TIER, tmp_path) == []
    assert who(told(day(town(), 3), TIER, tmp_path)) == ["owl"]


def test_what_a_cap_keeps_back_is_told_when_it_may(tmp_path: Path) -> None:
    festival = trigger("festival", late_days=0, festivals=["singles"])
    cap = OutreachConfig(messages=1, days=1)
    both = rules(festival, trigger("tier", late_days=2), outreach=cap)
    assert told(day(town(BEFORE)), both, tmp_path) == []
    lines = told(day(town(festivals=FESTIVALS), 3), both, tmp_path)
    assert "owl" in who(lines)
    assert {line["trigger"] for line in lines} == {"festival"}
    assert who(told(day(town(), 4.1), both, tmp_path)) == ["owl"]


def test_a_ladder_that_is_made_easier_tells_nobody_of_what_is_long_past(tmp_path: Path) -> None:
    easier = {"tiers": [{"name": "star_1", "label": LABEL, "points": 50, "price": 0.9}]}
    assert told(day(town()), TIER, tmp_path) == []
    assert told(day(town(loyalty=easier), 1), TIER, tmp_path) == [], "mei has 70 points"
    assert told(day(town(loyalty=easier), 2), TIER, tmp_path) == []
    assert who(told(day(rich("=cmd()", 10, loyalty=easier), 3), TIER, tmp_path)) == ["=cmd()"]
    assert told(day(town(), 4), TIER, tmp_path) == []
    assert who(told(day(rich("lin", 10), 5), TIER, tmp_path)) == ["lin"]


def test_a_dry_run_meets_nobody(tmp_path: Path) -> None:
    assert told(day(town(BEFORE)), TIER, tmp_path) == []
    for _ in range(2):
        file = io.StringIO()
        with open_ledger(ledger_in(tmp_path), only_looking=True) as book:
            try_triggers(day(town(), 1), TIER, book, file)
        assert [json.loads(line)["customer_id"] for line in file.getvalue().splitlines()] == ["owl"]
    assert told(day(town(), 9), TIER, tmp_path)[0]["customer_id"] == "owl"


def test_a_run_that_fails_has_met_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_disk(_: int) -> None:
        raise OSError(errno.EIO, "the disk is away")

    assert told(day(town(BEFORE)), TIER, tmp_path) == []
    with monkeypatch.context() as patch:
        patch.setattr("training.sending.os.fsync", no_disk)
        with pytest.raises(OSError, match="the disk is away"):
            told(day(town(), 1), TIER, tmp_path)
    assert who(told(day(town(), 9), TIER, tmp_path)) == ["owl"]


@pytest.mark.parametrize("late", [3.5, 12, 25])
def test_late_orders_of_several_customers_are_told_each_once(late: float, tmp_path: Path) -> None:
    assert told(day(town()), TIER, tmp_path) == []
    world = rich("lin", 30 - late)
    assert who(told(day(world, 0.5), TIER, tmp_path)) == ["lin"], "the owl was met before"
    assert told(day(world, 0.6), TIER, tmp_path) == []


def test_who_was_met_under_another_id_was_met(tmp_path: Path) -> None:
    linked = Persons({"card": "mei"}, {"mei": ("card",)})
    with open_ledger(tmp_path / "l") as book, book.sending("x", tmp_path / "x", 1) as sending:
        book.sightings.remember("tier", "card", {"star_1": 5, "star_2": 6})
        book.sightings.remember("tier", "mei", {"star_1": 7})
        book.sightings.remember("other", "mei", {"diamond": 8})
        sending.part.touch()
        sending.done()
    with open_ledger(tmp_path / "l", linked) as book:
        assert book.sightings.since("tier", "mei") == {"star_1": 5, "star_2": 6}
        assert book.sightings.since("tier", "lin") == {}
