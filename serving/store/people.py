"""Who is who, in the store: links change as one step, and an erasure takes all of a person."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.customers.tombstones import UNTOLD, Tombstones
from engine.happened import Happened
from serving.store.connection import Command
from serving.store.packing import pack
from serving.store.scripts import WITHDRAW, Script
from serving.store.store import Store

RELINK: Final = Script("""
-- KEYS  stream, people, revision, number of the last erasure
-- ARGV  how many events; events …; how many nodes are expected; node, what it held ('' nothing) …;
--       node, what it is to hold …; the number of the last known erasure ('' where any may be)
-- Changes nothing and gives -1 when anybody more was erased by now, 0 when a node holds something
-- else by now; else 1.
-- The events' revisions are written here, as the last of their properties: they order the words on
-- links as they were accepted, whatever the clocks of those who tell them say.
local stream, people, counter = KEYS[1], KEYS[2], KEYS[3]
local events = tonumber(ARGV[1])
local first = events + 3
local last = first - 1 + 2 * tonumber(ARGV[events + 2])
local known = ARGV[#ARGV]
if known ~= '' and known ~= (redis.call('GET', KEYS[4]) or '0') then return -1 end
for i = first, last, 2 do
  if (redis.call('HGET', people, ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
end
for i = last + 1, #ARGV - 1, 2 do redis.call('HSET', people, ARGV[i], ARGV[i + 1]) end
if events == 0 then return 1 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local revision = math.max(now, tonumber(redis.call('GET', counter) or '0') + 1)
for i = 2, events + 1 do
  local event = string.sub(ARGV[i], 1, -3) .. string.format(',"revision":%.0f}}', revision)
  redis.call('XADD', stream, '*', 'event', event)
  revision = revision + 1
end
redis.call('SET', counter, string.format('%.0f', revision))
return 1
""")

ERASE: Final = Script(
    """
-- KEYS  people, erased, salt, number of the last erasure, referrers
-- ARGV  a salt, now, prefix of customers' tails, node asked for, what it held, how many nodes;
--       node, its tail, who the bundle says referred them ('' nobody) … ;
--       node of another person, what it is to hold …
-- Gives nil when the node holds something else by now, else the instant up to which events are
-- forgotten, how many entries of tails went, the number of this erasure, and the salt.
-- What they bought lies with whom the store names or the bundle, maybe there alone: their own tail
-- was full, or a training took it. Events are forgotten up to the last of all these.
-- The number is at least the time in ms: a store that lost its last second gives none twice.
local people, erased, referrers, prefix = KEYS[1], KEYS[2], KEYS[5], ARGV[3]
"""
    + WITHDRAW
    + """
if (redis.call('HGET', people, ARGV[4]) or '') ~= ARGV[5] then return false end
redis.call('SET', KEYS[3], ARGV[1], 'NX')
local salt, at, gone = redis.call('GET', KEYS[3]), tonumber(ARGV[2]), 0
local last = 6 + 3 * tonumber(ARGV[6])
for i = 7, last, 3 do
  local node, tail = ARGV[i], ARGV[i + 1]
  local held = redis.call('HGETALL', tail)
  for j = 1, #held, 2 do
    local accepted, text = string.match(held[j + 1], '^(%S+) (.*)$')
    if string.sub(accepted, -1) ~= '*' then at = math.max(at, cjson.decode(text).at) end
  end
  gone = gone + #held / 2
  redis.call('DEL', tail)
  redis.call('HDEL', people, node)
  if string.sub(node, 1, 1) == 'c' then
    local newcomer = string.sub(node, 3)
    local told = redis.call('HGET', referrers, newcomer) or ''
    for who in pairs({[string.match(told, '^%d+ (.+)$') or ''] = true, [ARGV[i + 2]] = true}) do
      if who ~= '' then at = math.max(at, withdraw(newcomer, who)) end
    end
    redis.call('HDEL', referrers, newcomer)
  end
  local before = redis.call('HGET', erased, redis.sha1hex(salt .. node))
  if before then at = math.max(at, tonumber(string.match(before, '^%d+'))) end
end
local time = redis.call('TIME')
local number = math.max(
  tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000),
  tonumber(redis.call('GET', KEYS[4]) or '0') + 1)
redis.call('SET', KEYS[4], string.format('%.0f', number))
local told = string.format('%.0f %.0f', at, number)
for i = 7, last, 3 do redis.call('HSET', erased, redis.sha1hex(salt .. ARGV[i]), told) end
for i = last + 1, #ARGV, 2 do redis.call('HSET', people, ARGV[i], ARGV[i + 1]) end
return {string.format('%.0f', at), gone, number, salt}
"""
)

SALT_BYTES: Final = 32
PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Erased:
    at: int
    tail_entries: int
    number: int  # higher than that of any before
    salt: str


async def held_of(store: Store, nodes: Sequence[str]) -> list[bytes | None]:
    """What hangs together with each node, as text; None for one that was never linked."""
    pages = (nodes[start : start + PAGE] for start in range(0, len(nodes), PAGE))
    held: list[bytes | None] = []
    for page in pages:
        held += (await store.ask(("HMGET", store.keys.people, *page)))[0]
    return held


async def relink(
    store: Store,
    events: Sequence[Happened],
    expected: Mapping[str, bytes | None],
    held: Mapping[str, str],
) -> bool:
    """False, with nothing changed, when somebody else was quicker: look again and decide anew."""
    (reply,) = await store.run(RELINK, [_relinking(store, events, expected, held)])
    return bool(reply)


async def relink_each(
    store: Store, changes: Mapping[str, tuple[bytes | None, str]], erasures: int
) -> int | None:
    """From what each node held to what it is to hold, where it still holds that; how many did.

    None as soon as the last erasure is not `erasures` any more: the changes may name who is erased.
    """
    changed, nodes = 0, list(changes)
    for start in range(0, len(nodes), PAGE):
        page = {node: changes[node] for node in nodes[start : start + PAGE]}
        calls = [
            _relinking(store, [], {node: held}, {node: new}, str(erasures))
            for node, (held, new) in page.items()
        ]
        replies = await store.run(RELINK, calls)
        if -1 in replies:
            return None
        changed += sum(replies)
    return changed


def _relinking(
    store: Store,
    events: Sequence[Happened],
    expected: Mapping[str, bytes | None],
    held: Mapping[str, str],
    erasures: str = "",
) -> Command:
    keys = store.keys
    call: list[str | bytes | int] = [
        *("4", keys.events, keys.people, keys.revision, keys.last_erasure),
        len(events),
        *map(pack, events),
        len(expected),
    ]
    for node, text in expected.items():
        call += [node, text or b""]
    for node, new in held.items():
        call += [node, new]
    return (*call, erasures)


async def erase(
    store: Store,
    asked: tuple[str, bytes | None],
    people: Sequence[tuple[str, str]],
    others: Mapping[str, str],
    now: int,
) -> Erased | None:
    """`people`: every node of the person and who referred it; `others` keep these texts.

    None when what is linked has changed meanwhile.
    """
    keys = store.keys
    call: list[str | bytes | int] = [
        *("5", keys.people, keys.erased, keys.erased_salt, keys.last_erasure, keys.referrers),
        *(secrets.token_hex(SALT_BYTES), now, keys.customers, asked[0], asked[1] or b""),
        len(people),
    ]
    for node, referrer in people:
        call += [node, keys.tail_of(node), referrer]
    for node, text in others.items():
        call += [node, text]
    command: Command = tuple(call)
    (reply,) = await store.run(ERASE, [command])
    if reply is None:
        return None
    at, gone, number, salt = reply
    return Erased(int(at), int(gone), int(number), salt.decode())


async def salt_of(store: Store) -> str:
    """Of hashed ids, the same for ever; made where there is none yet."""
    own = secrets.token_hex(SALT_BYTES)
    key = store.keys.erased_salt
    _, salt = await store.ask(("SET", key, own, "NX"), ("GET", key))
    return str(salt.decode())


async def tombstones_of(store: Store) -> Tombstones:
    last, salt, flat = await store.ask(
        ("GET", store.keys.last_erasure),
        ("GET", store.keys.erased_salt),
        ("HGETALL", store.keys.erased),
    )
    pairs = zip(flat[::2], flat[1::2], strict=True)
    if salt is None or not flat:
        return Tombstones(last=int(last or 0))
    until, numbers = dict[str, int](), dict[str, int]()
    for digest, told in pairs:
        at, _, number = told.decode().partition(" ")
        until[digest.decode()], numbers[digest.decode()] = int(at), int(number or UNTOLD)
    return Tombstones({salt.decode(): until}, int(last or 0), {salt.decode(): numbers})
