"""What must happen in Redis as one step. Redis runs a script whole and logs its effects as one."""

import hashlib
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Script:
    text: str

    @property
    def sha(self) -> str:
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


_FORGOTTEN: Final = """
-- Needs the keys `erased` and `salted`.
local salt = redis.call('GET', salted)
local function forgotten(node, at)
  local until_at = salt and redis.call('HGET', erased, redis.sha1hex(salt .. node))
  return until_at and at <= tonumber(string.match(until_at, '^%d+'))
end
"""

_RINGS: Final = """
-- Needs `forgotten`, the key `referrers`, `known` of the bundle (newcomer to '<at> <who>'), and
-- `longest`, how many referrals a ring may have that is looked for.
local function sorts_after(one, other)  -- by bytes: what < does depends on the server's locale
  for i = 1, math.min(#one, #other) do
    local ours, theirs = string.byte(one, i), string.byte(other, i)
    if ours ~= theirs then return ours > theirs end
  end
  return #one > #other
end

local function referral_of(newcomer, more)  -- the earliest, at one instant the first by who
  local since, who
  for _, told in ipairs({known[newcomer] or '', redis.call('HGET', referrers, newcomer) or '',
                         more or ''}) do
    local told_at, name = string.match(told, '^(%d+) (.+)$')
    told_at = tonumber(told_at)
    local first = told_at and (not since or told_at < since
      or (told_at == since and sorts_after(who, name)))
    if first and not forgotten('c:' .. name, told_at) and not forgotten('c:' .. newcomer, told_at)
    then
      since, who = told_at, name
    end
  end
  return since, who
end

local function ring_closer(start)  -- whose referral closes the ring that start is in, if any
  local member, seen, closer, latest = start, {}, nil, nil
  for _ = 1, longest do
    local since, who = referral_of(member)
    if not who then return nil end
    if not closer or since > latest or (since == latest and sorts_after(member, closer)) then
      closer, latest = member, since
    end
    if who == start then return closer end
    if seen[who] then return nil end
    seen[who], member = true, who
  end
end
"""

WITHDRAW: Final = """
-- Needs `prefix` of customers' tails. Gives the latest instant of an order that it took back, or 0.
local function withdraw(newcomer, who)
  local held, latest = redis.call('HGETALL', prefix .. who), 0
  for i = 1, #held, 2 do
    local accepted, text = string.match(held[i + 1], '^(%S+) (.*)$')
    local order = string.sub(accepted, -1) == '*' and cjson.decode(text)
    if order and order.customer_id == newcomer then
      latest = math.max(latest, order.at)
      redis.call('HDEL', prefix .. who, held[i])
    end
  end
  return latest
end
"""

