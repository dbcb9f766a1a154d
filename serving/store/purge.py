"""What an erasure leaves in the store, removed afterwards: lines of the stream, and other people's
lines that name who was erased. May be killed at any moment, and done again."""

from dataclasses import dataclass

from engine.customers.identity import customer_node, visitor_node
from engine.customers.tombstones import NAMING, Tombstones, named_in
from engine.errors import StoreError
from engine.happened import Happened
from serving.store.packing import customer_of, is_starred, unpack
from serving.store.replay import PAGE
from serving.store.store import Store


@dataclass(frozen=True, slots=True)
class Purged:
    from_stream: int
    referrers: int  # customers who no longer name who brought them
    compacted: bool  # the append-only file is being rewritten without what was deleted


async def purge(store: Store, erased: Tombstones) -> Purged:
    if not erased:
        return Purged(0, 0, compacted=False)
    gone = await _purge_stream(store, erased)
    referrers = await _purge_referrers(store, erased)
    return Purged(gone, referrers, await _compact(store) if gone else False)


async def _purge_stream(store: Store, erased: Tombstones) -> int:
    start, gone = "-", 0
    while True:
        (page,) = await store.ask(("XRANGE", store.keys.events, start, "+", "COUNT", PAGE))
        for accepted, fields in page:
            event = unpack(fields[fields.index(b"event") + 1])
            if event is not None and is_erased(event, erased):
                tail = store.keys.tail(event.customer_id, event.visitor_id)
                await store.ask(
                    ("HDEL", tail, event.event_id), ("XDEL", store.keys.events, accepted)
                )
                gone += 1
        if len(page) < PAGE:
            return gone
        start = "(" + page[-1][0].decode()


def is_erased(event: Happened, erased: Tombstones) -> bool:
    """The event is of somebody who was erased at that time or later, or names one."""
    return any(event.at <= erased.at(node) for node in _nodes_of(event))


def node_of(event: Happened) -> str:
    """Whose tail holds it."""
    if event.customer_id is None:
        return visitor_node(event.visitor_id or "")
    return customer_node(event.customer_id)


def _nodes_of(event: Happened) -> list[str]:
    return [node_of(event), *(named_in(event.properties) if event.type in NAMING else ())]


async def _purge_referrers(store: Store, erased: Tombstones) -> int:
    """`<at> <who>`: of whom was erased since the referral."""
    cursor, gone = b"0", 0
    while True:
        ((cursor, flat),) = await store.ask(("HSCAN", store.keys.referrers, cursor, "COUNT", PAGE))
        for customer, told in zip(flat[::2], flat[1::2], strict=True):
            at, _, who = told.decode().partition(" ")
            if int(at) <= erased.at(customer_node(who)):
                await _purge_credit(store, store.keys.customers + who, customer.decode())
                (number,) = await store.ask(("HDEL", store.keys.referrers, customer))
                gone += number
        if cursor == b"0":
            return gone


async def _purge_credit(store: Store, tail: str, customer_id: str) -> None:
    """The orders of `customer_id` that lie in the tail of whoever referred them."""
    (flat,) = await store.ask(("HGETALL", tail))
    fields = [
        field
        for field, entry in zip(flat[::2], flat[1::2], strict=True)
        if is_starred(entry) and customer_of(entry) == customer_id
    ]
    if fields:
        await store.ask(("HDEL", tail, *fields))


async def _compact(store: Store) -> bool:
    """False where the store does not let us, or does so already; a managed one does it itself."""
    try:
        await store.ask(("BGREWRITEAOF",))
    except StoreError:
        return False
    return True
