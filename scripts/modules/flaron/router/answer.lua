-- flaron.router.answer: converts the answer of a route's handler to one of handle_request, and remembers the route for
-- error messages. Part of flaron.router; not for use on its own.
local flaron = require "flaron"

-- The latest answer and its route, for error messages. Weak, so that the answer can be collected.
local latest = setmetatable({}, { __mode = "v" })

local M = {}

--- The route of an answer and its handler, for bindings/response.c. Middleware may have made the answer, so the handler
--- is only the place to start looking.
---@return string? route such as "GET /users/:id"; nil when no route here answered that
---@return function? handler
function M.route_of(answer)
  local route = latest.answer == answer and latest.route
  if not route then return nil end
  return ("%s %s"):format(route.method == "*" and "any" or route.method, route.pattern), route.functions[#route.functions]
end

-- Converts a route's answer to one of the host: `json` becomes the body. handle_request refuses an answer with both.
local function make_plain(answer)
  if type(answer) ~= "table" or answer.json == nil or answer.body ~= nil then return answer end
  local plain, headers = {}, { ["content-type"] = "application/json" }
  for name, value in pairs(answer) do plain[name] = value end
  if answer.headers == nil or type(answer.headers) == "table" then -- else handle_request reports the error
    for name, value in pairs(answer.headers or {}) do
      headers[type(name) == "string" and name:lower() or name] = value
    end
    plain.headers = headers
  end
  local done, text = pcall(flaron.json.encode, answer.json)
  if not done and text:find "^Cannot serialise" then
    text = ("field 'json' of the answer of %s: %s"):format(M.route_of(answer) or "no route", text)
  end
  if not done then error(text, 0) end
  plain.json, plain.body = nil, text
  return plain
end

--- Takes the answer to a request and its route, nil if there is none.
---@return any # what handle_request may answer
function M.finish(answer, route)
  latest.answer, latest.route = answer, route
  local plain = make_plain(answer)
  latest.answer = plain
  return plain
end

return M
