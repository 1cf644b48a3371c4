-- invocation.lua - group 2 of the benchmarks: one invocation on both engines, beside a flare of 30 lines of C.
local common = require "bench.common"
local support = require "support"

local invocation = {}

local rows = {
  { "floor_warm", "the floor: C, the same host calls, warm" },
  { "hello_warm", "hello, warm" },
  { "restore", "a handler that does nothing: the restore and a call" },
  { "memcpy", "memcpy of as many bytes" },
  { "floor_fresh", "the floor, a fresh instance" },
  { "hello_fresh", "hello, a fresh instance" },
  { "wasmoon_state", "wasmoon: a new state, hello in it" },
  { "wasmoon_fresh", "wasmoon: a new instance and state, hello in it" },
}

-- Lines of a name and a number, as a table.
local function figures(command)
  local found = {}
  for name, value in common.output(command):gmatch "([%w_]+) ([%d.]+)\n" do found[name] = tonumber(value) end
  return found
end

--- Measures; returns a section of the document (report.lua).
function invocation.run()
  local folder = common.folder
  support.run(("mkdir -p %s/empty"):format(folder))
  support.write(folder .. "/empty/main.lua", "return function() end\n")
  common.output(("%s pack examples/hello -o %s/hello.wasm"):format(support.flaron_lua, folder))
  common.output(("%s pack %s/empty -o %s/empty.wasm"):format(support.flaron_lua, folder, folder))
  local files = ("%s/hello.wasm %s/empty.wasm"):format(folder, folder)
  common.progress "on the local edge"
  local edge = figures(("%s/invocation %s"):format(folder, files))
  common.progress "in V8"
  local v8 = figures(("node bench/invocation.mjs %s %s/floor.wasm"):format(files, folder))

  local list, bars = {}, {}
  for i, row in ipairs(rows) do
    local name, what = row[1], row[2]
    local function ratio(of) return of[name] and of[name] / of.floor_warm end
    list[i] = { what, common.short(edge[name]), common.short(ratio(edge)), common.short(v8[name]), common.short(ratio(v8)) }
    bars[i] = { name = what }
    if edge[name] then table.insert(bars[i], { series = "local edge", value = edge[name] }) end
    if v8[name] then table.insert(bars[i], { series = "V8", value = v8[name] }) end
  end
  local notes = { ("A restore copies %d bytes."):format(edge.restored) }
  if common.npm_failure() then notes[2] = ("wasmoon: not installed (%s)."):format(common.npm_failure()) end
  return {
    title = "An invocation",
    text = [[
CPU time of one invocation, without HTTP around it: `examples/hello`, which asks for method and URL and sets status, header and
body. *The floor* is [a flare of 30 lines of C](../../bench/floor.c) that makes the same calls in the same order, compiled for
the same engine: what hello takes beyond it is what Lua costs, a state as fresh as the first included. On the local edge the
calls reach the real host; in V8 they reach a few lines of JavaScript. *Warm* is an instance that ran before, *fresh* a new one
of a module that is compiled.]],
    tables = { { columns = { "what", "local edge, µs", "times its floor", "V8, µs", "times its floor" }, rows = list } },
    charts = { { file = "invocation", title = "Microseconds an invocation (less is better, logarithmic)", log = true, groups = bars } },
    notes = notes,
  }
end

return invocation
