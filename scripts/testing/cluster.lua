-- cluster.lua - edge.cluster: the flare of a project on several edges, which gossip when the spec says so. Who merges what
-- is edge/gossip's; edge/lua/lua_cluster.c hands it the stores.
--
-- `core` is as edge.lua has it, `edge` is the module, `at_caller` gives errors the place of the spec.
local core, edge, at_caller = ...

local cluster = {}
cluster.__index = cluster
cluster.__name = "flaron.edge.cluster"

local links = setmetatable({}, { __mode = "k" }) -- cluster -> what lua_cluster.c has of it

local function fail(format, ...) error(format:format(...), 0) end

local function show(value) return math.type(value) == "integer" and tostring(value) or core.harmless(tostring(value)) end

-- Checks that numbers of edges are some, as arguments of the method `name`.
local function check_edges(self, name, a, b)
  for n, value in ipairs { a == nil and 1 or a, b == nil and 1 or b } do
    if math.type(value) ~= "integer" or value < 1 or value > #self then
      fail("bad argument #%d to '%s' (an edge from 1 to %d expected, got %s)", n, name, #self, show(value))
    end
  end
  if a == nil and b ~= nil then fail("bad argument #1 to '%s' (an edge expected, got nil)", name) end
  if a ~= nil and a == b then fail("bad argument #2 to '%s' (an edge has no link to itself)", name) end
end

local function act(f, name, self, a, b, cut)
  check_edges(self, name, a, b)
  f(links[self], a, b, cut)
end

function cluster:gossip(a, b) at_caller(act, core.settle, "gossip", self, a, b) end

function cluster:partition(a, b) at_caller(act, core.cut, "partition", self, a, b, true) end

function cluster:heal(a, b) at_caller(act, core.cut, "heal", self, a, b, false) end

function cluster:reset()
  for _, flare in ipairs(self) do flare:reset() end
end

function cluster:close()
  for _, flare in ipairs(self) do flare:close() end
end

cluster.__close = cluster.close

-- The options of edge number `n`.
local function options_of(options, n)
  local own = {}
  for name, value in pairs(options) do own[name] = value end
  own.machine_id = (options.machine_id or 1) + n - 1
  own.random_seed = options.random_seed and options.random_seed ~= 0 and options.random_seed + n - 1 or options.random_seed
  if n > 1 then own.plasma = nil end -- it hears of it
  return own
end

local function make(count, what, options)
  if count == edge then fail "call it edge.cluster(...), with a dot" end
  if math.type(count) ~= "integer" or count < 2 or count > core.most_edges then
    fail("bad argument #1 to 'cluster' (a number of edges from 2 to %d expected, got %s)", core.most_edges, show(count))
  end
  options = options == nil and {} or options
  if type(options) ~= "table" then fail("bad argument #3 to 'cluster' (table expected, got %s)", type(options)) end
  if options.edges ~= nil then fail "option 'edges' is not for a cluster: it has edges" end
  if options.store == false then fail "option 'store' is not for a cluster: each edge has one" end
  local self = setmetatable({}, cluster)
  for n = 1, count do
    local flare, message = edge.load(what == nil and "main.lua" or what, options_of(options, n))
    if not flare then return nil, message end
    self[n] = flare
  end
  links[self] = core.link(self)
  return self
end

return cluster, make
