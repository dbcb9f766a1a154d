"""Rules about members, contact and referral: P4–P6, R2–R4, A2–A4, F1, F2."""

from datetime import UTC, datetime
from operator import itemgetter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conditions import compiled, parse
from engine.customers.campaigns import (
    CampaignConfig,
    MemberDayConfig,
    RedemptionConfig,
    invited,
    is_member_day,
    member_days_of,
    opens_at,
    readiness,
    redeemable,
)
from engine.customers.contact import ContactConfig, Preference, answers_of, preference_of
from engine.customers.facts import Reach
from engine.customers.fields import Names, customer_fields
from engine.customers.labels import Label
from engine.customers.loyalty import LoyaltyConfig
from engine.customers.outreach import (
    CapConfig,
    under_cap,
)
from engine.customers.referral_graph import (
    LONGEST_CHAIN,
    Edge,
    Refused,
    Spread,
    edges_above,
    referral_graph,
    spread_of,
)
from engine.customers.referrals import Referral, derived
from engine.customers.section_config import SECTIONS, ProfileConfig
from engine.customers.sections import FIELD_SECTIONS, sectioned
from engine.customers.state import CustomerState
from engine.customers.tags import Tag, retagged, tagged_share
from engine.events import CONTACTS, INTERACTIONS, EventType
from tests.engine.customers.world import START, at, event, history_of, purchase, state_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_P4_campaigns_wait_for_five_thousand_members() -> None:
    config = LoyaltyConfig()
    early, late = readiness(4_999, config), readiness(5_000, config)
    assert (early.ready, early.members, early.needed) == (False, 4_999, 5_000)
    assert late.ready


SALE = CampaignConfig(
    name="sale",
    label=Label(en="Sale", zh="大促"),
    starts_at=datetime(2024, 1, 1, tzinfo=UTC),
    ends_at=datetime(2024, 1, 11, tzinfo=UTC),
    wave_days=2,
)


def test_P5_waves_open_from_the_highest_tier_down() -> None:
    opening = [opens_at(SALE, rank, 3) for rank in (3, 2, 1, 0)]
    assert opening == [at(0), at(2), at(4), at(6)]


@settings(deadline=None)
@given(st.integers(0, 3), st.integers(0, 3), st.integers(-5, 20))
def test_P5_an_item_is_never_shown_earlier_to_a_lower_tier(one: int, other: int, day: int) -> None:
    low, high = sorted((one, other))
    assert not invited(SALE, low, 3, at(day)) or invited(SALE, high, 3, at(day))


def test_P5_a_campaign_ends_for_everybody() -> None:
    assert invited(SALE, 0, 3, at(10) - 1)
    assert not invited(SALE, 3, 3, at(10))
    with pytest.raises(ValueError, match="before ends_at"):
        CampaignConfig(
            name="sale", label=SALE.label, starts_at=SALE.ends_at, ends_at=SALE.starts_at
        )


def test_P6_member_day_comes_each_month_for_members_of_a_tier() -> None:
    config = member_days_of([MemberDayConfig(days=(8,))], ["star_1"])
    eighth = at(7)  # midnight UTC is eight in the morning in Shanghai
    assert is_member_day(config, 1, eighth, SHANGHAI)
    assert not is_member_day(config, 0, eighth, SHANGHAI)
    assert not is_member_day(config, 1, eighth - 9 * 3_600_000, SHANGHAI)
    with pytest.raises(ValueError, match="days are 1 to 31"):
        MemberDayConfig(days=(32,))


