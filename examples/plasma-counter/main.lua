-- plasma-counter: one counter for all edges together.
local flaron = require "flaron"
local logging, plasma, response = flaron.logging, flaron.plasma, flaron.response

local KEY = "counter:visits"

local function answer(status, text)
  response.set_status(status)
  response.set_header("content-type", "text/plain; charset=utf-8")
  response.set_body(text)
  return flaron.RESPOND
end

local function handle_request()
  -- Not get, add, set: two edges at once would lose a visit. Every edge keeps its own increments and
  -- tells the others, so all arrive at the same sum, some seconds later.
  local count, message = plasma.increment(KEY)
  if not count then
    logging.error("plasma.increment:", message)
    return answer(500, "the visit cannot be counted\n")
  end
  return answer(200, ("visits on all edges: %d\n"):format(count))
end

return { handle_request = handle_request }
