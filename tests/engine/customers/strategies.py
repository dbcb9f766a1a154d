"""Random logs of one customer: every type, late and loose refunds, referrals, odd properties."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from engine.events import EventType
from engine.happened import NO_PROPERTIES, Happened
from engine.types import DAY_MS
from tests.engine.customers.world import START

REFERRERS = ["ann", "bob", "cat", "dan", "eve", "", " ", "\u3000", 7, None, ["bob"]]
YES_NO = [True, False, "true", "false", "no", 0, 1, None, [True]]  # as logs may hold them
SAID: dict[EventType, st.SearchStrategy[Any]] = {
    EventType.PURCHASE: st.fixed_dictionaries(
        {},
        optional={
            "unit_cost_minor": st.integers(-5, 2_000),
            "promotion": st.sampled_from(["discount", "", True, False]),
            "points": st.integers(0, 50),
        },
    ),
    EventType.PROFILE: st.dictionaries(
        st.sampled_from(["city", "birthday", "baby_born_on"]),
        st.sampled_from(["上海", "1990-02-29", "2024-01-15", 3, None, True, {"a": [1]}]),
    ),
    EventType.CONSENT: st.dictionaries(
        st.sampled_from(["personal", "contact"]), st.sampled_from(YES_NO)
    ),
    EventType.REFERRAL: st.one_of(
        st.fixed_dictionaries({"referrer_id": st.sampled_from(REFERRERS)}),
        st.fixed_dictionaries(
            {
                "referred_id": st.sampled_from(["cat", "dan"]),
                "of": st.sampled_from(["purchase", "refund"]),
            },
            optional={"referrer_id": st.sampled_from(REFERRERS)},
        ),
    ),
}
SAID[EventType.SIGNUP] = SAID[EventType.PROFILE]


@st.composite
def happenings(draw: Callable[..., Any], event_id: str, customer_id: str = "ann") -> Happened:
    kind = draw(st.sampled_from(KINDS))
    return Happened(
        event_id=event_id,
        type=kind,
        at=START + draw(st.integers(0, 40)) * DAY_MS // 4,
        customer_id=customer_id,
        item_id=draw(st.sampled_from(["tea", "cup", None])),
        quantity=draw(st.integers(1, 3)),
        unit_price_minor=draw(st.sampled_from([None, 0, 1, 999, 150_000])),
        order_id=draw(st.sampled_from([None, "a", "b", "c"])),
        channel=draw(st.sampled_from([None, "app", "email"])),
        properties=draw(SAID[kind]) if kind in SAID else NO_PROPERTIES,
    )


KINDS = [*EventType, *[EventType.PURCHASE] * 10, *[EventType.REFUND] * 5]


@st.composite
def logs(draw: Callable[..., Any]) -> list[Happened]:
    ids = draw(st.lists(st.integers(0, 40), max_size=12, unique=True))
    return [draw(happenings(f"event {number}")) for number in ids]