def test_P6_days_and_months_are_those_of_the_shops_time_zone() -> None:
    """Shanghai is eight hours ahead: its 8th and its February begin at four in the afternoon."""
    eighth = member_days_of([MemberDayConfig(days=(8,))], ["star_1"])
    hours = (6 + 15.9 / 24, 6 + 16 / 24, 7 + 15.9 / 24, 7 + 16 / 24)  # days after 1 January, UTC
    days = [is_member_day(eighth, 1, at(day), SHANGHAI) for day in hours]
    assert days == [False, True, True, False]
    months = {
        (month, day): bool(
            redeemable(100, 300, RedemptionConfig(months=(month,)), at(day), SHANGHAI)
        )
        for month in (1, 2)
        for day in (30 + 15.9 / 24, 30 + 16 / 24)
    }
    assert list(months.values()) == [True, False, False, True]


def test_P6_a_higher_tier_may_have_days_of_its_own() -> None:
    config = [MemberDayConfig(days=(8,)), MemberDayConfig(days=(8, 18), tier="diamond")]
    days = member_days_of(config, ["star_1", "diamond"])
    shown = {
        (rank, day): is_member_day(days, rank, at(day - 1), SHANGHAI)
        for rank in (0, 1, 2)
        for day in (8, 18, 19)
    }
    assert {key for key, held in shown.items() if held} == {(1, 8), (2, 8), (2, 18)}


def test_P6_items_for_points_are_shown_in_the_window_and_within_the_balance() -> None:
    config = RedemptionConfig(months=(1,))
    assert redeemable([100, 500], 300, config, at(5), SHANGHAI).tolist() == [True, False]
    assert redeemable([100, 500], 300, config, at(40), SHANGHAI).tolist() == [False, False]
    with pytest.raises(ValueError, match="months are 1 to 12"):
        RedemptionConfig(months=(0,))


def test_R2_contact_events_never_become_item_interactions() -> None:
    asked = {"promotion_response", "after_sale", "service_case", "message_open", "signup"}
    assert asked | {"complaint", "store_visit"} <= {str(kind) for kind in CONTACTS}
    assert not CONTACTS & INTERACTIONS
    assert EventType.ENQUIRY in INTERACTIONS


def test_R3_sections_can_be_switched_off_for_a_reader() -> None:
    told = event(EventType.PROFILE, 1, "p", properties={"city": "上海", "income": 3})
    said = event(EventType.CONSENT, 1, "c", properties={"personal": True})
    state = state_of([told, said, purchase(2, 10)], 3)
    config = ProfileConfig(attributes={"income": "credit"})
    full = sectioned(state, config, SECTIONS)
    assert (full["user"]["attributes"]["city"], full["credit"]["attributes"]["income"]) == (
        "上海",
        3,
    )
    assert full["attitude"]["attributes"]["consent.personal"] is True
    assert full["relationship"]["stage"] == "new"
    assert set(sectioned(state, config, {"user", "usage"})) == {"user", "usage"}
    with pytest.raises(ValueError, match="money is no section; allowed: user"):
        ProfileConfig(attributes={"x": "money"})


def test_R3_every_field_of_a_state_is_in_one_section() -> None:
    assert set(FIELD_SECTIONS) == set(CustomerState._fields)
    assert set(FIELD_SECTIONS.values()) == set(SECTIONS)


CROWD = {("email", 1): 60, ("app", 4): 40}


def reached(times: int) -> dict[tuple[str, int], int]:
    clicks = [
        event(EventType.MESSAGE_CLICK, day + 13 / 24, f"m{day}", channel="app")
        for day in range(times)
    ]
    return answers_of(history_of(*clicks).reach)


def test_R4_who_only_ever_clicks_in_the_app_at_21_is_reached_there() -> None:
    found = preference_of(reached(5), CROWD, ContactConfig(), START, SHANGHAI)
    assert found == Preference("app", 21)


def test_R4_with_fewer_than_five_events_the_population_answers() -> None:
    found = preference_of(reached(4), CROWD, ContactConfig(), START, SHANGHAI)
    assert found == Preference("email", 9)
    assert preference_of({}, {}, ContactConfig(), START, SHANGHAI) is None


def test_R4_answers_of_many_customers_add_up() -> None:
    both = [Reach("app", 3, 2), Reach("app", 3, 1), Reach("sms", 3, 1)]
    assert answers_of(both) == {("app", 3): 3, ("sms", 3): 1}


