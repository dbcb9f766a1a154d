"""F1: of a ring of referrals the latest is none, so what that newcomer buys rewards nobody."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.customers.referral_graph import Edge, referral_graph
from engine.events import EventType
from engine.happened import Happened
from engine.person import known_person
from engine.types import DAY_MS
from tests.training.test_customers import PEOPLE, folded, log_of
from tests.training.test_people import trained_on, word
from tests.worlds import START
from training.customer_facts import snapshot
from training.referral_rings import ring_closers

TRIO = ("ann", "ben", "cat")


def brought(newcomer: str, referrer: str, day: int) -> Happened:
    said = {"referrer_id": referrer}
    at = START + day * DAY_MS
    return Happened(f"r-{newcomer}-{day}", EventType.REFERRAL, at, newcomer, properties=said)


def bought(who: str, amount: int, day: int = 20) -> Happened:
    at, price = START + day * DAY_MS, {"unit_price_minor": amount}
    return Happened(f"p-{who}-{amount}", EventType.PURCHASE, at, who, item_id="cup", **price)  # type: ignore[arg-type]


ORDERS = [bought("ann", 1), bought("ben", 2), bought("cat", 3)]


def rewards(*events: Happened) -> dict[str, list[int]]:
    """What each of three learns of that others bought."""
    people = snapshot(log_of([*events, *ORDERS]), TRIO)
    histories = {who: people.history_of(row) for row, who in enumerate(TRIO)}
    return {who: sorted(one.amount_minor for one in h.referred) for who, h in histories.items()}


def test_F1_of_two_who_name_each_other_the_first_referral_counts() -> None:
    told = rewards(brought("ann", "ben", 1), brought("ben", "ann", 2))
    assert told == {"ann": [], "ben": [1], "cat": []}
    same_time = rewards(brought("ann", "ben", 1), brought("ben", "ann", 1))
    assert same_time == told, "of the same instant that of who sorts last is none"


def test_F1_of_a_ring_of_three_the_latest_referral_counts_not() -> None:
    ring = [brought("ann", "ben", 3), brought("ben", "cat", 1), brought("cat", "ann", 2)]
    assert rewards(*ring) == {"ann": [3], "ben": [], "cat": [2]}
    assert rewards(*ring[1:]) == rewards(*ring), "as if it had never been"


def test_F1_an_earlier_referral_from_outside_opens_a_ring_and_a_later_one_does_not() -> None:
    ring = [brought("ann", "ben", 3), brought("ben", "ann", 5)]
    assert rewards(*ring, brought("ben", "cat", 9)) == {"ann": [], "ben": [1], "cat": []}
    assert rewards(*ring, brought("ann", "cat", 1)) == {"ann": [2], "ben": [], "cat": [1]}


def test_F1_who_stands_below_a_ring_counts_for_who_brought_them() -> None:
    told = rewards(brought("ann", "ben", 1), brought("ben", "ann", 2), brought("cat", "ben", 3))
    assert told == {"ann": [], "ben": [1, 3], "cat": []}


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=10))
def test_F1_rings_of_a_whole_log_are_those_of_the_graph(drawn: list[tuple[int, int]]) -> None:
    names = [str(row) for row in reversed(range(10))]
    named = {row: (up, at) for row, (up, at) in enumerate(drawn) if up != row}
    edges = [Edge(at, names[row], names[up]) for row, (up, at) in named.items()]
    refused = {one.edge.newcomer for one in referral_graph(edges).refused}
    columns = np.array([(row, *told) for row, told in named.items()], np.int64).reshape(-1, 3).T
    rows = ring_closers(columns[0], columns[1], columns[2], names)
    assert rows == sorted(rows)
    assert {names[row] for row in rows} == refused


WHO, DAY = st.sampled_from([*PEOPLE, "stranger"]), st.integers(0, 6)


@settings(deadline=None, max_examples=60)
@given(
    st.sets(st.tuples(WHO, WHO, DAY), min_size=3, max_size=12),
    st.sets(st.tuples(WHO, st.integers(1, 50), DAY), min_size=2, max_size=8),
)
def test_F1_a_snapshot_rewards_whom_the_graph_rewards(referrals: Any, orders: Any) -> None:
    events = [brought(*one) for one in {one[::2]: one for one in sorted(referrals)}.values()]
    events += [bought(*one) for one in {one[:2]: one for one in sorted(orders)}.values()]
    found = snapshot(log_of(events), PEOPLE)
    assert {who: found.history_of(row) for row, who in enumerate(PEOPLE)} == folded(events)


@pytest.mark.parametrize("last", [1, 999])
def test_F1_a_ring_of_a_thousand_is_found_wherever_it_closes(last: int) -> None:
    rows = np.arange(1_000)
    at = np.where(rows == last, 2, 1)
    assert ring_closers(rows, (rows + 1) % 1_000, at, [str(row) for row in rows]) == [last]


def test_F1_a_ring_through_people_who_were_never_linked_holds_for_each_id_alone() -> None:
    """ann is linked to a card; the ring runs over ben and cat."""
    ring: list[Any] = [brought("cat", "ann", 3), brought("ann", "ben", 1), brought("ben", "cat", 2)]
    link = word(5, EventType.LINK, ("pos_card", "card"), "ann")
    made = trained_on([*ring, *ORDERS, link])
    for person in (("c:ann", "c:card"), ("c:ann",)):
        assert known_person(made, person).past.referred == ()
    open_ring = trained_on([*ring[:2], *ORDERS, link])
    for person in (("c:ann", "c:card"), ("c:ann",)):
        assert [one.amount_minor for one in known_person(open_ring, person).past.referred] == [3]