ACCEPT: Final = Script(
    """
-- KEYS  stream, tail, referrers, erased, salt
-- ARGV  event id, event, seconds the tail lives (0: for ever), role, customer, prefix of customers'
--       tails, at, referrals known to the bundle of the customer and of those above (JSON, newcomer
--       to '<at> <who>', or ''), referral told by this event ('<at> <who>' or ''),
--       stream id of an event that is in the stream already ('' for a new one), node of who it is,
--       length of a tail that takes no more of this kind (0: it always does),
--       how many referrals a ring may have that is looked for
-- What a referred customer buys lies in the tail of whoever referred them too, marked with a star;
-- not in turn in the tail of whoever referred those. Who was erased has referred nobody till then.
-- The latest referral of a ring is none (engine.customers.referral_graph).
-- A tail that is full takes no more: such an event is in the stream alone, for the next training.
-- Gives nil for an event that the tail holds already, 0 for one from before its person was erased,
-- else its stream id and the tail's length.
local stream, tail, referrers, erased, salted = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local event_id, event, ttl, role = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if redis.call('HEXISTS', tail, event_id) == 1 then return false end
"""
    + _FORGOTTEN
    + """
if forgotten(ARGV[11], tonumber(ARGV[7])) then return 0 end
local id = ARGV[10]
if id == '' then id = redis.call('XADD', stream, '*', 'event', event) end
local most = tonumber(ARGV[12])
local function has_room(of) return most == 0 or redis.call('HLEN', of) < most end
if has_room(tail) then redis.call('HSET', tail, event_id, id .. ' ' .. event) end
if ttl > 0 then redis.call('EXPIRE', tail, ttl) end

if role ~= '' then
  local customer, prefix, at = ARGV[5], ARGV[6], tonumber(ARGV[7])
  local known, longest = ARGV[8] == '' and {} or cjson.decode(ARGV[8]), tonumber(ARGV[13])

"""
    + _RINGS
    + WITHDRAW
    + """
  local function settle(newcomer)  -- what they bought so far is told to whom it is to be told
    local since, who = referral_of(newcomer)
    if not who then return end
    if ring_closer(newcomer) == newcomer then return withdraw(newcomer, who) end
    local held = redis.call('HGETALL', prefix .. newcomer)
    for i = 1, #held, 2 do
      local accepted, text = string.match(held[i + 1], '^(%S+) (.*)$')
      local past = cjson.decode(text)
      local own = string.sub(accepted, -1) ~= '*'
      if own and (past.type == 'purchase' or past.type == 'refund') then
        if past.at >= since and has_room(prefix .. who) then
          redis.call('HSET', prefix .. who, 'referred:' .. held[i], id .. '* ' .. text)
        end
      end
    end
  end

  local function name(newcomer, since, who)  -- whom else the store named has no share from now on
    local before = redis.call('HGET', referrers, newcomer)
    before = before and string.match(before, '^%d+ (.+)$')
    redis.call('HSET', referrers, newcomer, string.format('%.0f', since) .. ' ' .. who)
    if not before or before == who then return false end
    withdraw(newcomer, before)
    return true
  end

  local since, who = referral_of(customer)
  if role == 'order' then
    if who and at >= since and has_room(prefix .. who) and ring_closer(customer) ~= customer then
      redis.call('HSET', prefix .. who, 'referred:' .. event_id, id .. '* ' .. event)
    end
  else
    local opened, before, moved = ring_closer(customer), who, {}
    for newcomer in pairs(known) do  -- a bundle knows nothing of those above a newer referral
      local told_at, above = referral_of(newcomer)
      if above and name(newcomer, told_at, above) then moved[#moved + 1] = newcomer end
    end
    since, who = referral_of(customer, ARGV[9])
    if who then
      name(customer, since, who)
      if before and before ~= who then withdraw(customer, before) end
      settle(customer)
      for _, other in ipairs(moved) do settle(other) end
      for _, other in ipairs({opened or customer, ring_closer(customer) or customer}) do
        if other ~= customer then settle(other) end
      end
    end
  end
end
return {id, redis.call('HLEN', tail)}
"""
)

CLOSES_RING: Final = Script(
    """
-- KEYS  referrers, erased, salt
-- ARGV  as for ACCEPT: referrals known to the bundle, how many a ring that is looked for
--       may have; customers …
-- Gives 1 when the referral of one of them is the latest of a ring, else 0.
local referrers, erased, salted = KEYS[1], KEYS[2], KEYS[3]
local known, longest = ARGV[1] == '' and {} or cjson.decode(ARGV[1]), tonumber(ARGV[2])
"""
    + _FORGOTTEN
    + _RINGS
    + """
for i = 3, #ARGV do if ring_closer(ARGV[i]) == ARGV[i] then return 1 end end
return 0
"""
)

CHANGE_ITEM: Final = Script("""
-- KEYS  changes, order, count; ARGV  item, JSON of the fields that change
-- Gives the number of this change. Fields that are not given keep what was said of them before.
local held = redis.call('HGET', KEYS[1], ARGV[1])
local change = held and cjson.decode(held) or {}
for field, value in pairs(cjson.decode(ARGV[2])) do change[field] = value end
local count = redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(change))
redis.call('ZADD', KEYS[2], count, ARGV[1])
return count
""")

CHANGES_AFTER: Final = Script("""
-- KEYS  changes, order; ARGV  the last number that was applied, how many to give
-- Gives item, JSON, number … in the order of the numbers.
local found = redis.call(
  'ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local answer = {}
for i = 1, #found, 2 do
  answer[#answer + 1] = found[i]
  answer[#answer + 1] = redis.call('HGET', KEYS[1], found[i])
  answer[#answer + 1] = found[i + 1]
end
return answer
""")

CONSENTS_AFTER: Final = Script("""
-- KEYS  stream; ARGV  '(<stream id>', how many events to look at
-- Gives how many there were, the stream id of the last (or ''), then id, event … of those that have
-- the text of a consent in them; whoever reads them looks closer.
local page = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
local answer = {#page, #page > 0 and page[#page][1] or ''}
for _, entry in ipairs(page) do
  local event = entry[2][2]
  if string.find(event, '"type":"consent"', 1, true) then
    answer[#answer + 1] = entry[1]
    answer[#answer + 1] = event
  end
end
return answer
""")

SCRIPTS: Final = (ACCEPT, CLOSES_RING, CHANGE_ITEM, CHANGES_AFTER, CONSENTS_AFTER)
