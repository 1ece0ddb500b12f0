-- A call has ended: it is under way no longer, and its tokens are known.
--
-- KEYS[i]       the counters it was admitted under, all in one slot
-- ARGV[1]       now, ms since 1970
-- ARGV[2]       the window in ms
-- ARGV[3]       the call's id
-- ARGV[3i+1]    what the i-th counts: tokens or concurrency
-- ARGV[3i+2]    the second its tokens were counted in
-- ARGV[3i+3]    by how many tokens that was wrong

local now, window, call = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]

for i, key in ipairs(KEYS) do
  local kind, second, wrong = ARGV[3 * i + 1], ARGV[3 * i + 2], tonumber(ARGV[3 * i + 3])
  if kind == 'concurrency' then
    redis.call('ZREM', key, call)
  elseif tonumber(second) * 1000 + 999 > now - window then
    if wrong ~= 0 and redis.call('HEXISTS', key, second) == 1 then
      redis.call('HINCRBY', key, second, string.format('%.0f', wrong))
    end
  elseif wrong > 0 then
    -- The call took longer than a window. What it used beyond the guess was used just now.
    redis.call('HINCRBY', key, string.format('%.0f', math.floor(now / 1000)), string.format('%.0f', wrong))
    redis.call('PEXPIRE', key, 2 * window)
  end
end
return 1
