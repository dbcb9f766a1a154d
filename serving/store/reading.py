"""The stream of accepted events from the outside: read in order, cut where it is kept elsewhere.

What may go is decided by the caller. A tail's entry carries its stream id, so one cut serves the
stream and the tails of customers; done twice, or half and then again, it comes to the same. The
tails of visitors stay: nothing else holds what they did, and they expire by themselves.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.errors import StoreError
from engine.happened import Happened
from serving.store.packing import BEGINNING, StreamId, stream_id, unpack
from serving.store.scripts import Script
from serving.store.store import Store

PAGE: Final = 2_000  # guess: about 1 MB a trip
TAILS_AT_ONCE: Final = 200  # guess: a script of about a millisecond, so that requests slip between

CUT_TAILS: Final = Script("""
-- KEYS  tails; ARGV  ms and number of the last stream id that may go
-- Gives how many entries went. A tail that is empty then is gone.
local last_ms, last_number, gone = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
for _, tail in ipairs(KEYS) do
  local held = redis.call('HGETALL', tail)
  for i = 1, #held, 2 do
    local ms, number = string.match(held[i + 1], '^(%d+)-(%d+)')
    ms, number = tonumber(ms), tonumber(number)
    if ms and (ms < last_ms or (ms == last_ms and number <= last_number)) then
      gone = gone + redis.call('HDEL', tail, held[i])
    end
  end
end
return gone
""")


@dataclass(frozen=True, slots=True)
class Page:
    """Accepted events in the order of acceptance."""

    events: tuple[Happened, ...]
    unknown: tuple[bytes, ...]  # what a newer server wrote and this one cannot read
    through: StreamId  # the last entry of the page


@dataclass(frozen=True, slots=True)
class Cut:
    through: StreamId
    from_stream: int
    from_tails: int


async def pages_after(store: Store, after: StreamId) -> AsyncIterator[Page]:
    """The stream after `after`. StoreError when what comes next has been cut away already."""
    cut = await last_cut(store)
    if after < cut:
        raise StoreError(
            f"the log holds the stream up to {after}, but up to {cut} it has been archived and "
            "cut: this is not the log that it was archived to. Restore that one"
        )
    while True:
        (entries,) = await store.ask(("XRANGE", store.keys.events, f"({after}", "+", "COUNT", PAGE))
        if entries:
            yield _page(entries)
            after = stream_id(entries[-1][0])
        if len(entries) < PAGE:
            return


def _page(entries: Sequence[tuple[bytes, Sequence[bytes]]]) -> Page:
    payloads = [fields[fields.index(b"event") + 1] for _, fields in entries]
    told = [(payload, unpack(payload)) for payload in payloads]
    return Page(
        events=tuple(event for _, event in told if event is not None),
        unknown=tuple(payload for payload, event in told if event is None),
        through=stream_id(entries[-1][0]),
    )


async def last_cut(store: Store) -> StreamId:
    (held,) = await store.ask(("GET", _cut_key(store)))
    return BEGINNING if held is None else stream_id(held)


async def store_now_ms(store: Store) -> int:
    """By the clock that stream ids are made of."""
    ((seconds, micros),) = await store.ask(("TIME",))
    return int(seconds) * 1000 + int(micros) // 1000


async def cut(store: Store, through: StreamId) -> Cut:
    """Drop all entries up to and with `through` from the stream and the tails of customers."""
    through = max(through, await last_cut(store))
    await store.ask(("SET", _cut_key(store), str(through)))  # first: a gap is never unannounced
    first_kept = f"{through.ms}-{through.number + 1}"
    (from_stream,) = await store.ask(("XTRIM", store.keys.events, "MINID", first_kept))
    from_tails = 0
    async for tails in _tails(store, store.keys.customers):
        (gone,) = await store.run(CUT_TAILS, [(len(tails), *tails, through.ms, through.number)])
        from_tails += gone
    return Cut(through, from_stream, from_tails)


async def _tails(store: Store, prefix: str) -> AsyncIterator[list[bytes]]:
    cursor = b"0"
    while True:
        ((cursor, found),) = await store.ask(
            ("SCAN", cursor, "MATCH", prefix + "*", "COUNT", TAILS_AT_ONCE)
        )
        if found:
            yield found
        if cursor == b"0":
            return


def _cut_key(store: Store) -> str:
    return store.keys.events + ":cut"
