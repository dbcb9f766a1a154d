"""A2: lists of one name are one list, and its control group stays one."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.customers.outreach import OutreachConfig
from engine.types import DAY_MS
from tests.training.outreach import ledger_in
from tests.training.test_audience import LIN, MEI, OWL, plan, write
from tests.worlds import NOW
from training.audience import Plan
from training.persons import Persons
from training.reasoned import Offer
from training.sent import Known, Message, Subject, open_ledger

OFTEN = plan(config=OutreachConfig(messages=99, days=7, repeat_days=30))


def days_later(days: int) -> Offer:
    return replace(OFTEN.offer, now=NOW + days * DAY_MS)


def test_who_was_sent_a_list_is_left_out_of_the_next_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, "1.csv", OFTEN, [MEI, LIN])
    tally, table = write(tmp_path, "2.csv", OFTEN)
    assert (tally.chosen, tally.sent_before, tally.capped, tally.written) == (4, 2, 0, 2)
    assert set(table["customer_id"]) == {"'=cmd()", "owl"}
    tally, _ = write(tmp_path, "other.csv", replace(OFTEN, name="summer"))
    assert (tally.sent_before, tally.written) == (0, 4)
    tally, _ = write(tmp_path, "later.csv", replace(OFTEN, offer=days_later(1)))
    assert (tally.sent_before, tally.written) == (0, 4), "the list of another day is a new one"


def test_who_was_held_out_of_a_list_is_never_sent_it(tmp_path: Path) -> None:
    """Not even where the share is forgotten the next time."""
    half = replace(OFTEN, holdout=0.5)
    first, table = write(tmp_path, "1.csv", half)
    assert 0 < first.held_out < 4
    again, _ = write(tmp_path, "2.csv", OFTEN)
    assert (again.written, again.sent_before) == (0, first.written)
    assert again.held_out == again.held_before == first.held_out
    later, once_more = write(tmp_path, "3.csv", replace(OFTEN, offer=days_later(400)))
    assert later.held_before == first.held_out
    assert set(once_more["customer_id"]) == set(table["customer_id"])


def test_who_was_sent_a_list_is_no_control_of_it(tmp_path: Path) -> None:
    write(tmp_path, "1.csv", OFTEN)
    tally, _ = write(tmp_path, "2.csv", replace(OFTEN, holdout=0.9))
    assert (tally.sent_before, tally.held_out) == (4, 0)


def test_a_second_wave_may_bear_the_name_of_the_first(tmp_path: Path) -> None:
    write(tmp_path, "1.csv", replace(OFTEN, holdout=0.5))
    held = write(tmp_path, "2.csv", OFTEN)[0].held_before
    tally, _ = write(tmp_path, "3.csv", replace(OFTEN, again=True))
    assert (tally.sent_before, tally.held_before, tally.written) == (0, held, 4 - held)


def test_the_second_wave_knows_all_lists_of_the_round(tmp_path: Path) -> None:
    """The latest may hold only whom the first left out."""
    month = replace(OFTEN, config=OutreachConfig(messages=99, days=7, list_hours=720))
    write(tmp_path, "1.csv", month, [MEI, LIN])
    write(tmp_path, "2.csv", replace(month, offer=days_later(2)), [MEI, LIN, OWL])
    write(tmp_path, "3.csv", replace(month, offer=days_later(3)), [MEI])
    with open_ledger(ledger_in(tmp_path)) as book:
        assert book.members("spring", 30 * DAY_MS) == {
            "mei": NOW,
            "lin": NOW,
            "owl": NOW + 2 * DAY_MS,
        }
        assert book.members("spring", DAY_MS) == {"owl": NOW + 2 * DAY_MS}


def test_who_has_several_ids_is_one_in_lists_of_one_name(tmp_path: Path) -> None:
    with (
        open_ledger(ledger_in(tmp_path)) as book,
        book.sending("spring", tmp_path / "a.csv", NOW) as sending,
    ):
        sending.part.write_text("")
        sending.add([Message("old-mei"), Message("old-owl", held=True)])
        sending.done()
    persons = Persons(
        {"old-mei": "mei", "old-owl": "owl"}, {"mei": ("old-mei",), "owl": ("old-owl",)}
    )
    with open_ledger(ledger_in(tmp_path), persons) as book:
        assert book.known("spring", ["mei", "lin", "owl"], NOW - 1) == Known(
            frozenset({"mei"}), frozenset({"owl"})
        )
        assert not book.known("spring", ["mei", "lin"], NOW).sent
        assert book.known("summer", ["mei", "owl"], 0) == Known(frozenset(), frozenset())


def about(name: str, **settings: Any) -> Plan:
    """A list of the campaign milk, which began a day ago."""
    return replace(OFTEN, name=name, about="campaign:milk", once_since=NOW - DAY_MS, **settings)


def test_P5_who_was_sent_a_campaign_is_left_out_of_its_next_list_of_any_name(
    tmp_path: Path,
) -> None:
    write(tmp_path, "1.csv", about("first"), [MEI, LIN])
    tally, table = write(tmp_path, "2.csv", about("second", offer=days_later(9)))
    assert (tally.sent_before, tally.capped, tally.written) == (2, 0, 2)
    assert set(table["customer_id"]) == {"'=cmd()", "owl"}
    tally, _ = write(tmp_path, "3.csv", about("third", offer=days_later(9)))
    assert (tally.sent_before, tally.written) == (4, 0)
    other = replace(about("third"), about="campaign:tea")
    assert write(tmp_path, "4.csv", other)[0].written == 4, "another campaign"
    next_year = replace(about("first", offer=days_later(365)), once_since=NOW + 360 * DAY_MS)
    assert write(tmp_path, "5.csv", next_year)[0].written == 4, "the name came again"


def test_who_was_held_out_of_a_campaign_stays_so_in_its_lists_of_any_name(tmp_path: Path) -> None:
    first, _ = write(tmp_path, "1.csv", about("summer", holdout=0.3))
    assert 0 < first.held_out < 4
    again, _ = write(tmp_path, "2.csv", about("second"))
    assert (again.written, again.held_before) == (0, first.held_out)
    assert write(tmp_path, "3.csv", replace(OFTEN, name="third"))[0].written == 4


def test_a_ledger_of_before_knows_campaigns_by_the_names_of_their_lists(tmp_path: Path) -> None:
    write(tmp_path, "1.csv", about("campaign:milk"), [MEI])
    with closing(sqlite3.connect(ledger_in(tmp_path))) as file, file:
        file.execute("ALTER TABLE lists DROP COLUMN about")
    with open_ledger(ledger_in(tmp_path), only_looking=True) as book:
        known = book.known("x", ["mei", "lin"], NOW, Subject("campaign:milk", NOW - DAY_MS))
        assert known.sent == {"mei"}
    tally, _ = write(tmp_path, "2.csv", about("second"))
    assert (tally.sent_before, tally.written) == (1, 3)
    assert write(tmp_path, "3.csv", about("third"))[0].sent_before == 4, "and goes on"
