"""R1, R6 in lists and batches: ann and bob share a home, eve's card is eve; nobody asks a store."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import Bundle, Linked
from engine.customers.history import EMPTY_HISTORY, fold_all
from engine.customers.identity import HOUSEHOLD, Identity, Link, to_text
from engine.customers.outreach import Cause, OutreachConfig
from engine.customers.snapshot import snapshot_of
from engine.events import EventType
from engine.happened import Happened
from engine.ids import IdMap
from engine.item_history import count
from engine.shop import schemes_of
from engine.slots import SlotPlan, check_slots
from engine.text import TextColumn
from engine.types import DAY_MS
from tests.training.outreach import ledger_in, town
from tests.worlds import CUP, MILK, NOW, at_any_time, customer_items, event
from training.causes import Day
from training.choosing import likeliest, with_open
from training.persons import left_at_home, persons_of
from training.reasoned import Offer, reasoned
from training.segments import states_under
from training.sent import Message, open_ledger
from training.slates import slates_for
from training.triggers import Rules, try_triggers

BUY, CONSENT = EventType.PURCHASE, EventType.CONSENT
LATELY = event(90, BUY, "milk", 28, unit_price_minor=1000, order_id="b")
PEOPLE: Mapping[str, Sequence[Happened]] = {
    "ann": [
        event(80, BUY, "milk", 0, unit_price_minor=1000, order_id="a1"),
        event(81, BUY, "milk", 10, unit_price_minor=1000, order_id="a2"),
    ],
    "bob": [LATELY],
    "cat": [
        event(82, BUY, "milk", 0, unit_price_minor=1000, order_id="c1"),
        event(83, BUY, "milk", 10, unit_price_minor=1000, order_id="c2"),
    ],
    "eve": [event(84, EventType.VIEW, "milk", 20)],
}
ANN, BOB, CAT, EVE = range(4)
EVERYBODY = np.arange(4, dtype=np.int32)
HOME = Identity(
    homes={f"c:{name}": Link(f"c:{name}", "h:17", HOUSEHOLD, NOW) for name in ("ann", "bob")}
)
CARD = Identity(links={"c:card": Link("c:card", "c:eve", "pos_card", NOW)})


def homes(people: Mapping[str, Sequence[Happened]] = PEOPLE) -> Bundle:
    tea, shop = town(people)
    ids = {"c:ann": HOME, "c:bob": HOME, "c:card": CARD, "c:eve": CARD}
    told = [people.get(node[2:], ()) for node in ids]
    items = [
        count(events, tea.items.rows([e.item_id or "" for e in events]), shop.interactions, NOW)
        for events in told
    ]
    linked = Linked(
        IdMap.build(list(ids)),
        TextColumn.build([to_text(identity) for identity in ids.values()]),
        snapshot_of([fold_all(EMPTY_HISTORY, events) for events in told]),
        customer_items(items),
    )
    return replace(tea, linked=linked)


def opted_out(who: str) -> dict[str, Sequence[Happened]]:
    no = event(99, CONSENT, None, 29, properties={"personal": False})
    return {**PEOPLE, who: [*PEOPLE[who], no]}


def slot(repeat: str = "when_due") -> SlotPlan:
    raw = {"title": {"en": "x", "zh": "x"}, "sources": {"popular": 1}, "repeat": repeat}
    return check_slots({"my": raw}, "slots.toml", town()[1])["my"]


def today(tea: Bundle) -> Day:
    schemes = schemes_of(tea.shop)
    return Day(tea, schemes, with_open(states_under(tea, schemes, NOW), tea, ()), (), NOW)


def offered_milk(tea: Bundle, repeat: str = "when_due") -> list[bool]:
    slates = slates_for(EVERYBODY, slot(repeat), tea, 6, processes=1)
    messages = reasoned(EVERYBODY, {}, slot(repeat), tea, Offer(n=6, now=NOW))
    offered = (slates.rows == MILK).any(axis=1).tolist()
    assert offered == (messages.rows == MILK).any(axis=1).tolist(), "a message is as a batch"
    return offered


def test_R6_a_batch_and_a_list_leave_out_what_is_at_home() -> None:
    assert offered_milk(homes()) == [False, False, True, True], "ann's milk is used up, bob's not"
    assert offered_milk(homes(), "always") == [True] * 4


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_A6_who_opted_out_neither_tells_nor_is_told_what_is_at_home(who: str) -> None:
    assert offered_milk(homes(opted_out(who)))[ANN]


@pytest.mark.parametrize("world", [homes(), at_any_time(homes())], ids=["cyclic", "any time"])
def test_R6_a_list_about_an_item_passes_over_homes_that_have_it(world: Bundle) -> None:
    """And whoever has some of it left, though it is bought at any time: bob."""
    tea = world
    weights = {"similar": 1.0, "als": 0.3}
    milk = np.array([MILK], np.int32)
    found = likeliest(milk, today(tea).states, tea, weights, NOW).tolist()
    assert set(found) == {CAT, EVE}
    later = likeliest(milk, today(tea).states, tea, weights, NOW + 30 * DAY_MS).tolist()
    assert ANN in later, "by then it is used up there too"
    assert ANN in likeliest(np.array([CUP], np.int32), today(tea).states, tea, weights, NOW)


def test_R6_what_is_due_to_one_is_not_while_another_at_home_has_it() -> None:
    tea = homes()
    shop = {"name": "due", "label": {"en": "x", "zh": "x"}, "on": "due", "action": "tell"}
    triggers = town(triggers=[shop])[1].triggers

    def told(world: Bundle) -> list[str]:
        file = io.StringIO()
        with open_ledger(Path("/nowhere/ledger"), only_looking=True) as book:
            under = Rules(triggers, [None], OutreachConfig())
            try_triggers(today(world), under, book, file)
        return [json.loads(line)["customer_id"] for line in file.getvalue().splitlines()]

    assert told(tea) == ["cat"]
    assert told(homes({**PEOPLE, "bob": []})) == ["ann", "cat"]
    assert {row: left.tolist() for row, left in left_at_home(tea, NOW).items()} == {
        ANN: [MILK],
        BOB: [],
    }


def test_R1_any_id_of_a_person_keeps_them_off_a_list() -> None:
    tea = homes()
    states = states_under(tea, schemes_of(tea.shop), NOW)
    kept = with_open(states, tea, ["card", "nobody"])["open"].to_list()
    assert kept == [True, True, True, False]


def test_R1_what_was_sent_to_a_card_was_sent_to_its_owner(tmp_path: Path) -> None:
    cause = Cause("birthday", "card", "2025-11-08")
    with (
        open_ledger(ledger_in(tmp_path)) as book,
        book.sending("spring", tmp_path / "a.csv", NOW) as sending,
    ):
        sending.part.write_text("a list", encoding="utf-8")
        sending.add([Message("card", ["cup"]), Message("eve", ["milk"])], [cause])
        sending.done()
    owners = cause._replace(customer_id="eve")
    with open_ledger(ledger_in(tmp_path)) as book:
        assert book.past(["eve"], 0, 0)["eve"].items == {"milk"}, "nobody said whose the card is"
        assert book.new_causes([owners]) == [owners]
    with open_ledger(ledger_in(tmp_path), persons_of(homes())) as book:
        past = book.past(["eve", "cat"], 0, 0)
        assert past.keys() == {"eve"}
        assert past["eve"].at == (NOW, NOW)
        assert past["eve"].items == {"cup", "milk"}
        assert book.members("spring") == {"eve": NOW}
        assert book.new_causes([owners]) == []
