"""The shop's Redis as the server uses it: tails read in one trip, events accepted as one step."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import hiredis

from engine.customers.identity import customer_node, visitor_node
from engine.customers.referral_graph import LONGEST_CHAIN, Edge
from engine.errors import StoreError
from engine.events import BROWSING, MONEY
from engine.happened import Happened
from serving.store import referral
from serving.store.address import Address
from serving.store.connection import Command, Reply, refuse_errors
from serving.store.keys import Keys
from serving.store.link import Link, LinkState
from serving.store.packing import pack
from serving.store.scripts import ACCEPT, SCRIPTS, Script
from serving.store.trim import MOST_LIMITS, droppable, too_long

DAY_S: Final = 86_400
DEFAULT_VISITOR_DAYS: Final = 30
DEFAULT_TAIL_LIMIT: Final = 1_000
ERASED: Final = b""
NO_EDGES: Final[Mapping[str, Edge]] = MappingProxyType({})
LinkName = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Tails:
    """What was accepted of who is asking, unparsed, and how many catalogue changes there are."""

    customer: Sequence[bytes] = ()
    visitor: Sequence[bytes] = ()
    change_count: int = 0
    last_erasure: int = 0
    people: Sequence[bytes | None] = ()  # what is linked to the customer, to the visitor

    @property
    def linked(self) -> bool:
        return any(self.people)


@dataclass(frozen=True, slots=True)
class Accepting:
    """An event on its way in, with what the bundle knows of its customer's referral and of those
    above, by newcomer.
    """

    event: Happened
    known: Mapping[str, Edge] = field(default_factory=lambda: NO_EDGES)


class Store:
    """Owns a worker's two links: reads must be quick, writes must be durable."""

    def __init__(
        self,
        address: Address,
        shop: str,
        *,
        read_s: float = 0.025,
        write_s: float = 2.0,
        visitor_days: int = DEFAULT_VISITOR_DAYS,
        tail_limit: int = DEFAULT_TAIL_LIMIT,
        on_change: Callable[[LinkName, LinkState], None] | None = None,
    ) -> None:
        load: list[Command] = [("SCRIPT", "LOAD", script.text) for script in SCRIPTS]
        self.keys = Keys(shop)
        self.durable = "unknown"  # see `durability`; read again whenever the store comes up
        self.came_up = asyncio.Event()  # set for whoever must look at a store that may be another
        self._told = on_change or (lambda _name, _state: None)
        self._reads = Link(
            address, timeout_s=read_s, greet=load, on_change=lambda state: self._note("read", state)
        )
        self._writes = Link(
            address,
            timeout_s=write_s,
            greet=load,
            on_change=lambda state: self._note("write", state),
        )
        self._visitor_ttl_s = visitor_days * DAY_S
        self._tail_limit = tail_limit
        self.tail_most = tail_limit * MOST_LIMITS  # entries of a tail that takes only browsing
        self._trims: dict[str, asyncio.Task[None]] = {}

    @property
    def up(self) -> bool:
        return self._reads.up and self._writes.up

    @property
    def trimming(self) -> bool:
        """A tail is being looked at for what may go."""
        return bool(self._trims)

    def _note(self, link: LinkName, state: LinkState) -> None:
        self._told(link, state)
        if self.up:
            self.came_up.set()

    async def start(self) -> None:
        await asyncio.gather(self._reads.start(), self._writes.start())

    async def stop(self) -> None:
        await asyncio.gather(*self._trims.values(), return_exceptions=True)
        await asyncio.gather(self._reads.stop(), self._writes.stop())

    async def read(self, customer_id: str | None, visitor_id: str | None) -> Tails:
        """One round trip; StoreError when it is not answered in time."""
        commands: list[Command] = [("MGET", self.keys.change_count, self.keys.last_erasure)]
        nodes: list[str] = []
        if customer_id is not None:
            commands.append(("HVALS", self.keys.customers + customer_id))
            nodes.append(customer_node(customer_id))
        if visitor_id is not None:
            commands.append(("HVALS", self.keys.visitors + visitor_id))
            nodes.append(visitor_node(visitor_id))
        if nodes:
            commands.append(("HMGET", self.keys.people, *nodes))
        (changes, erasures), *tails = refuse_errors(await self._reads.ask(*commands))
        return Tails(
            people=tails.pop() if nodes else (),
            customer=tails.pop(0) if customer_id is not None else (),
            visitor=tails.pop(0) if visitor_id is not None else (),
            change_count=int(changes or 0),
            last_erasure=int(erasures or 0),
        )

    async def tails_of(self, nodes: Sequence[str]) -> list[Sequence[bytes]]:
        """Of further ids of who is asking, and of whom they live with: one trip more."""
        commands: list[Command] = [("HVALS", self.keys.tail_of(node)) for node in nodes]
        return refuse_errors(await self._reads.ask(*commands))

    async def accept(self, events: Sequence[Accepting]) -> list[bytes | None]:
        """Stream ids in the order of `events`; None for one that was there already, ERASED for one
        from before its customer was erased, of which nothing is kept.

        When it returns the events are as durable as the store's policy says. When it raises, some
        may have been accepted: sending all of them again counts none of them twice.
        """
        replies = await self._take([(one, b"") for one in events])
        return [ERASED if reply == 0 else None if reply is None else reply[0] for reply in replies]

    async def fold(self, events: Sequence[tuple[bytes, Accepting]]) -> None:
        """Put events of the stream, with their stream ids, into the tails that miss them."""
        await self._take([(one, accepted) for accepted, one in events])

    async def _take(self, events: Sequence[tuple[Accepting, bytes]]) -> list[Reply]:
        replies = await self.run(ACCEPT, [self._accepting(*one) for one in events])
        for (one, _), reply in zip(events, replies, strict=True):
            if reply and too_long(reply[1], self._tail_limit):
                self._trim_soon(self.keys.tail(one.event.customer_id, one.event.visitor_id))
        return replies

    def _accepting(self, one: Accepting, accepted: bytes) -> Command:
        event = one.event
        told = referral.told(event)
        role = "order" if event.type in MONEY else "referral" if told else ""
        return (
            "5",
            self.keys.events,
            self.keys.tail(event.customer_id, event.visitor_id),
            self.keys.referrers,
            self.keys.erased,
            self.keys.erased_salt,
            event.event_id,
            pack(event),
            0 if event.customer_id is not None else self._visitor_ttl_s,
            role if event.customer_id is not None else "",
            event.customer_id or "",
            self.keys.customers,
            event.at,
            referral.known(one.known),
            told,
            accepted,
            visitor_node(event.visitor_id or "")
            if event.customer_id is None
            else customer_node(event.customer_id),
            0 if event.type in BROWSING else self.tail_most,
            LONGEST_CHAIN,
        )

    async def durability(self) -> str:
        """When an accepted event is on the disk: "always", "everysec", "no", "none", "unknown".

        What it found last is `durable`.
        """
        replies = await self._writes.ask(
            ("CONFIG", "GET", "appendonly"), ("CONFIG", "GET", "appendfsync")
        )
        try:
            appendonly, appendfsync = (reply[1].decode() for reply in refuse_errors(replies))
        except StoreError:  # a managed Redis may not tell
            self.durable = "unknown"
        else:
            self.durable = appendfsync if appendonly == "yes" else "none"
        return self.durable

    async def ask(self, *commands: Command) -> list[Reply]:
        """Any commands, over the link for writes; error replies raise."""
        return refuse_errors(await self._writes.ask(*commands))

    async def run(
        self, script: Script, calls: Sequence[Command], *, timeout_s: float | None = None
    ) -> list[Reply]:
        """One trip for all calls. A store that has lost the script is given it again."""
        commands: list[Command] = [("EVALSHA", script.sha, *call) for call in calls]
        if not commands:
            return []
        replies = await self._writes.ask(*commands, timeout_s=timeout_s)
        lost = [place for place, reply in enumerate(replies) if _no_script(reply)]
        if lost:
            again: list[Command] = [("EVAL", script.text, *calls[place]) for place in lost]
            for place, reply in zip(lost, await self._writes.ask(*again), strict=True):
                replies[place] = reply
        return refuse_errors(replies)

    def _trim_soon(self, tail: str) -> None:
        if tail in self._trims:
            return
        task = self._trims[tail] = asyncio.create_task(self._trim(tail))
        task.add_done_callback(lambda _: self._trims.pop(tail))

    async def _trim(self, tail: str) -> None:
        """Drop the oldest browsing of a tail that has grown too long; orders always stay."""
        try:
            (flat,) = await self.ask(("HGETALL", tail))
            entries = dict(zip(flat[::2], flat[1::2], strict=True))
            fields = droppable(entries, self._tail_limit)
            if fields:
                await self.ask(("HDEL", tail, *fields))
        except StoreError:
            return  # the next event of this customer asks for it again


def _no_script(reply: Reply) -> bool:
    return isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT")
