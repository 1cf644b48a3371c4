-- A JSON API as a flare: 20 objects made and encoded a request.
local flaron = require "flaron"

return function()
  local items = {}
  for i = 1, 20 do items[i] = { id = i, name = "item " .. i, price = i * 1.5, tags = { "a", "b" } } end
  local answer = { path = flaron.request.url(), agent = flaron.request.header "user-agent", items = items }
  flaron.response.set_header("content-type", "application/json")
  flaron.response.set_body(flaron.json.encode(answer))
  return flaron.RESPOND
end
