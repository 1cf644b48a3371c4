-- flaron.router.answer: from what a handler of a route answers to what handle_request may answer, and whose it was, for
-- messages about it. Part of flaron.router; not for use by itself.
local flaron = require "flaron"

-- The latest answer and its route, for messages about it. Weak: what was answered is not kept for that.
local latest = setmetatable({}, { __mode = "v" })

-- Whose an answer is, as a message tells it: "GET /users/:id, main.lua:4"; nil when it is none of a route here. It may have
-- been made by middleware, so the handler is where to begin looking.
local function answering(answer)
  local route = latest.answer == answer and latest.route
  if not route then return nil end
  local about = debug.getinfo(route.functions[#route.functions], "S")
  local method = route.method == "*" and "any" or route.method
  return ("%s %s, %s:%d"):format(method, route.pattern, about.short_src, about.linedefined)
end

package.loaded["flaron.answering"] = answering -- read by bindings/response.c

-- Makes an answer of a route what the host takes: `json` becomes the body.
local function make_plain(answer)
  if type(answer) ~= "table" or answer.json == nil then return answer end
  if answer.body ~= nil then
    local place = answering(answer)
    error("the answer has both json and body" .. (place and (" (%s)"):format(place) or ""), 0)
  end
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

-- Takes the answer to a request, and the route that it is of, nil when none is.
return function(answer, route)
  latest.answer, latest.route = answer, route
  local plain = make_plain(answer)
  latest.answer = plain
  return plain
end
