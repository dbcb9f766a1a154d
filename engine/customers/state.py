"""Who is asking: everything that the rules know about a customer, at one instant."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pydantic import JsonValue

from engine.customers.birthday import day_of, days_to, zone_of
from engine.customers.bought import Bought, bought_of
from engine.customers.campaigns import is_member_day
from engine.customers.consent import allows
from engine.customers.diagnosis import diagnosis_of
from engine.customers.facts import Attribute, History, Referred
from engine.customers.ledger import Standing, standing_of
from engine.customers.life_stages import life_stages_of
from engine.customers.lifecycle import cycle_ms, stage_of
from engine.customers.price_band import band_of, median_halves
from engine.customers.referrals import brought_buyers
from engine.customers.schemes import Schemes
from engine.customers.segments import matching
from engine.customers.splits import (
    SplitCuts,
    development_of,
    intent_rank,
    leader_rank,
    opinion_of,
    type_of,
    value_rank,
)
from engine.customers.tastes import NO_TASTES, Tastes
from engine.customers.thresholds import Thresholds
from engine.customers.value import Scores, Worth, class_of, scores_of, worth_of
from engine.types import DAY_MS


class CustomerState(NamedTuple):
    """A named tuple, for it is made at each request: a dataclass takes four times as long.

    `frequency`, `monetary_minor` and `value_minor` are of the value window.
    """

    known: bool = False
    recency_days: int | None = None  # None = never ordered
    frequency: int = 0
    monetary_minor: int = 0
    value_minor: int = 0
    breadth: int = 0  # categories bought from
    length_days: int = 0  # since the first order
    recency_score: int = 0  # 1 to 5, 0 = never ordered; so are the next four
    frequency_score: int = 0
    monetary_score: int = 0
    breadth_score: int = 0
    length_score: int = 0
    value_class: str = "other"
    diagnosis: str | None = None  # why they are small; None for others, or where nothing lags
    opinion: str = "nurture"  # leader, intending or nurture: 15/35/50
    development: str = "potential"  # established, to_develop or potential: 3+3+4
    customer_type: str = "potential"  # of five, by priority
    stage: str = "potential"
    member: bool = False
    buyer: bool = False
    relation: str = "neither"  # member × buyer
    points: int = 0
    tier: str | None = None
    tier_rank: int = 0  # 0 = none
    vouchers: tuple[str, ...] = ()  # tiers whose voucher was granted
    member_day: bool = False  # one of their tier is today
    price_band: str = "unknown"
    median_order_minor: int | None = None
    orders: int = 0  # of all time
    first_order_at: int = 0  # 0 = never; so are the other instants
    last_order_at: int = 0
    first_at: int = 0
    last_at: int = 0
    days_since_first_order: int | None = None
    days_since_contact: int | None = None
    days_since_act: int | None = None
    days_since_cart: int | None = None
    cart_open: bool = False  # something was put into the cart since the last order, kept or not
    days_since_search: int | None = None
    cycle_days: float | None = None  # the customer's own
    overdue_cycles: float | None = None  # own cycles since the last order
    days_to_birthday: int | None = None
    life_stages: tuple[str, ...] = ()  # by the profile and today's date
    referrer_id: str | None = None
    referred_buyers: int = 0
    complaints: int = 0
    ratings: int = 0
    invitations: int = 0
    promoted_share: float = 0.0  # of the units bought
    brand: str | None = None
    brand_share: float = 0.0
    personal: bool = True  # False: answers must not depend on this customer's data
    contactable: bool = True
    attributes: Mapping[str, str] = MappingProxyType({})  # JSON values by name
    segments: tuple[str, ...] = ()  # all that match, in the file's order

    @property
    def segment(self) -> str | None:
        return self.segments[0] if self.segments else None

    def attribute(self, name: str) -> JsonValue:
        """None when the profile does not say."""
        value = self.attributes.get(name)
        return None if value is None else json.loads(value)


NOBODY: Final = CustomerState()


def assess(
    history: History,
    thresholds: Thresholds,
    schemes: Schemes,
    now: int,
    tastes: Tastes = NO_TASTES,
    row: int = -1,
) -> CustomerState:
    """Pure: equal arguments, equal state. `tastes` is what only the catalogue can tell; `row` is
    the customer's in the bundle of the thresholds, which tells who else is alike apart.
    """
    bought = bought_of(history)
    worth = worth_of(bought, schemes.value, now)
    value_class = class_of(bought, worth, history.moments, thresholds, schemes.value, now)
    frequency, money, usual = worth.frequency, worth.monetary_minor, thresholds.usual
    small = diagnosis_of(value_class, frequency, money, tastes.breadth, usual)
    facts = {
        **_worth_facts(worth, scores_of(worth, tastes.breadth, thresholds)),
        "value_class": value_class,
        "diagnosis": None if small is None else small.cause,
        **_relation_facts(history, bought, schemes, now),
        **_split_facts(history, bought, worth.value_minor, value_class, thresholds.splits, row),
        **_points_facts(standing_of(history, schemes.ladder), schemes, now),
        **_money_facts(bought, schemes, now),
        **_contact_facts(history, now),
        **_profile_facts(history.attributes, schemes, now),
        "breadth": tastes.breadth,
        "brand": tastes.brand,
        "brand_share": tastes.brand_share,
    }
    return CustomerState(**facts, segments=matching(facts, schemes.segments))


def _worth_facts(worth: Worth, scores: Scores) -> dict[str, Any]:
    return {
        "recency_days": worth.recency_days,
        "frequency": worth.frequency,
        "monetary_minor": worth.monetary_minor,
        "value_minor": worth.value_minor,
        "length_days": worth.length_days,
        "recency_score": scores.recency,
        "frequency_score": scores.frequency,
        "monetary_score": scores.monetary,
        "breadth_score": scores.breadth,
        "length_score": scores.length,
    }


def _relation_facts(history: History, bought: Bought, schemes: Schemes, now: int) -> dict[str, Any]:
    cycle = cycle_ms(bought.at, schemes.lifecycle)
    referred = referred_buyers(history.referred)
    advocate = referred > 0
    member, buyer = history.moments.member_at > 0, bool(bought.at)
    return {
        "stage": stage_of(bought.at, cycle, schemes.lifecycle, advocate=advocate, now=now),
        "cycle_days": None if cycle is None else cycle / DAY_MS,
        "overdue_cycles": None if cycle is None else (now - bought.at[-1]) / cycle,
        "referred_buyers": referred,
        "referrer_id": history.referrer.referrer_id or None,
        "member": member,
        "buyer": buyer,
        "relation": RELATION[member, buyer],
    }


def _split_facts(
    history: History,
    bought: Bought,
    value_minor: int,
    value_class: str,
    cuts: SplitCuts,
    row: int,
) -> dict[str, Any]:
    moments = history.moments
    leader = leader_rank(referred_buyers(history.referred), value_minor, moments, row)
    opinion = opinion_of(leader, intent_rank(moments, row), cuts)
    return {
        "opinion": opinion,
        "development": development_of(value_rank(value_minor, bought, moments, row), cuts),
        "customer_type": type_of(opinion, value_class),
    }


RELATION: Final[Mapping[tuple[bool, bool], str]] = MappingProxyType(
    {
        (True, True): "member_buyer",
        (True, False): "member_only",
        (False, True): "buyer_only",
        (False, False): "neither",
    }
)


def referred_buyers(referred: tuple[Referred, ...]) -> int:
    """Customers they brought who bought something and kept it."""
    return len(brought_buyers(referred)) if referred else 0


def _points_facts(standing: Standing, schemes: Schemes, now: int) -> dict[str, Any]:
    tiers, rank = schemes.ladder.tiers, standing.tier_rank
    return {
        "points": standing.points,
        "tier": tiers[rank - 1].name if rank else None,
        "tier_rank": rank,
        "vouchers": tuple([tier.name for tier in tiers[: standing.granted]]),
        "member_day": is_member_day(schemes.member_days, rank, now, schemes.zone),
    }


def _money_facts(bought: Bought, schemes: Schemes, now: int) -> dict[str, Any]:
    halves = median_halves(bought.amount_minor, schemes.bands.orders)
    units = sum(bought.units)
    first_at = bought.at[0] if bought.at else 0
    return {
        "price_band": band_of(halves, schemes.bands),
        "median_order_minor": None if halves is None else halves // 2,
        "orders": len(bought.at),
        "first_order_at": first_at,
        "days_since_first_order": _days_since(first_at, now),
        "last_order_at": bought.at[-1] if bought.at else 0,
        "promoted_share": sum(bought.promoted) / units if units else 0.0,
    }


def _contact_facts(history: History, now: int) -> dict[str, Any]:
    moments = history.moments
    return {
        "known": history.known,
        "first_at": moments.first_at,
        "last_at": moments.last_at,
        "days_since_contact": _days_since(moments.last_at, now),
        "days_since_act": _days_since(moments.acted_at, now),
        "days_since_cart": _days_since(moments.cart_at, now),
        "cart_open": moments.cart_at > max(history.orders.at[-1:], default=0),
        "days_since_search": _days_since(moments.search_at, now),
        "complaints": len(history.complaints),
        "ratings": moments.ratings,
        "invitations": moments.invitations,
    }


def _days_since(instant: int, now: int) -> int | None:
    return max(now - instant, 0) // DAY_MS if instant else None


def _profile_facts(attributes: tuple[Attribute, ...], schemes: Schemes, now: int) -> dict[str, Any]:
    if not attributes:
        return NO_PROFILE
    said = {attribute.name: attribute.value for attribute in attributes}
    return {
        "attributes": said,
        "personal": allows(said, "personal"),
        "contactable": allows(said, "contact"),
        "days_to_birthday": days_to(
            said.get("birthday"), now, zone_of(said.get("time_zone"), schemes.zone)
        ),
        "life_stages": _life_stages(said, schemes, now),
    }


def _life_stages(said: Mapping[str, str], schemes: Schemes, now: int) -> tuple[str, ...]:
    if not schemes.life_stages:
        return ()
    return life_stages_of(said, schemes.life_stages, day_of(now, schemes.zone))


NO_PROFILE: Final[dict[str, Any]] = {
    "attributes": MappingProxyType({}),
    "personal": True,
    "contactable": True,
    "days_to_birthday": None,
    "life_stages": (),
}
