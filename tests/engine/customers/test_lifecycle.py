from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.customers.labels import LABELS, STAGES, label
from engine.customers.lifecycle import (
    NEXT_STAGES,
    LifecycleConfig,
    Stage,
    cycle_ms,
    stage_of,
    stages,
)
from engine.customers.referrals import Referral, derived
from engine.errors import UnknownName
from engine.events import EventType
from engine.types import DAY_MS
from tests.engine.customers.world import DEFAULTS, at, event, purchase, refund, schemes, state_of

CONFIG = LifecycleConfig()


def test_L1_89_days_are_not_dormant_and_91_are() -> None:
    assert state_of([purchase(0, 10)], 89).stage == "new"
    assert state_of([purchase(0, 10)], 91).stage == "dormant"


def test_L1_one_purchase_returns_the_customer() -> None:
    assert state_of([purchase(0, 10), purchase(95, 10)], 95).stage == "new"


def test_L1_orders_make_a_customer_new_ordinary_and_loyal() -> None:
    view = event(EventType.VIEW, 0, "v", item_id="tea")
    counts = {
        n: state_of([view, *[purchase(day, 10) for day in range(n)]], n).stage for n in range(10)
    }
    assert counts == {
        0: "potential", 1: "new", 2: "new", 3: "new", 4: "ordinary", 5: "ordinary",
        6: "ordinary", 7: "ordinary", 8: "loyal", 9: "loyal",
    }  # fmt: skip


def test_L1_who_is_overdue_against_their_own_cycle_is_at_risk() -> None:
    weekly = [purchase(day, 10) for day in (0, 10, 20, 30)]
    assert state_of(weekly, 50).stage == "ordinary"
    assert state_of(weekly, 51).stage == "at_risk"
    assert state_of(weekly[:3], 51).stage == "new"  # too few orders for a cycle of their own


def test_L1_a_customer_who_brought_a_buyer_is_an_advocate() -> None:
    brought = derived(purchase(2, 10, "bob's"), Referral("ann", at(1)))
    assert brought is not None
    assert state_of([purchase(1, 10), brought], 3).stage == "advocate"
    assert state_of([purchase(1, 10), brought], 3).referred_buyers == 1
    assert state_of([purchase(1, 10), brought], 95).stage == "dormant"


def test_L1_an_order_that_came_back_whole_is_no_order() -> None:
    events = [purchase(0, 10, order_id="a"), refund(1, 10, order_id="a")]
    assert state_of(events, 2).stage == "potential"


def test_L1_a_year_without_an_order_is_lost() -> None:
    assert state_of([purchase(0, 10)], 365).stage == "dormant"
    assert state_of([purchase(0, 10)], 366).stage == "lost"


def test_L1_the_history_of_stages_is_dated() -> None:
    orders = [at(day) for day in (5, 10, 15, 20, 140)]
    path = stages(orders, CONFIG, first_at=at(1), advocate_at=0, now=at(150))
    assert path == (
        Stage("potential", at(1)),
        Stage("new", at(5)),
        Stage("ordinary", at(20)),
        Stage("at_risk", at(34) + 1),
        Stage("dormant", at(110) + 1),
        Stage("ordinary", at(140)),
    )


def test_L1_the_history_tells_when_a_referral_succeeded() -> None:
    path = stages([at(5)], CONFIG, first_at=at(5), advocate_at=at(9), now=at(10))
    assert path == (Stage("new", at(5)), Stage("advocate", at(9)))
    assert stages([], CONFIG, first_at=0, advocate_at=0, now=at(1)) == ()


orders = st.lists(st.integers(0, 900), max_size=12).map(sorted)


@settings(deadline=None)
@given(orders, st.integers(0, 300), st.integers(0, 900), st.booleans())
def test_L1_what_follows_a_stage_is_in_the_table_and_ends_in_the_stage_of_today(
    days: list[int], more: int, advocate_day: int, advocates: bool
) -> None:
    instants = [at(day) for day in days]
    now = at((days[-1] if days else 0) + more)
    advocate_at = at(advocate_day) if advocates and at(advocate_day) <= now else 0
    path = stages(instants, CONFIG, first_at=at(0), advocate_at=advocate_at, now=now)
    for before, after in pairwise(path):
        assert after.name in NEXT_STAGES[before.name]
        assert after.since >= before.since
    cycle = cycle_ms(instants, CONFIG)
    today = stage_of(instants, cycle, CONFIG, advocate=advocate_at > 0, now=now)
    assert path[-1].name == today


def test_own_cycles_are_medians_of_the_latest_intervals() -> None:
    assert cycle_ms([at(day) for day in (0, 10, 20, 120)], CONFIG) == 10 * DAY_MS
    assert cycle_ms([at(0)] * 5, CONFIG) == 7 * DAY_MS


def test_L2_members_and_buyers_make_four_cells() -> None:
    joined = event(EventType.SIGNUP, 1, "s")
    bought = purchase(1, 10)
    cells = [state_of(events, 2).relation for events in ([joined, bought], [joined], [bought], [])]
    assert cells == ["member_buyer", "member_only", "buyer_only", "neither"]


def test_bounds_out_of_order_are_refused_together() -> None:
    with pytest.raises(ValueError, match=r"new_orders .* dormant_days"):
        LifecycleConfig(new_orders=9, dormant_days=400)


def test_every_stage_has_a_label_in_both_languages() -> None:
    assert label("stage", "dormant", "zh") == "沉睡客户"
    assert set(NEXT_STAGES) == set(STAGES)
    assert all(each.en and each.zh for table in LABELS.values() for each in table.values())
    with pytest.raises(UnknownName, match="dormant"):
        label("stage", "asleep", "en")
    with pytest.raises(UnknownName, match="price_band"):
        label("mood", "asleep", "en")


def test_stages_can_be_configured() -> None:
    quick = schemes(lifecycle={"dormant_days": 30, "lost_days": 60})
    assert state_of([purchase(0, 10)], 31, under=quick).stage == "dormant"
    assert state_of([purchase(0, 10)], 31, under=DEFAULTS).stage == "new"
