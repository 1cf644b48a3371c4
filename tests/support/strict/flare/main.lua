-- The flare for the strict list: describes a request as the flare got it. Other servers that are tested with the list
-- (strict/run.mjs) answer the same text: a line of method and URL, one each of three headers, an empty line, the body.
local flaron = require "flaron"
local request, ws = flaron.request, flaron.ws

local routes = {}

function routes.origin() return flaron.PASS_THROUGH end

local function tell()
  local lines = { request.method() .. " " .. request.url() }
  for _, name in ipairs { "host", "x-a", "cookie" } do
    local value = request.header(name)
    lines[#lines + 1] = ("%s: [%s]"):format(name, value or "") -- a flare cannot distinguish an empty header from a missing one
  end
  return { body = table.concat(lines, "\n") .. "\n\n" .. request.body() }
end

return {
  handle_request = function()
    return (routes[request.url():match "^%w+://[^/]+/(%a*)"] or tell)()
  end,
  ws_message = function()
    local close = ws.event_data():match "^close (%d+)$"
    if close then
      ws.close(tonumber(close))
    else
      ws.send(ws.event_data())
    end
  end,
}
