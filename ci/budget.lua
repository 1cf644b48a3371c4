-- budget.lua - measures two packed flares, the base and the head of a branch, on the same requests, and writes a table and what
-- is over the budget. `flaron-lua test` runs it, in an empty folder; flaron-lua.sh, which packs, says in the environment what to do.
--
-- Rounds alternate between both, so what else the machine does meets both alike. Each round is a test of busted's, so stores begin
-- anew in it (docs/testing.md).
local edge = require "flaron.edge"

-- A growth that is not above this is none: the clock and the caches make as much of a difference, and memory comes in such pages.
local NOISE_US, NOISE_MEMORY = 20, 65536
-- How often the first request is sent in a round before those that count: an instance's first ones are slower, by up to 30 times.
local WARM_UP = 3

local function variable(name) return os.getenv("BUDGET_" .. name) or "" end

local folder, rounds = variable "FOLDER", math.tointeger(tonumber(variable "RUNS"))
local most = { size = tonumber(variable "SIZE"), cpu = tonumber(variable "CPU"), memory = tonumber(variable "MEMORY") }

-- The requests of a file of Lua, or of lines "URL" and "METHOD URL": a list of tables as flare:request takes them, with `options`
-- for edge.load and `prepare`, both optional.
local function read_requests()
  local plan, path = {}, variable "FILE"
  if path ~= "" then
    plan = dofile(path)
    if type(plan) ~= "table" then error(("%s: it returns %s, not a table"):format(path, type(plan)), 0) end
  end
  for line in variable "REQUESTS":gmatch "[^\r\n]+" do
    local method, url = line:match "^%s*(%a+)%s+(%S+)%s*$"
    url = url or line:match "^%s*(%S+)%s*$"
    if url then
      plan[#plan + 1] = { method = method, url = url }
    elseif line:find "%S" then
      error(("'%s' is no request: URL or METHOD URL is"):format(line), 0)
    end
  end
  return plan
end

local plan = read_requests()

-- Takes the name out of a request, which flare:request does not know. Its name: what the table calls it.
local function take_name(request)
  local name = request.name or ("%s %s"):format(request.method or ((request.json or request.form) and "POST" or "GET"),
    request.url or request.path or "/")
  request.name = nil
  return (name:gsub("[%c`|]", "?"))
end

local names = {}
for i, request in ipairs(plan) do names[i] = take_name(request) end

-- A flare to be measured; nil: there is none. For each request `cpu` has a figure a round, `memory` the highest, and `fault` why
-- it failed.
local function open(name)
  local path = ("%s/%s.wasm"):format(folder, name)
  local file <close> = io.open(path, "rb")
  if not file then return nil end
  local flare = { size = file:seek "end", cpu = {}, memory = {}, fault = {} }
  if #plan > 0 then
    flare.edge = assert(edge.load(path, plan.options))
    if plan.prepare then plan.prepare(flare.edge) end
    for i = 1, #plan do flare.cpu[i], flare.memory[i] = {}, 0 end
  end
  return flare
end

local head, base = assert(open "head"), open "base"

local function measure(flare)
  for _ = 1, WARM_UP do flare.edge:request(plan[1]) end
  for i, request in ipairs(plan) do
    local answer = assert(flare.edge:request(request))
    table.insert(flare.cpu[i], answer.cpu_us)
    flare.memory[i] = math.max(flare.memory[i], answer.peak)
    flare.fault[i] = flare.fault[i] or answer.error and answer.error:match "[^\n]*"
  end
end

for round = 1, #plan > 0 and rounds or 0 do
  it("round " .. round, function()
    local order = round % 2 == 0 and { head, base } or { base, head }
    for i = 1, 2 do if order[i] then measure(order[i]) end end
  end)
end

local function median(list)
  table.sort(list)
  return list[#list // 2 + 1]
end

it("tells", function()
  local lines = { "| | base | head | change | at most |", "| --- | ---: | ---: | ---: | ---: |" }
  local over = {}

  -- Adds a row of the table. `before` is nil when there is nothing to compare with.
  local function row(what, unit, before, after, share, noise)
    local both = before and after
    local change = both and (before > 0 and ("%+.1f %%"):format((after - before) / before * 100) or ("%+d"):format(after)) or "-"
    local beyond = both and after - before > math.max(noise, before * share / 100)
    lines[#lines + 1] = ("| %s, %s | %s | %s | %s | +%d %% |"):format(what, unit, before or "-", after or "-",
      beyond and ("**%s** over"):format(change) or change, share)
    if beyond then
      over[#over + 1] = ("%s: %d %s, were %d: %s, and +%d %% is what it may grow by"):format(what, after, unit, before, change, share)
    end
  end

  row("size", "bytes", base and base.size, head.size, most.size, 0)
  for i, name in ipairs(names) do
    local before, after = base and not base.fault[i], not head.fault[i]
    row(("CPU of `%s`"):format(name), "µs", before and median(base.cpu[i]), after and median(head.cpu[i]), most.cpu, NOISE_US)
    row(("memory of `%s`"):format(name), "bytes", before and base.memory[i], after and head.memory[i], most.memory, NOISE_MEMORY)
    if head.fault[i] then over[#over + 1] = ("%s failed: %s"):format(name, head.fault[i]:gsub("%c", "?")) end
  end

  local function write(path, content)
    local file <close> = assert(io.open(path, "w"))
    assert(file:write(#content > 0 and table.concat(content, "\n") .. "\n" or ""))
  end
  write(variable "TABLE", lines)
  write(folder .. "/over", over)
end)
