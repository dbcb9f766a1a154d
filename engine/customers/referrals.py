"""Who brought whom, and what the newcomers' purchases tell about those who brought them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.customers.facts import History, Referred
from engine.events import EventType
from engine.happened import Happened

DERIVED: Final = "referred:"  # begins the event id of what a referrer learns of


@dataclass(frozen=True, slots=True)
class Referral:
    referrer_id: str
    at: int


def referral_of(history: History) -> Referral | None:
    """Who brought the owner of this history; the earliest referral counts."""
    named = history.referrer
    return Referral(named.referrer_id, named.at) if named.referrer_id else None


def derived(event: Happened, referral: Referral) -> Happened | None:
    """The referrer's fact about a newcomer's purchase or refund; None for anything else.

    Only what happens at the referral or after it counts. The server puts it into the referrer's
    newest events; the trainer derives it again from the log: both make the same event.
    """
    if event.type not in (EventType.PURCHASE, EventType.REFUND) or event.at < referral.at:
        return None
    return Happened(
        event_id=DERIVED + event.event_id,
        type=EventType.REFERRAL,
        at=event.at,
        customer_id=referral.referrer_id,
        item_id=event.item_id,
        quantity=event.quantity,
        unit_price_minor=event.unit_price_minor,
        order_id=event.order_id,
        properties={"referred_id": event.customer_id, "of": event.type.value},
    )


def rewarding(referred: Sequence[Referred]) -> list[Referred]:
    """What of it counts for the referrer. A refund belongs to whose order it was, not before it.

    A refund of an order that the referrer was told nothing of, for it was made before the referral,
    takes nothing. One that names no order (its `order_key` is `who`) counts as it is. An amount of
    0 (a free gift, a line without a price) gives and takes nothing, and tells of no order: of
    what gave nothing, nothing is taken back.
    """
    if all(fact.amount_minor > 0 for fact in referred):
        return list(referred)
    told: dict[int, tuple[int, int]] = {}
    for fact in referred:
        if fact.amount_minor > 0:
            at, who = told.get(fact.order_key, (fact.at, fact.who))
            told[fact.order_key] = max(at, fact.at), min(who, fact.who)
    return [
        fact if fact.amount_minor > 0 else _of_order(fact, told)
        for fact in referred
        if fact.amount_minor > 0 or _taking(fact, told)
    ]


def brought_buyers(referred: Sequence[Referred]) -> dict[int, int]:
    """Who of the newcomers bought something and kept it, and when they first bought."""
    spent: dict[int, int] = {}
    first: dict[int, int] = {}
    for fact in rewarding(referred):
        spent[fact.who] = spent.get(fact.who, 0) + fact.amount_minor
        if fact.amount_minor > 0:
            first[fact.who] = min(first.get(fact.who, fact.at), fact.at)
    return {who: at for who, at in first.items() if spent[who] > 0}


def _taking(fact: Referred, told: Mapping[int, tuple[int, int]]) -> bool:
    return fact.amount_minor < 0 and (fact.order_key == fact.who or fact.order_key in told)


def _of_order(refund: Referred, told: Mapping[int, tuple[int, int]]) -> Referred:
    at, who = told.get(refund.order_key, (refund.at, refund.who))
    return refund._replace(at=max(at, refund.at), who=who)
