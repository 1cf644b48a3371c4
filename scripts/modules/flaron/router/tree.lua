-- flaron.router.tree: the routes of an app as a tree of segments, and the look-up of a path.
--
-- Paths without parameters are also in a table, where they are found at once. Part of flaron.router, which checks all
-- arguments; not for use on its own.
local url = require "flaron.url"

local tree = {}

-- The route for a method among the routes that end at a node.
local function choose(routes, method)
  return routes[method] or method == "HEAD" and routes.GET or routes["*"]
end

--- Makes the tree of a list of routes, each with `method`, `segments` and `names`. A segment is "/text", ":" or "*". In
--- a node, [segment] is the next node, and `routes` has the routes that end there, by method.
function tree.plant(routes)
  local root, static = {}, {}
  for _, route in ipairs(routes) do
    local node = root
    for _, segment in ipairs(route.segments) do
      node[segment] = node[segment] or {}
      node = node[segment]
    end
    node.routes = node.routes or {}
    node.routes[route.method] = route
    if #route.names == 0 then static[table.concat(route.segments)] = node.routes end
  end
  return { root = root, static = static }
end

-- Descends from a node along the segments from `i` on: tries each first literally, then as a parameter, then as the
-- rest. Stores values of parameters in `path.values` from `n` on, and ends that lack the method in `path.ends`. No node
-- is visited twice, so the time is bounded by the size of the tree.
local function descend(node, path, i, n)
  local segment = path[i]
  if not segment then
    local routes = node.routes
    local route = routes and choose(routes, path.method)
    if route then return route end
    path.ends[#path.ends + 1] = routes
  else
    local child = node["/" .. segment]
    local route = child and descend(child, path, i + 1, n)
    if route then return route end
    child = segment ~= "" and node[":"]
    if child then
      path.values[n] = segment
      route = descend(child, path, i + 1, n + 1)
      if route then return route end
    end
  end
  local rest = node["*"]
  if not rest then return nil end
  path.values[n] = url.decode(path.text:sub(path.starts[i] or #path.text + 1))
  path.ends[#path.ends + 1] = rest.routes
  return choose(rest.routes, path.method)
end

-- Splits a path for `descend`. One slash at its end is ignored.
local function read_path(text, method)
  local path = { text = text, method = method, starts = {}, values = {}, ends = {} }
  for start, segment in text:gmatch "/()([^/]*)" do
    path[#path + 1] = url.decode(segment)
    path.starts[#path] = start
  end
  if path[#path] == "" then path[#path] = nil end
  return path
end

--- Finds the route for a method and a path as written in the URL: returns the route and its decoded parameters. Or nil,
--- no parameters and, for tree.allow, the ends of that path, which have routes for other methods.
function tree.find(planted, method, text)
  local routes = planted.static[text:gsub("/$", "")]
  local route = routes and choose(routes, method)
  if route then return route, {} end
  local path, params = read_path(text, method), {}
  route = descend(planted.root, path, 1, 1)
  if not route then return nil, params, path.ends end
  for i, name in ipairs(route.names) do params[name] = path.values[i] end
  return route, params
end

--- The methods of the ends of a path, in the form of the header Allow.
function tree.allow(ends)
  local methods, list = { OPTIONS = true }, {}
  for _, routes in ipairs(ends) do
    for method in pairs(routes) do methods[method] = true end
    if routes.GET then methods.HEAD = true end
  end
  for method in pairs(methods) do list[#list + 1] = method end
  table.sort(list)
  return table.concat(list, ", ")
end

return tree
