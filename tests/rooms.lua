-- rooms.lua - who may include whom. Part of `make lint`: fails on an include against the floors of edge/, on one that leaves
-- its half (runtime/ and bindings/ are the flare, edge/ and cli/ are native; both see bindings/abi), and on a circle of files.
local floors = { { "base" }, { "flare", "store" }, { "host", "profile" }, { "project", "engine" }, { "record", "server", "pack" },
  { "debug" }, { "gossip", "dev" }, { "lua" } }
local floor_of, halves = {}, { edge = { "edge", "bindings" }, cli = { "cli", "edge", "bindings" }, runtime = { "runtime", "bindings" },
  bindings = { "bindings", "runtime" } }
for floor, rooms in ipairs(floors) do for _, room in ipairs(rooms) do floor_of[room] = floor end end

local sources, faults = {}, {}
local patterns = "'edge/*.[ch]' 'cli/*.[ch]' 'runtime/*.[ch]' 'bindings/*.[ch]' 'bindings/*.def'"
local list <close> = assert(io.popen(("git ls-files -c -o --exclude-standard %s"):format(patterns)))
for path in list:lines() do sources[path] = {} end

local function fault(...) faults[#faults + 1] = string.format(...) end

-- The file that `path` names by an include; nil: none of ours.
local function included(path, name)
  local beside = path:match "^(.*/)" .. name
  if not name:find "/" and sources[beside] then return beside end
  for _, root in ipairs(halves[path:match "^%a+"]) do
    if sources[root .. "/" .. name] then return root .. "/" .. name end
  end
end

for path, includes in pairs(sources) do
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    local name = line:match '^%s*#%s*include "([^"]+)"'
    local target = name and included(path, name)
    if target then
      includes[#includes + 1] = target
      local half, room = path:match "^(%a+)/", path:match "^edge/(%w+)/"
      local other_half, other = target:match "^(%a+)/", target:match "^edge/(%w+)/"
      if (half == "edge" or half == "cli") and other_half == "bindings" and not target:find "^bindings/abi/" then
        fault("%s:%d: %s is the flare's; native code sees bindings/abi alone", path, number, name)
      elseif room and other and room ~= other and floor_of[other] >= floor_of[room] then
        fault("%s:%d: %s is not below edge/%s", path, number, name, room)
      end
    end
  end
end

-- Circles of files, a .c, its .h and the header that it shares with its parts alone (_private.h) being one.
local function unit(path) return (path:gsub("%.%a+$", ""):gsub("_private$", "")) end
local graph, state = {}, {}
for path, includes in pairs(sources) do
  local node = unit(path)
  graph[node] = graph[node] or {}
  for _, target in ipairs(includes) do if unit(target) ~= node then graph[node][unit(target)] = true end end
end
local function visit(node, trail)
  if state[node] == "done" then return end
  trail[#trail + 1] = node
  if state[node] then
    local first = 1
    while trail[first] ~= node do first = first + 1 end
    fault("a circle: %s", table.concat(trail, " > ", first))
  else
    state[node] = "on the way"
    local targets = {}
    for target in pairs(graph[node]) do targets[#targets + 1] = target end
    table.sort(targets)
    for _, target in ipairs(targets) do visit(target, trail) end
    state[node] = "done"
  end
  trail[#trail] = nil
end
local nodes = {}
for node in pairs(graph) do nodes[#nodes + 1] = node end
table.sort(nodes)
for _, node in ipairs(nodes) do visit(node, {}) end

table.sort(faults)
for _, line in ipairs(faults) do io.stderr:write("rooms: ", line, "\n") end
os.exit(#faults == 0)
