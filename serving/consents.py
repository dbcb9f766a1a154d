"""Who opted out since the bundle: a worker remembers them for when the store does not answer (A6).

While it answers, its tails say it. What is held of somebody is the entries of their tail that are
consents, so that these count by the same rules as ever.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from engine.customers.identity import customer_node, visitor_node
from engine.customers.tombstones import Tombstones
from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked
from serving.bundles import Live
from serving.store.packing import BEGINNING, pack, stream_id, unpack
from serving.store.purge import is_erased, node_of
from serving.store.replay import consents_after
from serving.store.store import Store, Tails

MOST_PEOPLE: Final = 100_000  # decision: 50 MB; of more, those who were told first go
MOST_WORDS: Final = 64  # guess: of one of them; likewise
Key = TypeVar("Key")
Value = TypeVar("Value")


class Consents:
    def __init__(self) -> None:
        self._held: dict[str, dict[bytes, None]] = {}
        self._through = self._read_to = BEGINNING
        self._erasure = 0

    def note(self, event: Happened, accepted: bytes) -> None:
        """What this worker accepted itself, without waiting for `follow`."""
        if event.type is EventType.CONSENT:
            self._hold(accepted + b" " + pack(event))

    async def follow(self, store: Store, live: Live, erased: Tombstones) -> None:
        """Read on to the end of the stream, and let go of what no request needs. StoreError.

        A bundle's first time costs the store 5 µs for each event since.
        """
        if live.through != self._through or erased.last != self._erasure:
            self._held = {
                node: kept for node in self._held if (kept := self._kept(node, live, erased))
            }
            self._erasure = erased.last
        if live.through != self._through:
            self._through = self._read_to = live.through
        done = False
        while not done:
            page = await consents_after(store, self._read_to)
            for entry in page.entries:
                self._hold(entry)
            self._read_to, done = page.read_to, page.complete

    def tails(self, asked: Asked, erased: Tombstones) -> Tails:
        customer, visitor = asked.customer_id, asked.visitor_id
        return Tails(
            customer=self.entries(customer_node(customer), erased) if customer else (),
            visitor=self.entries(visitor_node(visitor), erased) if visitor else (),
        )

    def entries(self, node: str, erased: Tombstones) -> Sequence[bytes]:
        """In the form of a tail; nothing from before the node was erased."""
        held = self._held.get(node, ())
        return [entry for entry in held if (told := _told(entry)) and not is_erased(told, erased)]

    def __len__(self) -> int:
        return len(self._held)

    def _kept(self, node: str, live: Live, erased: Tombstones) -> dict[bytes, None]:
        entries = self.entries(node, erased)
        return {
            entry: None
            for entry in entries
            if node[0] == "v" or stream_id(entry.partition(b" ")[0]) > live.through
        }

    def _hold(self, entry: bytes) -> None:
        event = _told(entry)
        if event is None or event.type is not EventType.CONSENT:
            return
        node = node_of(event)
        held = self._held.get(node)
        if held is None:
            if all(said is True for said in event.properties.values()):
                return  # nothing to forget while the store is away
            held = self._held[node] = {}
            _keep_newest(self._held, MOST_PEOPLE)
        held[entry] = None
        _keep_newest(held, MOST_WORDS)


def _keep_newest(held: dict[Key, Value], most: int) -> None:
    while len(held) > most:
        del held[next(iter(held))]


def _told(entry: bytes) -> Happened | None:
    return unpack(entry.partition(b" ")[2])
