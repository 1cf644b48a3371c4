-- api.router: finds the handler for a method and a path.
local http = require "api.http"

local router = {}
router.__index = router

function router.new()
  return setmetatable({ routes = {} }, router)
end

--- Adds a route. A segment such as ":id" takes any text, which the handler finds in request.params.id.
function router:add(method, path, handler)
  local segments = {}
  for segment in path:gmatch "[^/]+" do
    segments[#segments + 1] = { text = segment, param = segment:match "^:(.+)$" }
  end
  self.routes[#self.routes + 1] = { method = method, segments = segments, handler = handler }
end

--- The params of a path on a route; nil when the route is for other paths.
local function match(route, segments)
  if #route.segments ~= #segments then return nil end
  local params = {}
  for i, expected in ipairs(route.segments) do
    if expected.param then
      params[expected.param] = segments[i]
    elseif expected.text ~= segments[i] then
      return nil
    end
  end
  return params
end

--- All routes of a path: by method, and the methods as the header Allow wants them.
local function find(routes, segments)
  local by_method, methods = {}, {}
  for _, route in ipairs(routes) do
    local params = match(route, segments)
    if params and not by_method[route.method] then
      by_method[route.method] = { handler = route.handler, params = params }
      methods[#methods + 1] = route.method
    end
  end
  if by_method.GET then methods[#methods + 1] = "HEAD" end
  methods[#methods + 1] = "OPTIONS"
  table.sort(methods)
  return by_method, table.concat(methods, ", ")
end

--- Answers a request: 404 for an unknown path, 405 for a known one with another method.
function router:answer(request)
  local by_method, allow = find(self.routes, request.segments)
  if not next(by_method) then return http.fail(404, "there is nothing here") end
  if request.method == "OPTIONS" then return http.answer(204, nil, { allow = allow }) end

  -- HEAD is GET without the body, which the edge leaves out.
  local found = by_method[request.method == "HEAD" and "GET" or request.method]
  if not found then
    local answer = http.fail(405, request.method .. " is not allowed here")
    answer.headers.allow = allow
    return answer
  end
  request.params = found.params
  return found.handler(request)
end

return router
