"""The rest of a customer's answer: all that is known of one person, in one piece (R5)."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from engine.bundle import Bundle
from engine.customers.bought import bought_of
from engine.customers.churn import CHURN_CAUSES, churns
from engine.customers.contact import ContactConfig, answers_of, preference_of
from engine.customers.diagnosis import diagnosis_of
from engine.customers.facts import History
from engine.customers.identity import NOBODY_LINKED, customer_node, id_of
from engine.customers.labels import CAUSES, LABELS, Label
from engine.customers.ledger import ledger
from engine.customers.lifecycle import stages
from engine.customers.referral_graph import referral_graph
from engine.customers.referrals import brought_buyers
from engine.customers.state import CustomerState
from engine.customers.strategies import cell_strategy, wake_up
from engine.errors import StoreError
from engine.instants import instant
from engine.person import known_customer, updated
from engine.query import Query
from engine.types import DAY_MS, ItemHistory
from serving.bundles import Live, major
from serving.identity import described
from serving.intake import known_above
from serving.shop import Seen, Shop
from serving.store.rings import closes_ring

SHOWN: Final = 20  # decision: of each list the newest; the log holds all
LABELLED: Final = (
    "value_class",
    "stage",
    "price_band",
    "opinion",
    "development",
    "customer_type",
    "relation",
)


async def in_ring(shop: Shop, customer_id: str, seen: Seen) -> bool:
    """The referral of this customer closes a ring (F1); by the bundle alone without the store."""
    if seen.query.customer.referrer_id is None:
        return False
    nodes = [customer_node(customer_id)] if seen.found is None else seen.found.nodes
    names = [id_of(node) for node in nodes if node[0] == "c"]
    known = known_above(seen.bundle, names)
    try:
        return await closes_ring(shop.store, names, known)
    except StoreError:
        refused = referral_graph(known.values()).refused
        return any(one.edge.newcomer in names for one in refused)


def profile_of(customer_id: str, seen: Seen, *, ring: bool = False) -> dict[str, Any]:
    """Fields of CustomerResponse besides the standing; made of the same facts as a slate.

    `ring`: nobody is rewarded for what they buy, see `in_ring`.
    """
    query, live, bundle = seen.query, seen.live, seen.bundle
    known = known_customer(bundle, customer_id) if seen.found is None else seen.found.known
    history = updated(known, seen.events, bundle).known.past
    identity = NOBODY_LINKED if seen.found is None else seen.found.identity
    return {
        "identity": described(identity, customer_node(customer_id)),
        "classes": {name: getattr(query.customer, name) for name in LABELLED},
        "labels": _labels(query.customer, bundle),
        "breadth_score": query.customer.breadth_score,
        "length_score": query.customer.length_score,
        "stages": _stages(history, bundle, query.now),
        "strategies": _strategies(query.customer),
        "diagnosis": _diagnosis(query.customer, bundle),
        "churn": _churn(history, bundle, query.now),
        "ledger": _ledger(history, bundle),
        "recent": _recent(query.history, live),
        "due": _due(query, live),
        "contact": _contact(history, bundle, query.now),
        "referral": _referral(history, query.customer, ring=ring),
        "consent": {
            "personal": query.customer.personal,
            "contact": query.customer.contactable,
        },
        "complaints": [
            {"at": instant(told.at), "item_id": told.item_id or None}
            for told in history.complaints[: -SHOWN - 1 : -1]
        ],
    }


def _labels(state: CustomerState, bundle: Bundle) -> dict[str, dict[str, str]]:
    """In both languages, for whoever reads it to a merchandiser."""
    found: dict[str, Label] = {name: LABELS[name][getattr(state, name)] for name in LABELLED}
    segments = {segment.name: segment.label for segment in bundle.shop.segments}
    tiers = {tier.name: tier.label for tier in bundle.shop.loyalty.tiers}
    if state.segment is not None:
        found["segment"] = segments[state.segment]
    if state.tier is not None:
        found["tier"] = tiers[state.tier]
    return {name: _both(label) for name, label in found.items()}


def _both(label: Label) -> dict[str, str]:
    return {"en": label.en, "zh": label.zh}


def _stages(history: History, bundle: Bundle, now: int) -> list[dict[str, Any]]:
    """Every stage since the first contact; the last is the one now."""
    told = stages(
        bought_of(history).at,
        bundle.schemes.lifecycle,
        first_at=history.moments.first_at,
        advocate_at=min(brought_buyers(history.referred).values(), default=0),
        now=now,
    )
    return [{"stage": one.name, "since": instant(one.since)} for one in told if one.since <= now]


def _strategies(state: CustomerState) -> dict[str, dict[str, str] | None]:
    """What the shop does for who stands here (L2, C5)."""
    found = {"relation": cell_strategy(state), "wake_up": wake_up(state)}
    return {name: each and {"name": each.name, **_both(each.label)} for name, each in found.items()}


def _diagnosis(state: CustomerState, bundle: Bundle) -> dict[str, Any] | None:
    """Why they are small, beside what is usual (V8)."""
    orders, money, breadth = state.frequency, state.monetary_minor, state.breadth
    found = diagnosis_of(state.value_class, orders, money, breadth, bundle.thresholds.usual)
    if found is None:
        return None
    own, usual = found.own, found.usual
    told = {"name": found.cause, **_both(CAUSES[found.cause]), "own": own, "usual": usual}
    if found.cause == "small_basket":
        told |= {"own": _money(own, bundle), "usual": _money(usual, bundle)}
    return told


def _churn(history: History, bundle: Bundle, now: int) -> list[dict[str, Any]]:
    """Each time that they went dormant, the newest first (L3)."""
    found = churns(history, bundle.schemes.lifecycle, now)[: -SHOWN - 1 : -1]
    return [
        {
            "since": instant(each.since),
            "cause": {"name": each.cause, **_both(CHURN_CAUSES[each.cause])},
            "returned_at": instant(each.returned_at),
        }
        for each in found
    ]


def _ledger(history: History, bundle: Bundle) -> list[dict[str, Any]]:
    """The newest lines, the newest first."""
    ladder = bundle.schemes.ladder
    return [
        {
            "at": instant(line.at),
            "cause": line.cause,
            "points": line.parts / ladder.point,
            "voucher": _money(line.voucher_minor, bundle),
            "balance": line.balance / ladder.point,
            "tier": ladder.tiers[line.tier_rank - 1].name if line.tier_rank else None,
        }
        for line in ledger(history, ladder)[: -SHOWN - 1 : -1]
    ]


def _recent(history: ItemHistory, live: Live) -> list[dict[str, Any]]:
    """What they did anything with lately, the newest first; ties by row."""
    touched = np.maximum(history.last_at, history.last_bought_at)
    order = np.argsort(-touched, kind="stable")[:SHOWN].tolist()
    return [
        {
            **_item(live, int(history.rows[place])),
            "at": instant(int(touched[place])),
            "bought": int(history.bought[place]),
            "returned": int(history.returned[place]),
            "last_bought_at": instant(int(history.last_bought_at[place])),
        }
        for place in order
        if touched[place] > 0
    ]


def _due(query: Query, live: Live) -> list[dict[str, Any]]:
    """What is near the end of its cycle, the likeliest to be bought again first; ties by row.

    Stricter than the source `due`: what has no cycle is due at any time, which says nothing.
    """
    supplies, history = query.supplies, query.history
    if not len(supplies.near):
        return []
    chances = supplies.chances(supplies.near)
    likeliest = np.argsort(-chances, kind="stable")[:SHOWN]
    places = supplies.near[likeliest]
    rows, at, days = history.rows[places], history.last_bought_at[places], supplies.days[places]
    ends = at + np.rint(days * DAY_MS).astype(np.int64)
    columns = (rows, days, chances[likeliest], at, ends)
    return [
        {
            **_item(live, row),
            "cycle_days": round(cycle, 1),
            "chance": round(chance, 4),
            "last_bought_at": instant(bought),
            "runs_out_at": instant(end),
        }
        for row, cycle, chance, bought, end in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _item(live: Live, row: int) -> dict[str, Any]:
    card = live.card(row)
    return {"item_id": card.item_id, "title": card.title}


def _contact(history: History, bundle: Bundle, now: int) -> dict[str, Any] | None:
    """Channel and hour, in the shop's time zone; null where nobody ever answered."""
    own: Mapping[tuple[str, int], int] = answers_of(history.reach)
    found = preference_of(own, bundle.answers, ContactConfig(), now, bundle.schemes.zone)
    return None if found is None else {"channel": found.channel, "hour": found.hour}


def _referral(history: History, state: CustomerState, *, ring: bool) -> dict[str, Any]:
    referrer_id = state.referrer_id  # a history may still name who was erased since
    return {
        "referrer_id": referrer_id,
        "referred_at": None if referrer_id is None else instant(history.referrer.at),
        "refused": "ring" if ring else None,
        "referred_buyers": state.referred_buyers,
        "invitations": state.invitations,
    }


def _money(minor: int | None, bundle: Bundle) -> float | None:
    return None if minor is None else major(minor, bundle.shop.shop.minor_units)
