"""A list made of a bundle of some days ago counts by the moment of sending, as triggers do."""

from pathlib import Path
from typing import Any

from engine.customers.outreach import OutreachConfig
from engine.types import DAY_MS
from tests.training.outreach import LABEL, day, ledger_in, rules, told, town, trigger
from tests.training.test_audience import (
    ALL,
    MEI,
    STATES,
    TEA,
    plan,
    write,
)
from tests.worlds import NOW
from training.audience import Tally
from training.choosing import not_converted
from training.reasoned import Offer
from training.sent import open_ledger

SHUT = 8  # days between the end of the log and the sending
SENT_AT = NOW + SHUT * DAY_MS
WEEK = OutreachConfig(messages=2, days=7, repeat_days=0, list_hours=12)


def sent(folder: Path, out: str, later: float = 0, **settings: Any) -> Tally:
    """`later`: days after the first sending; the bundle stays the same."""
    at = SENT_AT + round(later * DAY_MS)
    return write(folder, out, plan(config=WEEK, sent_at=at, **settings))[0]


def test_A1_a_cap_counts_lists_and_triggers_of_one_week_together(tmp_path: Path) -> None:
    assert sent(tmp_path, "1.csv", name="one").written == 4
    assert sent(tmp_path, "2.csv", name="two").written == 4
    singles = {"name": "singles", "label": LABEL, "solar": "11-16"}
    today = day(town(festivals=[singles]), SHUT)
    festival = rules(trigger("festival", festivals=["singles"]), outreach=WEEK)
    assert len(told(today, festival)) == 4, "somebody would be told"
    assert told(today, festival, tmp_path) == [], "two in a week are enough"


def test_the_list_of_the_next_day_is_a_new_one_without_a_new_bundle(tmp_path: Path) -> None:
    assert sent(tmp_path, "1.csv").written == 4
    assert sent(tmp_path, "2.csv", later=0.25).sent_before == 4
    assert sent(tmp_path, "3.csv", later=1).written == 4
    assert sent(tmp_path, "4.csv", later=2).capped == 4
    assert sent(tmp_path, "5.csv", later=7.5).written == 4


def test_A2_an_order_of_before_the_sending_is_no_answer_to_it(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", plan(offer=Offer(2, NOW - 26 * DAY_MS), sent_at=NOW - 24 * DAY_MS))
    with open_ledger(ledger_in(tmp_path)) as book:
        members = book.members("spring")
    assert set(members.values()) == {NOW - 24 * DAY_MS}
    assert MEI not in not_converted(members, STATES, TEA), "she ordered later"
    old = dict.fromkeys(members, NOW + 9_000 * DAY_MS)
    assert not_converted(old, STATES, TEA).tolist() == ALL.tolist(), "nobody, of a log of the past"
