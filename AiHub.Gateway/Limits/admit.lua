-- Admits one call if every limit has room, and only then counts it in any.
--
-- KEYS[i]       one counter per limit, all in one slot
-- ARGV[1]       now, ms since 1970, by the caller's clock
-- ARGV[2]       the window in ms
-- ARGV[3]       the call's id
-- ARGV[4i]      what the i-th limit counts: requests, tokens or concurrency
-- ARGV[4i+1]    the limit
-- ARGV[4i+2]    what the call needs of it: 1, its tokens, or how long it may be under way without a sign of life, in ms
-- ARGV[4i+3]    what the caller admitted by itself while it could not ask here; it counts as made now
--
-- Returns 1 or 0 (admitted), then for each limit: what is used of it, ms until all of it is free again, ms until there is room (0: there is),
-- and the second the tokens were counted in, by which they can be corrected.
--
-- requests: a list of the moments (ms) of the requests within the window, newest first. So never more than the limit are admitted in any span
-- of one window, wherever the span begins.
-- tokens: a hash of seconds and the tokens counted in each. A second leaves the window as a whole, when its last millisecond does: the promise
-- is the same, and a busy minute is sixty numbers.
-- concurrency: a sorted set of calls by the end of their lease.

local now, window, call = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local admitted = 1
local answer = { 1 }
local moments = {}

local function whole(number)
  return string.format('%.0f', number)
end

-- Replicas' clocks differ: a counter never goes back, so a slow clock counts as the newest moment seen. A counter that is more than a window
-- ahead was written by a clock that was wrong; it would close the door for as long as that clock was ahead.
local function requests(key, limit, needed, unreported)
  local newest = tonumber(redis.call('LINDEX', key, 0) or now) or now
  if newest - now > window then
    redis.call('DEL', key)
    newest = now
  end
  local moment = math.max(now, newest)

  local oldest = redis.call('LINDEX', key, -1)
  while oldest and tonumber(oldest) <= moment - window do
    redis.call('RPOP', key)
    oldest = redis.call('LINDEX', key, -1)
  end

  if unreported > 0 then
    for _ = 1, unreported do
      redis.call('LPUSH', key, whole(moment))
    end
    redis.call('PEXPIRE', key, 2 * window)
    newest = moment
  end

  -- Room comes when the request that is `limit` places back leaves the window. A limit that was lowered can leave more than that.
  local used = redis.call('LLEN', key)
  local wait = 0
  if used + needed > limit then
    wait = tonumber(redis.call('LINDEX', key, limit - 1)) + window - now
  end
  return used, used > 0 and newest + window - now or 0, wait, moment
end

local function tokens(key, limit, needed, unreported)
  local seconds, counted, newest = {}, {}, math.floor(now / 1000)
  local flat = redis.call('HGETALL', key)
  for at = 1, #flat, 2 do
    local second = tonumber(flat[at])
    seconds[#seconds + 1] = second
    counted[second] = tonumber(flat[at + 1])
    newest = math.max(newest, second)
  end
  if (newest - math.floor(now / 1000)) * 1000 > window then
    redis.call('DEL', key)
    seconds, counted, newest = {}, {}, math.floor(now / 1000)
  end

  local moment = math.max(now, newest * 1000)
  table.sort(seconds)
  local used, kept = 0, {}
  for _, second in ipairs(seconds) do
    if second * 1000 + 999 <= moment - window then
      redis.call('HDEL', key, whole(second))
    else
      used = used + counted[second]
      kept[#kept + 1] = second
    end
  end

  if unreported > 0 then
    redis.call('HINCRBY', key, whole(newest), whole(unreported))
    redis.call('PEXPIRE', key, 2 * window)
    if counted[newest] == nil then
      kept[#kept + 1] = newest
      counted[newest] = 0
    end
    counted[newest] = counted[newest] + unreported
    used = used + unreported
  end

  local wait, free = 0, used
  if used + needed > limit then
    for _, second in ipairs(kept) do
      free = free - counted[second]
      wait = second * 1000 + 999 + window - now
      if free + needed <= limit then
        break
      end
    end
  end
  return used, #kept > 0 and kept[#kept] * 1000 + 999 + window - now or 0, wait, newest
end

local function concurrency(key, limit)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now))
  local used = redis.call('ZCARD', key)
  -- Nobody knows when a call ends; a second is soon enough to ask again.
  return used, 0, used + 1 > limit and 1000 or 0, now
end

for i, key in ipairs(KEYS) do
  local kind, limit, needed, unreported = ARGV[4 * i], tonumber(ARGV[4 * i + 1]), tonumber(ARGV[4 * i + 2]), tonumber(ARGV[4 * i + 3])
  local used, reset, wait, moment
  if kind == 'requests' then
    used, reset, wait, moment = requests(key, limit, needed, unreported)
  elseif kind == 'tokens' then
    used, reset, wait, moment = tokens(key, limit, needed, unreported)
  else
    used, reset, wait, moment = concurrency(key, limit)
  end

  if wait > 0 then
    admitted = 0
  end
  moments[i] = moment
  answer[4 * i - 2], answer[4 * i - 1], answer[4 * i], answer[4 * i + 1] = used, reset, wait, moment
end

if admitted == 1 then
  for i, key in ipairs(KEYS) do
    local kind, needed = ARGV[4 * i], tonumber(ARGV[4 * i + 2])
    if kind == 'requests' then
      redis.call('LPUSH', key, whole(moments[i]))
      redis.call('PEXPIRE', key, 2 * window)
      answer[4 * i - 2], answer[4 * i - 1] = answer[4 * i - 2] + 1, moments[i] + window - now
    elseif kind == 'tokens' then
      redis.call('HINCRBY', key, whole(moments[i]), whole(needed))
      redis.call('PEXPIRE', key, 2 * window)
      answer[4 * i - 2], answer[4 * i - 1] = answer[4 * i - 2] + needed, moments[i] * 1000 + 999 + window - now
    else
      redis.call('ZADD', key, whole(now + needed), call)
      redis.call('PEXPIRE', key, 2 * needed)
      answer[4 * i - 2] = answer[4 * i - 2] + 1
    end
  end
end

answer[1] = admitted
return answer
