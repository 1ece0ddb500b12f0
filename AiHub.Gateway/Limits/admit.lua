-- Admits one request if every limit has room, and only then counts it in any.
--
-- A limit is a sliding window kept as a log: a list of the moments (ms) of the requests admitted within the window, newest
-- first. So never more than `limit` requests are admitted in any span of one window, wherever the span begins.
--
-- KEYS[i]       one log per limit
-- ARGV[1]       now, ms since 1970, by the caller's clock
-- ARGV[3i-1]    the i-th limit
-- ARGV[3i]      its window in ms
-- ARGV[3i+1]    requests that the caller admitted by itself while it could not ask here; they count as made now
--
-- Returns 1 or 0 (admitted), then for each limit: requests in the window, ms until the window is empty again,
-- ms until there is room (0: there is).

local now = tonumber(ARGV[1])
local admitted = 1
local answer = { 1 }
local moments = {}

for i, key in ipairs(KEYS) do
  local limit, window, unreported = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])

  -- Replicas' clocks differ: a log never goes back, so a slow clock counts as the newest moment seen. A log that is more than
  -- a window ahead was written by a clock that was wrong; it would close the door for as long as that clock was ahead.
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
      redis.call('LPUSH', key, string.format('%.0f', moment))
    end
    redis.call('PEXPIRE', key, 2 * window)
    newest = moment
  end

  -- Room comes when the request that is `limit` places back leaves the window. A limit that was lowered can leave more than that.
  local used = redis.call('LLEN', key)
  local wait = 0
  if used >= limit then
    admitted = 0
    wait = window
    if limit > 0 then
      wait = tonumber(redis.call('LINDEX', key, limit - 1)) + window - now
    end
  end

  moments[i] = moment
  answer[3 * i - 1] = used
  answer[3 * i] = used > 0 and newest + window - now or 0
  answer[3 * i + 1] = wait
end

if admitted == 1 then
  for i, key in ipairs(KEYS) do
    local window = tonumber(ARGV[3 * i])
    redis.call('LPUSH', key, string.format('%.0f', moments[i]))
    redis.call('PEXPIRE', key, 2 * window)
    answer[3 * i - 1] = answer[3 * i - 1] + 1
    answer[3 * i] = moments[i] + window - now
  end
end

answer[1] = admitted
return answer
