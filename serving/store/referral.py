"""What intake must know of referrals so that an order reaches the one who referred the buyer."""

from collections.abc import Mapping

import orjson

from engine.customers.referral_graph import Edge
from engine.customers.referrer import referrer_in
from engine.events import EventType
from engine.happened import Happened


def told(event: Happened) -> str:
    """`<at> <who>` of a referral event; nothing for other events and for one that names nobody."""
    if event.type is not EventType.REFERRAL:
        return ""
    who = referrer_in(event.properties, event.customer_id)
    return "" if who is None else f"{event.at} {who}"


def known(edges: Mapping[str, Edge]) -> bytes:
    """Newcomer → `<at> <who>` as JSON; nothing where there are none."""
    told = {newcomer: f"{edge.at} {edge.referrer}" for newcomer, edge in edges.items()}
    return orjson.dumps(told) if told else b""
