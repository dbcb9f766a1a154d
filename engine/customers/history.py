"""Who a customer is, as facts: a pure fold of their events.

The fold takes events in any order and any number of times: folding the newest events over a
snapshot gives what folding the whole log gives.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from engine.customers import draft as gather
from engine.customers.draft import Draft
from engine.customers.facts import EMPTY_HISTORY, History, key_of
from engine.customers.referrer import tells_of_another
from engine.events import EventType
from engine.happened import Happened

__all__ = ["EMPTY_HISTORY", "History", "fold", "fold_all", "key_of", "merge"]

REFERRAL: Final = EventType.REFERRAL
GATHER: Final[Mapping[EventType, Callable[[Draft, Happened], None] | None]] = MappingProxyType(
    dict.fromkeys(EventType)
    | {
        EventType.PURCHASE: gather.count_order,
        EventType.REFUND: gather.count_refund,
        EventType.REFERRAL: gather.name_referrer,
        EventType.CART: gather.note_cart,
        EventType.SEARCH: gather.note_search,
        EventType.SIGNUP: gather.note_signup,
        EventType.PROFILE: gather.note_profile,
        EventType.CONSENT: gather.note_consent,
        EventType.RATING: gather.count_rating,
        EventType.INVITATION: gather.count_invitation,
        EventType.MESSAGE_OPEN: gather.count_reach,
        EventType.MESSAGE_CLICK: gather.count_reach,
        EventType.PROMOTION_RESPONSE: gather.count_reach,
        EventType.COMPLAINT: gather.note_complaint,
    }
)
"""What a type adds besides the time of contact."""


def fold(history: History, event: Happened) -> History:
    return fold_all(history, (event,))


def fold_all(history: History, events: Iterable[Happened]) -> History:
    """`events` are this customer's alone; those that were counted before change nothing."""
    draft = Draft(history)
    for event in events:
        if event.type is REFERRAL and tells_of_another(event.properties):
            gather.count_referred(draft, event)  # what another did; no contact with this one
            continue
        gather.touch(draft, event)
        more = GATHER[event.type]
        if more is not None:
            more(draft, event)
    return draft.finished()


def merge(histories: Sequence[History]) -> History:
    """The histories of several aliases as one; no event may be in two of them."""
    draft = Draft(EMPTY_HISTORY)
    for history in histories:
        gather.absorb(draft, history)
    return draft.finished()
