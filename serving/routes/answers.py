"""What each call gives back, as plain values ready for JSON. The routes only carry them."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import orjson

from engine.bundle import Bundle
from engine.catalogue import UNKNOWN
from engine.customers.loyalty import tier_price
from engine.customers.state import NOBODY
from engine.errors import UnknownName
from engine.query import Asked, Query
from engine.reasons import Language, say
from engine.recommend import recommend
from engine.retrievers import matching
from engine.slots import SlotPlan, find_slot
from engine.types import Candidates, Served, Slate
from serving.bundles import Live, major
from serving.customer_schemas import CustomerResponse
from serving.nearest import unknown_category
from serving.problems import unknown
from serving.schemas import RecommendOptions
from serving.sections import state_on_wire
from serving.shop import Seen, Shop, see

SLATE_ID_BYTES: Final = 12
MILLION: Final = 1_000_000
SEARCHED: Final = "searched"  # the source of what matches the words
_AS_HELD: Final = frozenset(CustomerResponse.model_fields) & frozenset(state_on_wire(NOBODY, 0))
"""Fields of the wire that are the state's own."""


async def slate(shop: Shop, customer_id: str | None, options: RecommendOptions) -> dict[str, Any]:
    """The answer of /recommend; a slot or a category that there is not is refused."""
    plan = _plan(shop, options.slot)
    seen = await see(shop, _asked(customer_id, options, plan))
    query = _ready(seen, options, plan)
    found = recommend(query, plan, seen.bundle)
    shop.metrics.slates.labels(plan.name).inc()
    state, bundle = query.customer, seen.bundle
    return {
        "slate_id": secrets.token_urlsafe(SLATE_ID_BYTES),
        "slot": plan.name,
        "bundle_version": bundle.version,
        "currency": bundle.shop.shop.currency,
        "customer": {
            "segment": state.segment,
            "value_class": state.value_class,
            "stage": state.stage,
            "tier": state.tier,
        },
        "degraded": found.degraded,
        "unknown_items": _unknown_items(options, seen),
        "search_matches": search_matches(query, plan, found, bundle),
        "items": _places(seen.live, found, state.tier, options.language),
    }


def _plan(shop: Shop, name: str) -> SlotPlan:
    try:
        return find_slot(shop.slots, name)
    except UnknownName as error:
        raise unknown("slot", name, error.known) from error


def _ready(seen: Seen, options: RecommendOptions, plan: SlotPlan) -> Query:
    """As long as was asked, else as the slot is for this customer."""
    if options.category is not None and seen.query.category == UNKNOWN:
        raise unknown_category(seen.bundle, options.category)
    query = seen.query
    if options.n is not None:
        return query
    size = plan.slot_for(query).size
    return query if size == query.n else replace(query, n=size)


def _asked(customer_id: str | None, options: RecommendOptions, plan: SlotPlan) -> Asked:
    return Asked(
        n=options.n or plan.base.size,
        customer_id=customer_id,
        visitor_id=options.visitor_id,
        context_items=options.context_items,
        cart=options.cart,
        exclude=options.exclude,
        category=options.category,
        search=options.query,
        channel=options.channel,
    )


def _unknown_items(options: RecommendOptions, seen: Seen) -> list[str]:
    """Ids of the page and of the cart that the bundle does not hold, each once, as asked."""
    query, asked = seen.query, [*options.context_items, *options.cart]
    if len(asked) == len(query.context) + len(query.cart):  # as a rule; then nothing is looked up
        return []
    ids = list(dict.fromkeys(asked))
    rows = seen.bundle.items.rows(ids).tolist()
    return [item_id for item_id, row in zip(ids, rows, strict=True) if row < 0]


def search_matches(query: Query, plan: SlotPlan, found: Slate, bundle: Bundle) -> int | None:
    """Items of the slate that hold words of this request, whatever else speaks for them; None where
    nothing was searched."""
    if not query.searching or SEARCHED not in plan.slot_for(query).sources:
        return None
    rows, _ = matching(query, bundle)
    return int(np.isin([served.row for served in found.items], rows).sum())


def _places(
    live: Live, found: Slate, tier_name: str | None, asked: Language | None
) -> list[dict[str, Any]]:
    bundle, card_of = live.bundle, live.card
    language = asked or bundle.shop.shop.language
    tier, digits = bundle.schemes.tier(tier_name), bundle.shop.shop.minor_units
    places = []
    for position, served in enumerate(found.items, 1):
        card = card_of(served.row)
        pays = tier is not None and card.price is not None
        places.append(
            {
                "item_id": card.item_id,
                "position": position,
                "score": rounded(served.score),
                "source": served.source,
                "reason": _reason(live, served, language),
                "title": card.title,
                "price": card.price,
                "tier_price": major(tier_price(card.price_minor, tier), digits) if pays else None,
            }
        )
    return places


def _reason(live: Live, served: Served, language: Language) -> dict[str, Any]:
    names, item_ids = [], []
    for row in served.because:
        card = live.card(row)
        names.append(card.name)
        item_ids.append(card.item_id)
    text = say(served.reason, names, language, served.days)
    return {"code": served.reason, "text": text, "item_ids": item_ids}


def rounded(score: float) -> float:
    """To a millionth; `round` with digits goes by way of a text and takes ten times as long."""
    return round(score * MILLION) / MILLION


def listed(
    live: Live, found: Candidates, n: int, now: int, hidden: Sequence[int] = ()
) -> dict[str, Any]:
    """A list that depends on no customer: what sells of `found`, the first `n`.

    What the programme keeps back from who has no tier and no points is not in it (P5, P6).
    """
    bundle = live.bundle
    sells = bundle.sellable[found.rows] & ~np.isin(found.rows, hidden)
    if bundle.programme is not None:
        nobody = NOBODY.tier_rank, NOBODY.points
        sells &= ~bundle.programme.kept_back(found.rows, *nobody, now)
    rows, scores = found.rows[sells][:n].tolist(), found.scores[sells][:n].tolist()
    return {
        "bundle_version": bundle.version,
        "currency": bundle.shop.shop.currency,
        "items": [
            _line(live, row, score, position)
            for position, (row, score) in enumerate(zip(rows, scores, strict=True), 1)
        ],
    }


def _line(live: Live, row: int, score: float, position: int) -> dict[str, Any]:
    card = live.card(row)
    return {
        "item_id": card.item_id,
        "position": position,
        "score": rounded(score),
        "title": card.title,
        "price": card.price,
    }


def standing(customer_id: str, seen: Seen) -> dict[str, Any]:
    """The answer of /customers/{id}."""
    state, bundle = seen.query.customer, seen.bundle
    held = state_on_wire(state, bundle.shop.shop.minor_units)
    return {name: value for name, value in held.items() if name in _AS_HELD} | {
        "customer_id": customer_id,
        "attributes": {name: orjson.loads(told) for name, told in state.attributes.items()},
        "segment": state.segment,
        "bundle_version": bundle.version,
        "degraded": seen.query.degraded,
    }
