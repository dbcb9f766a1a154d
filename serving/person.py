"""Who is asking, where they have several ids, share a home, or were erased.

Nobody else comes here: a request of a customer with one id takes one trip, these take one more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from engine.bundle import Bundle
from engine.customers.consent import personal
from engine.customers.identity import (
    NOBODY_LINKED,
    Identity,
    customer_node,
    from_text,
    id_of,
    to_text,
    visitor_node,
)
from engine.customers.remembered import forget
from engine.customers.tombstones import NOBODY_ERASED, Tombstones, beyond
from engine.errors import StoreError
from engine.events import BROWSING
from engine.happened import Happened
from engine.person import UNKNOWN_PERSON, Known, known_person, updated
from engine.query import Asked
from engine.types import ItemHistory
from serving.bundles import Live
from serving.consents import Consents
from serving.store.packing import BEGINNING, StreamId, tail_events
from serving.store.people import tombstones_of
from serving.store.store import Store, Tails

_NOTHING: Final = to_text(NOBODY_LINKED).encode()
Entries = Sequence[bytes]
NO_ENTRIES: Final[Entries] = ()
HOME_SHARE: Final = 4  # guess: what a household bought may take so part of what one's own may


@dataclass(frozen=True, slots=True)
class Found:
    """`nodes` are all ids of the person, the canonical one first."""

    nodes: tuple[str, ...]
    events: tuple[Happened, ...]
    known: Known
    identity: Identity
    home: tuple[ItemHistory, ...] = ()  # of the other people there, as far as they allow it
    cut: bool = False  # there were more events than one request looks at


class Erasures:
    """What a worker knows of the erasures in the store."""

    def __init__(self) -> None:
        self.known = NOBODY_ERASED
        self._numbers: dict[str, int] = {}

    async def learn(self, store: Store) -> bool:
        """False when the store does not tell."""
        try:
            self.known = await tombstones_of(store)
            numbers = self.known.known()
        except StoreError:
            return False
        if numbers != self._numbers:
            forget()
        self._numbers = numbers
        return True

    def since(self, live: Live) -> bool:
        """Somebody was erased whom the bundle's training did not know of."""
        return beyond(self._numbers, live.bundle.manifest.erasures)


def hidden(asked: Asked, erased: Tombstones, live: Live) -> bool:
    """The bundle may hold what was erased of somebody who is named."""
    known = live.bundle.manifest.erasures
    return any(erased.since(node, known) for node in _asked_nodes(asked))


def is_several(tails: Tails, asked: Asked, live: Live) -> bool:
    """Who was unlinked is as nobody ever linked, once the bundle does not link them either.

    Till then the store must say so: the bundle's own word would be that they are one.
    """
    if all(text is None or text == _NOTHING for text in tails.people):
        nodes = live.bundle.linked.nodes
        return bool(len(nodes)) and any(nodes.row(node) >= 0 for node in _asked_nodes(asked))
    return True


def identity_of(asked: Asked, tails: Tails, live: Live, *, store_down: bool) -> Identity:
    """As the store says; as the bundle says while the store does not answer."""
    if not store_down:
        told = [from_text(text) for text in tails.people if text]
        return Identity() if not told else told[0] if len(told) == 1 else told[0] | told[1]
    linked, found = live.bundle.linked, NOBODY_LINKED
    for node in _asked_nodes(asked):
        found |= linked.identity(node)
    return found


def _asked_nodes(asked: Asked) -> list[str]:
    nodes = [] if asked.customer_id is None else [customer_node(asked.customer_id)]
    return nodes if asked.visitor_id is None else [*nodes, visitor_node(asked.visitor_id)]


