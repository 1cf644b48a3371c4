-- flaron.router.answer: from what a handler of a route answers to what handle_request may answer, and whose it was, for
-- messages about it. Part of flaron.router; not for use by itself.
local flaron = require "flaron"

-- The latest answer and its route, for messages about it. Weak: what was answered is not kept for that.
local latest = setmetatable({}, { __mode = "v" })

local M = {}

--- Whose an answer is, for bindings/response.c. It may have been made by middleware, so the handler is where to begin
--- looking.
---@return string? route such as "GET /users/:id"; nil when no route here answered that
---@return function? handler
function M.route_of(answer)
  local route = latest.answer == answer and latest.route
  if not route then return nil end
  return ("%s %s"):format(route.method == "*" and "any" or route.method, route.pattern), route.functions[#route.functions]
end

-- Makes an answer of a route what the host takes: `json` becomes the body. One with both is for handle_request to refuse.
local function make_plain(answer)
  if type(answer) ~= "table" or answer.json == nil or answer.body ~= nil then return answer end
  local plain, headers = {}, { ["content-type"] = "application/json" }
  for name, value in pairs(answer) do plain[name] = value end
  if answer.headers == nil or type(answer.headers) == "table" then -- else handle_request says what is wrong
    for name, value in pairs(answer.headers or {}) do
      headers[type(name) == "string" and name:lower() or name] = value
    end
    plain.headers = headers
  end
  plain.json, plain.body = nil, flaron.json.encode(answer.json)
  return plain
end

--- Takes the answer to a request, and the route that it is of, nil when none is.
---@return any # what handle_request may answer
function M.finish(answer, route)
  latest.answer, latest.route = answer, route
  local plain = make_plain(answer)
  latest.answer = plain
  return plain
end

return M
