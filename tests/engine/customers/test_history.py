from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.customers.facts import EMPTY_HISTORY, Attribute, Complaint, Moments, key_of
from engine.customers.history import fold, fold_all, merge
from engine.customers.referrals import Referral, derived, referral_of
from engine.customers.snapshot import NO_SNAPSHOT, snapshot_of
from engine.events import EventType
from engine.happened import Happened
from tests.engine.customers.strategies import logs
from tests.engine.customers.world import at, event, history_of, purchase, refund


def test_lines_of_one_order_are_one_order_from_its_earliest_line_on() -> None:
    history = history_of(
        purchase(2, 30, "b", order_id="o"),
        purchase(1, 20, "a", order_id="o", properties={"promotion": "gift"}),
    )
    (order,) = history.orders.each()
    assert (order.at, order.gross_minor, order.units, order.promoted) == (at(1), 5_000, 2, 1)
    assert order.key == key_of("o")


def test_a_line_without_an_order_is_its_own() -> None:
    history = history_of(
        purchase(1, 20, "a"), purchase(1, 20, "b"), purchase(1, 5, "x", order_id="a")
    )
    assert len(history.orders.at) == 3


def test_what_is_met_again_counts_once() -> None:
    bought = purchase(1, 20, "a", order_id="o")
    once = fold(EMPTY_HISTORY, bought)
    assert fold(once, bought) == once


def test_an_impression_is_no_act_of_the_customer() -> None:
    history = history_of(event(EventType.IMPRESSION, 3, "i", item_id="tea"))
    assert history.moments == Moments(first_at=at(3), last_at=at(3))


def test_a_profile_keeps_the_latest_word() -> None:
    late = event(EventType.PROFILE, 5, "b", properties={"city": "上海"})
    early = event(EventType.SIGNUP, 1, "a", properties={"city": "北京", "birthday": "1990-05-01"})
    consent = event(EventType.CONSENT, 2, "c", properties={"personal": False})
    history = history_of(late, early, consent)
    assert history.attributes == (
        Attribute("birthday", at(1), key_of("a"), '"1990-05-01"'),
        Attribute("city", at(5), key_of("b"), '"上海"'),
        Attribute("consent.personal", at(2), key_of("c"), "false"),
    )
    assert history.moments.member_at == at(1)


def test_the_earliest_referral_counts_and_nobody_refers_themself() -> None:
    def named(day: float, who: str) -> Happened:
        return event(EventType.REFERRAL, day, f"{who}{day}", properties={"referrer_id": who})

    assert referral_of(history_of(named(3, "bob"), named(2, "eve"))) == Referral("eve", at(2))
    one_instant = [named(2, who) for who in ("zoe", "eve", "dan", "ben")]
    assert referral_of(history_of(*one_instant)) == Referral("ben", at(2)), "the first by id"
    assert referral_of(history_of(named(1, "ann"))) is None
    assert referral_of(history_of(event(EventType.REFERRAL, 1, "odd", properties={}))) is None


def test_a_referrer_learns_of_purchases_since_the_referral_alone() -> None:
    referral = Referral("bob", at(2))
    assert derived(purchase(1, 10), referral) is None
    assert derived(event(EventType.VIEW, 3, "v", item_id="tea"), referral) is None
    found = derived(purchase(2, 10, "p", order_id="o"), referral)
    assert found is not None
    assert (found.customer_id, found.event_id, found.order_id) == ("bob", "referred:p", "o")
    history = history_of(found)
    assert (history.referred[0].amount_minor, history.moments) == (1_000, Moments())
    assert history.known


def test_complaints_are_kept_with_their_item() -> None:
    history = history_of(
        event(EventType.COMPLAINT, 1, "a", item_id="tea"), event(EventType.COMPLAINT, 2, "b")
    )
    assert history.complaints == (Complaint(at(1), "tea"), Complaint(at(2), ""))


@settings(deadline=None)
@given(logs(), st.randoms(use_true_random=False))
def test_any_order_and_any_repeats_give_the_same_history(
    events: list[Happened], chance: Any
) -> None:
    again = events + [chance.choice(events) for _ in events]
    chance.shuffle(again)
    assert history_of(*again) == history_of(*events)


@settings(deadline=None)
@given(logs(), st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_newest_events_over_a_snapshot_are_the_whole_log(
    events: list[Happened], cut: float, chance: Any
) -> None:
    chance.shuffle(events)  # late events: the snapshot is cut by arrival, not by time
    place = int(cut * len(events))
    repeated = [chance.choice(events) for _ in range(3)] if events else []
    snapshot = snapshot_of([EMPTY_HISTORY, history_of(*events[:place])])
    tail = events[place:] + repeated
    assert fold_all(snapshot.history_of(1), tail) == history_of(*events)


@settings(deadline=None)
@given(logs(), logs())
def test_R1_aliases_merge_into_what_one_customer_would_have(
    ours: list[Happened], theirs: list[Happened]
) -> None:
    taken = {each.event_id for each in ours}
    theirs = [each for each in theirs if each.event_id not in taken]
    merged = merge([history_of(*ours), history_of(*theirs)])
    assert merged == history_of(*ours, *theirs)


def test_R1_unlinking_restores_both_histories() -> None:
    ann, card = history_of(purchase(1, 10)), history_of(purchase(2, 20))
    assert merge([ann, card]) != ann
    assert (merge([ann]), merge([card])) == (ann, card)


def test_a_row_outside_the_snapshot_has_no_history() -> None:
    assert NO_SNAPSHOT.history_of(-1) == EMPTY_HISTORY
    assert NO_SNAPSHOT.history_of(0) == EMPTY_HISTORY
    assert len(NO_SNAPSHOT) == 0


@pytest.mark.parametrize("value", [True, -3, 1.5, "7", None])
def test_a_cost_that_is_no_whole_number_says_nothing(value: Any) -> None:
    history = history_of(purchase(1, 10, properties={"unit_cost_minor": value}))
    assert history.orders.cost_minor == (0,)


def test_refunds_of_one_order_at_one_instant_add_up() -> None:
    history = history_of(
        refund(3, 10, "a", order_id="o"), refund(3, 5, "b", order_id="o"), refund(4, 1, "c")
    )
    assert [(each.amount_minor, each.units) for each in history.refunds] == [(1_500, 2), (100, 1)]