async def find(
    store: Store, asked: Asked, tails: Tails, identity: Identity, erased: Tombstones, live: Live
) -> Found:
    """StoreError when the further trip fails. `asked` names somebody."""
    first, *more = _asked_nodes(asked)
    nodes = identity.person(first)
    home = identity.at_home(first)
    have = {customer_node(asked.customer_id): tails.customer} if asked.customer_id else {}
    if asked.visitor_id is not None:
        have[visitor_node(asked.visitor_id)] = tails.visitor
    missing = [node for person in (nodes, *home) for node in person if node not in have]
    if missing:
        have |= dict(zip(missing, await store.tails_of(missing), strict=True))
    mine, cut = _newest(nodes, have, live, store.tail_most)
    others = [node for person in home for node in person]
    theirs, cut_there = _newest(others, have, live, store.tail_most // HOME_SHARE)
    own = _events(nodes, mine, live)
    if more and more[0] not in nodes and identity.root(more[0]) == more[0]:
        own += _browsed(own, have[more[0]], asked, live)
    return Found(
        nodes,
        own,
        _known(live.bundle, nodes, erased),
        identity,
        tuple(_homes(live, home, theirs, erased)),
        cut or cut_there,
    )


def find_without_store(
    asked: Asked, identity: Identity, erased: Tombstones, live: Live, consents: Consents
) -> Found:
    """What the bundle alone says, and who opted out since."""
    nodes = identity.person(_asked_nodes(asked)[0])
    at_home = identity.at_home(nodes[0])
    have = {node: consents.entries(node, erased) for person in (nodes, *at_home) for node in person}
    home = tuple(_homes(live, at_home, have, erased))
    own = _events(nodes, have, live)
    return Found(nodes, own, _known(live.bundle, nodes, erased), identity, home)


def _newest(
    nodes: Sequence[str], have: dict[str, Entries], live: Live, most: int
) -> tuple[dict[str, Entries], bool]:
    """The newest `most` entries of all tails together that the bundle does not hold; whether any
    were left out. Each tail is bounded by itself, but a person may have many.
    """
    if sum(len(have.get(node, NO_ENTRIES)) for node in nodes) <= most:
        return have, False
    dated = [
        (ms, node, entry)
        for node in nodes
        for entry in have.get(node, NO_ENTRIES)
        if (ms := int(entry[: entry.index(b"-")])) >= _held_through(node, live).ms
    ]
    dated.sort(key=itemgetter(0), reverse=True)
    kept: dict[str, list[bytes]] = {}
    for _, node, entry in dated[:most]:
        kept.setdefault(node, []).append(entry)
    return {**kept}, len(dated) > most


def _events(nodes: Sequence[str], have: dict[str, Entries], live: Live) -> tuple[Happened, ...]:
    """What was accepted under each of the ids since the bundle; an event id counts once."""
    told: dict[str, Happened] = {}
    for node in nodes:
        after = _held_through(node, live)
        for event in tail_events(have.get(node, NO_ENTRIES), after, id_of(node)):
            told.setdefault(event.event_id, event)
    return tuple(told.values())


def _held_through(node: str, live: Live) -> StreamId:
    """Of visitors a bundle holds those alone whom training knew to be somebody."""
    held = node[0] == "c" or live.bundle.linked.nodes.row(node) >= 0
    return live.through if held else BEGINNING


def _browsed(
    own: Sequence[Happened], entries: Entries, asked: Asked, live: Live
) -> tuple[Happened, ...]:
    """Of a visitor nobody linked, who asks together with this customer."""
    visitor, customer = asked.visitor_id, asked.customer_id
    joined = visitor and customer and live.bundle.is_customer(visitor, customer)
    ids = {event.event_id for event in own}
    events = tail_events(entries, live.through if joined else BEGINNING)
    return tuple(one for one in events if one.type in BROWSING and one.event_id not in ids)


def _known(bundle: Bundle, nodes: Sequence[str], erased: Tombstones) -> Known:
    """Without those ids that were erased after the bundle was trained."""
    there = [node for node in nodes if not erased.since(node, bundle.manifest.erasures)]
    return known_person(bundle, there) if there else UNKNOWN_PERSON


def _homes(
    live: Live,
    people: Sequence[tuple[str, ...]],
    have: dict[str, Entries],
    erased: Tombstones,
) -> Iterator[ItemHistory]:
    bundle = live.bundle
    for nodes in people:
        theirs = updated(_known(bundle, nodes, erased), _events(nodes, have, live), bundle).known
        if personal(theirs.past):
            yield theirs.items
