-- programs.lua - group 1 of the benchmarks: programs of pure Lua (bench/lua) on all engines that are here, in turn.
--
-- A program's file returns a table: `run`, a function of a size, and two sizes, `n` for the benchmark and
-- `small` for tests/flare/bench_spec.lua. Whatever runs it must come to the same answer.
local all_engines = require "engines"
local common = require "bench.common"
local edge = require "flaron.edge"
local support = require "support"

local programs = {
  names = {
    "fib", "nbody", "spectral", "trees", "strings", "sort", "objects", "errors", "coroutines", "json", "template", "router",
  },
  -- Of optional parts (parts.lua); natively each needs the package in the second field.
  of_parts = {
    { "lpeg", "lua-lpeg" }, { "regex", "lua-rex-pcre2" }, { "inflate", "lua-zlib" }, { "deflate", "lua-zlib" },
    { "sha256", "lua-luaossl" }, { "rs256", "lua-luaossl" }, { "es256", "lua-luaossl" },
  },
}

-- A contestant is called until it has used WARM_UP seconds, then ROUNDS times, unless that takes longer than
-- BUDGET seconds: fengari's single calls take seconds. Its ratio is the median of those to lua5.4's time in the same
-- round: a machine that others use, too, is now slow and now fast for seconds, so best times may be of different days.
local WARM_UP, ROUNDS, BUDGET = 1.2, 15, 5

package.preload["flaron.digest"] = function() return require "bench.openssl" end

local function source_of(name) return assert(support.read("bench/lua/" .. name .. ".lua")) end

--- Runs a program natively; returns its answer as text. `size` is "n" or "small".
function programs.native(name, size)
  local program = assert(load(source_of(name), "@" .. name .. ".lua"))()
  return tostring(program.run(program[size]))
end

--- A project whose handler runs a program and answers with what it came to.
function programs.project(name, size)
  local main = [[
local response, program = require("flaron").response, require "program"
return function() response.set_body(tostring(program.run(program.%s))) end]]
  return { ["main.lua"] = main:format(size), ["program.lua"] = source_of(name) }
end

