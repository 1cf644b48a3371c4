-- spark-counter: counts its visits on this edge, until nobody comes for a minute.
local flaron = require "flaron"
local logging, response, spark = flaron.logging, flaron.response, flaron.spark

local KEY = "counter:visits"
local TTL = 60 -- seconds; each visit sets it anew

local function answer(status, text)
  response.set_status(status)
  response.set_header("content-type", "text/plain; charset=utf-8")
  response.set_body(text)
  return flaron.RESPOND
end

local function handle_request()
  -- Globals and upvalues do not survive an invocation; what is to be remembered goes into a store.
  -- Values are strings, and get has a second result, the seconds left. So name the value first:
  -- tonumber(spark.get(KEY)) would take those seconds for a number base.
  local value = spark.get(KEY)
  local count = (math.tointeger(value) or 0) + 1

  -- Between get and set another request may count, too: that is good enough for a visit counter.
  -- Where every single one counts, see plasma-counter.
  local ok, message = spark.set(KEY, tostring(count), TTL)
  if not ok then
    logging.error("spark.set:", message)
    return answer(500, "the visit cannot be counted\n")
  end
  return answer(200, ("visits: %d\n"):format(count))
end

return { handle_request = handle_request }
