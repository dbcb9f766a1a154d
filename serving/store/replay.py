"""The stream is the truth; tails are made from it. This makes them again where they are lost."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.events import LINKS
from engine.happened import Happened
from serving.store.packing import StreamId, stream_id, unpack
from serving.store.scripts import CONSENTS_AFTER
from serving.store.store import Accepting, Store

PAGE: Final = 500


async def needs_replay(store: Store) -> bool:
    """True when nobody has said that the tails hold what the stream holds."""
    (folded,) = await store.ask(("EXISTS", store.keys.folded))
    return not folded


async def replay(store: Store, accepting: Callable[[Happened], Accepting]) -> int:
    """Fold the whole stream into the tails again; harmless when they hold it. Gives the number.

    Two workers may do it at the same time, while others accept new events.
    """
    after, folded = "-", 0
    while True:
        (page,) = await store.ask(("XRANGE", store.keys.events, after, "+", "COUNT", PAGE))
        told = [(accepted, unpack(_event(entry))) for accepted, entry in page]
        events = [
            (accepted, accepting(event))
            for accepted, event in told
            if event is not None and event.type not in LINKS
        ]
        await store.fold(events)
        folded += len(events)
        if len(page) < PAGE:
            break
        after = "(" + page[-1][0].decode()
    await store.ask(("SET", store.keys.folded, "1"))
    return folded


async def stream_after(store: Store, after: StreamId) -> AsyncIterator[Happened]:
    """What the stream holds since, in the order of acceptance."""
    start = f"({after}"
    while True:
        (page,) = await store.ask(("XRANGE", store.keys.events, start, "+", "COUNT", PAGE))
        for _, fields in page:
            event = unpack(_event(fields))
            if event is not None:
                yield event
        if len(page) < PAGE:
            return
        start = "(" + page[-1][0].decode()


@dataclass(frozen=True, slots=True)
class ConsentPage:
    entries: Sequence[bytes]  # as they lie in a tail
    read_to: StreamId
    complete: bool


async def consents_after(store: Store, after: StreamId) -> ConsentPage:
    """The consents among the next `PAGE` events; they alone come over the wire."""
    (reply,) = await store.run(CONSENTS_AFTER, [("1", store.keys.events, f"({after}", PAGE)])
    count, last, *found = reply
    told = zip(found[::2], found[1::2], strict=True)
    entries = [accepted + b" " + event for accepted, event in told]
    return ConsentPage(entries, stream_id(last) if last else after, complete=count < PAGE)


def _event(fields: Sequence[bytes]) -> bytes:
    return fields[fields.index(b"event") + 1]
