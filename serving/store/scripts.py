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


ACCEPT: Final = Script("""
-- KEYS  stream, tail, referrers, erased, salt
-- ARGV  event id, event, seconds the tail lives (0: for ever), role, customer, prefix of customers'
--       tails, at, referral known to the bundle, referral told by this event ('<at> <who>' or ''),
--       stream id of an event that is in the stream already ('' for a new one), node of who it is,
--       length of a tail that takes no more of this kind (0: it always does)
-- What a referred customer buys lies in the tail of whoever referred them too, marked with a star;
-- not in turn in the tail of whoever referred those. Who was erased has referred nobody till then.
-- A tail that is full takes no more: such an event is in the stream alone, for the next training.
-- Gives nil for an event that the tail holds already, 0 for one from before its person was erased,
-- else its stream id and the tail's length.
local stream, tail, referrers = KEYS[1], KEYS[2], KEYS[3]
local event_id, event, ttl, role = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if redis.call('HEXISTS', tail, event_id) == 1 then return false end
local salt = redis.call('GET', KEYS[5])
local function forgotten(node, at)
  local erased = salt and redis.call('HGET', KEYS[4], redis.sha1hex(salt .. node))
  return erased and at <= tonumber(string.match(erased, '^%d+'))
end
if forgotten(ARGV[11], tonumber(ARGV[7])) then return 0 end
local id = ARGV[10]
if id == '' then id = redis.call('XADD', stream, '*', 'event', event) end
local most = tonumber(ARGV[12])
local function has_room(of) return most == 0 or redis.call('HLEN', of) < most end
if has_room(tail) then redis.call('HSET', tail, event_id, id .. ' ' .. event) end
if ttl > 0 then redis.call('EXPIRE', tail, ttl) end

if role ~= '' then
  local customer, prefix, at = ARGV[5], ARGV[6], tonumber(ARGV[7])
  local since, who
  local function consider(referral)
    local told, name = string.match(referral or '', '^(%d+) (.+)$')
    told = tonumber(told)
    if told and (not since or told < since) and not forgotten('c:' .. name, told) then
      since, who = told, name
    end
  end
  consider(redis.call('HGET', referrers, customer) or nil)
  consider(ARGV[8])
  local before = who
  if role == 'order' and who and at >= since and has_room(prefix .. who) then
    redis.call('HSET', prefix .. who, 'referred:' .. event_id, id .. '* ' .. event)
  elseif role == 'referral' then
    consider(ARGV[9])
    if who then
      redis.call('HSET', referrers, customer, string.format('%.0f', since) .. ' ' .. who)
      local held = redis.call('HGETALL', tail)
      for i = 1, #held, 2 do
        local accepted, text = string.match(held[i + 1], '^(%S+) (.*)$')
        local past = cjson.decode(text)
        local own = string.sub(accepted, -1) ~= '*'
        if own and (past.type == 'purchase' or past.type == 'refund') then
          local fact = 'referred:' .. held[i]
          if before and before ~= who then redis.call('HDEL', prefix .. before, fact) end
          if past.at >= since and has_room(prefix .. who) then
            redis.call('HSET', prefix .. who, fact, id .. '* ' .. text)
          end
        end
      end
    end
  end
end
return {id, redis.call('HLEN', tail)}
""")

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

SCRIPTS: Final = (ACCEPT, CHANGE_ITEM, CHANGES_AFTER)