--- The engines of tests/engines that are here: `name` and `label`; and sentences about those that are not.
function programs.engines()
  local here, notes = {}, {}
  for _, engine in ipairs {
    { name = "jsc", label = "JavaScriptCore" }, { name = "spidermonkey", label = "SpiderMonkey" }, { name = "wazero", label = "wazero" },
  } do
    local words, message = all_engines.words(engine.name)
    -- One that was built for another checkout would be measured as this one.
    if engine.name == "wazero" and (os.getenv "ENGINE_WAZERO" or "") == "" then
      words, message = nil, "wazero: ENGINE_WAZERO=DIR names no checkout of it"
    end
    if words then here[#here + 1] = engine else notes[#notes + 1] = message:match "[^\n]*" .. "." end
  end
  return here, notes
end

-- Calls `f`; returns the CPU time in milliseconds, and what it gives.
local function timed(f)
  collectgarbage()
  local begin = os.clock()
  local answer = f()
  return (os.clock() - begin) * 1000, answer
end

-- A contestant in Node.js: a function that runs once, and one that ends it.
local function in_node(words)
  local worker = common.start("node bench/engines.mjs " .. words)
  return function()
    local line = worker.ask "run" or "error it ended"
    local time, answer = line:match "^([%d.]+) (.*)$"
    if not time then return nil, line:match "^error (.*)$" or line end
    return tonumber(time), answer
  end, worker.stop
end

--- An engine of tests/engines with a flare, by the same protocol as in the tests: `ask()` gives the answer's body, `used()` the CPU time
--- of its process so far in milliseconds, `stop()` ends it. It has threads that compile and collect; they are part of its time.
function programs.engine(name, flare_path)
  local pid_file = common.folder .. "/engine.pid"
  local words = { "sh", "-c", 'echo $$ >"$0"; exec "$@"', pid_file, table.unpack(assert(all_engines.words(name))) }
  local flare = assert(edge.load(flare_path, { engine = words }))
  local engine = {}
  function engine.ask() return flare:request().body end
  function engine.stop() flare:close() end
  function engine.used()
    local sum = 0
    local pid = support.read(pid_file .. "." .. name):match "%d+"
    for time in common.output(("cat /proc/%s/task/*/schedstat"):format(pid)):gmatch "(%d+) %d+ %d+\n" do sum = sum + time / 1e6 end
    return sum
  end
  engine.ask()
  os.rename(pid_file, pid_file .. "." .. name)
  return engine
end

-- The same as a contestant: a function that runs once, and one that ends it.
local function in_process(name, flare_path)
  local engine = programs.engine(name, flare_path)
  return function()
    local begin = engine.used()
    local answer = engine.ask()
    if not answer then return nil, "no answer" end
    return engine.used() - begin, answer
  end, engine.stop
end

-- All contestants for a program: `run` gives milliseconds and the answer, or nil and a message. `ours`: but those that have no
-- optional parts, and other engines.
local function open(name, ours)
  local folder = ("%s/programs/%s"):format(common.folder, name)
  support.run("mkdir -p " .. folder)
  support.project(programs.project(name, "n"), folder)
  common.output(("%s pack %s -o %s.wasm"):format(support.flaron_lua, folder, folder))
  support.write(folder .. ".lua", ("local program = (function()\n%s\nend)()\n"):format(source_of(name))
    .. "function run() return tostring(program.run(program.n)) end\n")
  local flare = assert(edge.load(folder .. ".wasm"))
  local program = assert(load(source_of(name), "@" .. name .. ".lua"))()
  local list = {
    { name = "lua5.4", run = function() return timed(function() return tostring(program.run(program.n)) end) end },
    { name = "local edge", run = function() return timed(function() return flare:request().body end) end,
      stop = function() flare:close() end },
  }
  local function add(label, words)
    local run, stop = in_node(words)
    list[#list + 1] = { name = label, run = run, stop = stop }
  end
  add("V8", "v8 " .. folder .. ".wasm")
  for _, engine in ipairs(ours and {} or programs.engines()) do
    local run, stop = in_process(engine.name, folder .. ".wasm")
    list[#list + 1] = { name = engine.label, run = run, stop = stop }
  end
  if not ours and not common.npm_failure() then
    add("wasmoon", "wasmoon " .. folder .. ".lua")
    add("fengari", "fengari " .. folder .. ".lua")
  end
  return list
end

-- Runs a contestant once more; keeps what is wrong with it.
local function once(contestant, expected)
  local begin = os.time()
  local time, answer = contestant.run()
  contestant.seconds = (contestant.seconds or 0) + (time or 0) / 1000
  if not time then
    contestant.failure = answer
  elseif expected and answer ~= expected then
    contestant.failure = ("answers %s, not %s"):format(answer, expected)
  end
  if contestant.failure or os.time() - begin > 30 then contestant.over = true end
  return time, answer
end

--- All contestants for a program, in their order, with `ratio` to the first, which has its `best` time in milliseconds, or with
--- `failure`. `ours`: lua5.4, the local edge and V8.
function programs.measure(name, ours)
  local list, expected = open(name, ours), nil
  for _, contestant in ipairs(list) do
    repeat
      local time, answer = once(contestant, expected)
      contestant.first, expected = time, expected or answer
    until contestant.over or contestant.seconds >= WARM_UP
    contestant.seconds = 0
  end
  local native = list[1]
  for _ = 1, ROUNDS do
    local of_this_round
    for _, contestant in ipairs(list) do
      if not contestant.over then
        local time = once(contestant, expected)
        of_this_round = of_this_round or time
        contestant.best = math.min(contestant.best or math.huge, time or math.huge)
        contestant.ratios = contestant.ratios or {}
        if time then table.insert(contestant.ratios, time / of_this_round) end
        contestant.over = contestant.over or contestant ~= native and contestant.seconds >= BUDGET
      end
    end
  end
  -- The last is stopped first: a process has the ends of pipes that were open when it began, so those before it do not end.
  for i = #list, 1, -1 do
    if list[i].stop then list[i].stop() end
  end
  for _, contestant in ipairs(list) do
    if not contestant.failure then
      contestant.ratio = contestant.ratios and common.median(contestant.ratios) or contestant.first / native.first
    end
  end
  return list
end

--- Measures; returns a section of the document (report.lua).
function programs.run()
  local engines, notes = programs.engines()
  local contestants = { "lua5.4", "local edge", "V8" }
  for _, engine in ipairs(engines) do contestants[#contestants + 1] = engine.label end
  table.move({ "wasmoon", "fengari" }, 1, 2, #contestants + 1, contestants)
  local rows, bars, ratios = {}, {}, {}
  for _, name in ipairs(programs.names) do
    common.progress("%s", name)
    local list = programs.measure(name)
    local row, group = { name, ("%.1f"):format(list[1].best) }, { name = name }
    for i = 2, #contestants do
      local contestant = list[i] -- wasmoon and fengari, the last, may be missing
      local ratio = contestant and contestant.ratio
      if contestant and contestant.failure then
        notes[#notes + 1] = ("%s, %s: %s."):format(contestants[i], name, contestant.failure)
      end
      row[#row + 1] = common.short(ratio)
      if ratio then
        ratios[i] = ratios[i] or {}
        table.insert(ratios[i], ratio)
        group[#group + 1] = { series = contestants[i], value = ratio }
      end
    end
    rows[#rows + 1], bars[#bars + 1] = row, group
  end
  local row, group = { "geometric mean", "" }, { name = "geometric mean" }
  for i = 2, #contestants do
    local mean = common.geometric_mean(ratios[i] or {})
    row[#row + 1] = common.short(mean)
    if mean then group[#group + 1] = { series = contestants[i], value = mean } end
  end
  rows[#rows + 1] = row
  table.insert(bars, 1, group)
  if common.npm_failure() then notes[#notes + 1] = ("wasmoon and fengari: not installed (%s)."):format(common.npm_failure()) end
  return {
    title = "Lua itself",
    text = [[
Programs of pure Lua. The first column is the time of Debian's `lua5.4`; the others are times in units of it, so less is
better and 1 is native. *local edge* is the flare in `flaron-lua`, *V8* the same file in Node.js, *JavaScriptCore*, *SpiderMonkey*
and [wazero] (its optimizing compiler) the same file in the programs of [tests/engines](../../tests/engines/README.md); [wasmoon] is
PUC-Rio's Lua built with Emscripten, in the same V8, and [fengari] is a Lua written in JavaScript (it has the integers of 32
bits of its host). Each is called for a good second before it is measured, so that engines with two compilers have compiled what is
hot with the better one, as they have on an edge that is at work. All must come to the answer of `lua5.4`. A ratio is the
median of 15 rounds in which each runs once, so that the machine was equally fast for both.

[wazero]: https://github.com/tetratelabs/wazero
[wasmoon]: https://github.com/ceifa/wasmoon
[fengari]: https://github.com/fengari-lua/fengari]],
    tables = { { columns = { "program", "lua5.4, ms", table.unpack(contestants, 2) }, rows = rows } },
    charts = { { file = "programs", title = "Time in units of native lua5.4 (less is better, logarithmic)", log = true, base = 1,
      groups = bars } },
    notes = notes,
  }
end

return programs