def test_A1_nobody_is_written_to_too_often() -> None:
    config = CapConfig(messages=2, days=7)
    assert under_cap([at(0), at(5)], config, at(7))
    assert not under_cap([at(1), at(5)], config, at(7))


FIELDS = customer_fields(Names())
BUSY = compiled(parse({"field": "orders", "op": ">=", "value": 2}, FIELDS, "tags[0].when"))


def test_A4_a_tag_is_given_renewed_and_expires() -> None:
    tags = [Tag("busy", BUSY, 10)]
    given = retagged({}, {"orders": 2}, tags, at(0))
    assert given == {"busy": at(10)}
    assert retagged(given, {"orders": 2}, tags, at(5)) == {"busy": at(15)}
    assert retagged(given, {"orders": 0}, tags, at(9)) == given
    assert retagged(given, {"orders": 0}, tags, at(10)) == {}
    assert itemgetter("orders")({"orders": 1}) == 1


def test_A4_the_share_of_orders_that_carry_a_tag_is_known() -> None:
    assert tagged_share(["ann", "bob", "ann", "eve"], {"ann"}) == 0.5
    assert tagged_share([], {"ann"}) == 0


EDGES = [
    Edge(1, "bob", "ann"),
    Edge(2, "cat", "bob"),
    Edge(3, "ann", "cat"),  # a ring
    Edge(4, "bob", "cat"),
    Edge(5, "dan", "dan"),
    Edge(6, "ann", "eve"),
]


def test_F1_rings_selves_and_second_referrals_are_refused() -> None:
    graph = referral_graph(EDGES)
    assert {who: edge.referrer for who, edge in graph.referrers.items()} == {
        "bob": "ann",
        "cat": "bob",
    }
    assert graph.refused == (
        Refused(EDGES[2], "cycle"),
        Refused(EDGES[3], "again"),
        Refused(EDGES[4], "self"),
        Refused(EDGES[5], "again"),
    )


def test_F1_a_server_follows_the_referrals_above_a_few_up_to_a_bound() -> None:
    graph = {edge.newcomer: edge for edge in EDGES[:3]}
    assert edges_above(["bob", "who"], graph.get) == graph, "a ring is followed once"
    chain = {str(i): Edge(i, str(i), str(i + 1)) for i in range(200)}
    assert [*edges_above(["0"], chain.get)] == [str(i) for i in range(LONGEST_CHAIN)]
    assert [*edges_above(["198", "197"], chain.get)] == ["198", "199", "197"]


def test_F1_one_step_is_rewarded() -> None:
    """Ann brought bob, who brought cat: what cat buys is bob's reward, and tells ann nothing."""
    bought = purchase(3, 10)
    for_bob = derived(bought, Referral("bob", at(2)))
    assert for_bob is not None
    assert for_bob.customer_id == "bob"
    assert derived(for_bob, Referral("ann", at(1))) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), *[st.sampled_from("abcdef")] * 2), max_size=15))
def test_F1_no_referral_ever_closes_a_ring(raw: list[tuple[int, str, str]]) -> None:
    edges = [Edge(*each) for each in raw]
    graph = referral_graph(edges)
    assert referral_graph(reversed(edges)) == graph
    for who in graph.referrers:
        above = [who]
        while above[-1] in graph.referrers:
            above.append(graph.referrers[above[-1]].referrer)
            assert above.count(above[-1]) == 1, "nobody stands above themself"


def test_F2_the_report_says_when_each_customer_brings_one_more() -> None:
    cohorts = {
        "2024-02": Spread(100, 300, 100),
        "2024-01": Spread(100, 50, 20),
        "new": Spread(0, 0, 0),
    }
    assert spread_of(cohorts) == [
        ("2024-01", 0.2, False),
        ("2024-02", 1.0, True),
        ("new", 0.0, False),
    ]
