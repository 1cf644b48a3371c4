-- engines.lua - group 6 of the benchmarks: the same flares on every engine of tests/engines that is here, over its protocol.
--
-- It says what an engine's class is (a compiler, an interpreter), not how fast a host of one's own would be: each import goes through
-- two pipes here.
local all_engines = require "engines"
local common = require "bench.common"
local edge = require "flaron.edge"
local programs = require "bench.programs"
local support = require "support"

local engines = {}

-- WARM_UP and BUDGET are milliseconds; beyond the latter there is no further round: fib takes an interpreter up to 20 seconds.
local REQUESTS, ROUNDS, WARM_UP, BUDGET = 2000, 5, 1200, 5000

-- The local edge as programs.engine has it; it has no process of its own, so its time is that of this one.
local function of_this_process(path)
  local flare = assert(edge.load(path))
  return {
    ask = function() return flare:request().body end,
    used = function() return os.clock() * 1000 end,
    stop = function() flare:close() end,
  }
end

-- Packs a program of bench/lua, or hello; returns the path.
local function packed(name)
  local folder = ("%s/programs/%s"):format(common.folder, name)
  if name == "hello" then
    folder = "examples/hello"
  else
    support.run("mkdir -p " .. folder)
    support.project(programs.project(name, "n"), folder)
  end
  local path = ("%s/programs/%s.wasm"):format(common.folder, name)
  common.output(("mkdir -p %s/programs && %s pack %s -o %s"):format(common.folder, support.flaron_lua, folder, path))
  return path
end

-- CPU milliseconds of `f`, by the engine's own clock.
local function timed(engine, f)
  local begin = engine.used()
  f()
  return engine.used() - begin
end

-- The three figures of an engine: milliseconds to the first answer, microseconds a request of hello, fib in units of lua5.4's time.
local function measure(open, hello_path, fib_path)
  local start = os.clock()
  local hello = open(hello_path)
  if not hello.ask() then error("no answer", 0) end
  local first = open == of_this_process and (os.clock() - start) * 1000 or hello.used()
  for _ = 1, REQUESTS do hello.ask() end
  local each = timed(hello, function()
    for _ = 1, REQUESTS do hello.ask() end
  end) / REQUESTS * 1000
  hello.stop()
  local fib, program, ratios = open(fib_path), dofile "bench/lua/fib.lua", {}
  local warm = fib.used()
  repeat fib.ask() until fib.used() - warm > WARM_UP
  for i = 1, ROUNDS do
    local begin = os.clock()
    program.run(program.n)
    local native = (os.clock() - begin) * 1000
    ratios[i] = timed(fib, fib.ask) / native
    if fib.used() - warm > BUDGET then break end
  end
  fib.stop()
  return { first, each, common.median(ratios) }
end

--- Measures; returns a section of the document (report.lua).
function engines.run()
  local rows, notes = {}, {}
  local hello, fib = packed "hello", packed "fib"
  local function add(label, open)
    common.progress("%s", label)
    local good, figures = pcall(measure, open, hello, fib)
    if not good then
      notes[#notes + 1] = ("%s: %s."):format(label, figures)
      figures = {}
    end
    rows[#rows + 1] = { label, common.short(figures[1]), common.short(figures[2]), common.short(figures[3]) }
  end
  add("local edge", of_this_process)
  for _, name in ipairs(all_engines.names()) do
    local words, why = all_engines.words(name)
    if words then
      add(name, function(path) return programs.engine(name, path) end)
    else
      notes[#notes + 1] = why:match "[^\n]*" .. "."
    end
  end
  return {
    title = "Engines",
    text = [[
The engines of [tests/engines](../../tests/engines/README.md) that were here, each in a process of its own that speaks a protocol over
pipes; the local edge is in this process. CPU time: *first answer*, from the start of the program, compiling included, to the first
answer of `examples/hello`; *hello*, one request of it when warm, pipes included (5 imports, so 10 messages); *fib*, the first
program of group 1 in units of lua5.4's time.]],
    tables = { { columns = { "engine", "first answer, ms", "hello, µs", "fib" }, rows = rows } },
    charts = {},
    notes = notes,
  }
end

return engines
