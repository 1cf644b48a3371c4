-- api.limiter: so many requests in each window of time, counted in Spark for each client.
--
-- A window is a fixed stretch of the clock (12:00:00 to 12:00:59, and so on). Its number is part of the key,
-- so the next window begins with a key that is not there yet, and the old one expires by itself.
--
-- Spark is per edge, and get and set are two steps: a client may get a few requests more than its limit, by
-- asking at several edges or at the same instant. It protects a backend; it is not for billing.
local flaron = require "flaron"
local crypto, encoding, logging, spark, time = flaron.crypto, flaron.encoding, flaron.logging, flaron.spark, flaron.time

local limiter = {}
limiter.__index = limiter

--- `options`: window in seconds, with_key and anonymous in requests.
function limiter.new(options)
  return setmetatable(options, limiter)
end

-- The name to count a client under. Keys of Spark may not hold every character, nor should an API key lie
-- around in a store: so its hash. base64 first, since a header may be any bytes and hash takes text.
local function name_of(api_key)
  if not api_key then return "anonymous" end
  return assert(crypto.hash("sha256", encoding.base64_encode(api_key)))
end

--- Counts a request. Returns whether it is allowed, and headers for the answer.
function limiter:check(api_key)
  local most = api_key and self.with_key or self.anonymous
  local now = time.now()
  local window = now // self.window
  local left_s = (window + 1) * self.window - now
  local key = ("rate:%s:%d"):format(name_of(api_key), window)

  local value = spark.get(key)
  local count = (math.tointeger(value) or 0) + 1
  local headers = {
    ["x-ratelimit-limit"] = tostring(most),
    ["x-ratelimit-remaining"] = tostring(math.max(most - count, 0)),
    ["x-ratelimit-reset"] = tostring(left_s),
  }
  if count > most then
    headers["retry-after"] = tostring(left_s)
    return false, headers -- and nothing is written: a client that hammers costs one read
  end

  local ok, message = spark.set(key, tostring(count), left_s)
  -- Without a store nobody can be counted. Better all are served than none.
  if not ok then logging.warn("rate limit not counted:", message) end
  return true, headers
end

return limiter
