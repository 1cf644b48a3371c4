-- programs.lua - group 1 of the benchmarks: programs of pure Lua (tests/bench/lua) on native lua5.4, on the local
-- edge (wasm2c) and in V8. The figures are best CPU times; native and wasm2c take turns in this process.
--
--   lua5.4 tests/bench/programs.lua [ROUNDS [NAME...]]
local edge = require "flaron.edge"

local names = {
  "fib", "nbody", "spectral", "trees", "strings", "sort", "objects", "errors", "coroutines", "json", "template", "router",
}
local ROUNDS = tonumber(arg[1]) or 7
local FLARON_LUA = (os.getenv "NATIVE" or "build/native") .. "/flaron-lua"
local FOLDER = "build/bench"

local main = [[
local response, program = require("flaron").response, require "program"
return function() response.set_body(tostring(program.run(program.n))) end]]

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write(path, content)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(content))
end

-- Calls `f`; returns what it gives and the CPU time in milliseconds.
local function timed(f)
  collectgarbage()
  local begin = os.clock()
  local answer = f()
  return answer, (os.clock() - begin) * 1000
end

-- The best time in V8.
local function in_v8(name, source, expected)
  local folder = FOLDER .. "/" .. name
  assert(os.execute("mkdir -p " .. folder))
  write(folder .. "/main.lua", main)
  write(folder .. "/program.lua", source)
  assert(os.execute(("%s pack %s -o %s.wasm >/dev/null"):format(FLARON_LUA, folder, folder)))
  local output <close> = assert(io.popen(("node tests/bench/v8.mjs %s.wasm %d"):format(folder, ROUNDS)))
  local best, answer = output:read "a":match "^([%d.]+) ([^\n]*)\n$"
  assert(answer == expected, name .. ": V8 answers " .. tostring(answer))
  return tonumber(best)
end

-- Best times: native, wasm2c, V8.
local function measure(name)
  local source = read("tests/bench/lua/" .. name .. ".lua")
  local program = assert(load(source, "@" .. name .. ".lua"))()
  local flare <close> = assert(edge.load { ["main.lua"] = main, ["program.lua"] = source })
  local native, wasm2c, expected = math.huge, math.huge, nil
  for _ = 1, ROUNDS do
    local answer, time = timed(function() return tostring(program.run(program.n)) end)
    expected, native = answer, math.min(native, time)
    answer, time = timed(function() return flare:request().body end)
    assert(answer == expected, name .. ": wasm2c answers " .. answer)
    wasm2c = math.min(wasm2c, time)
  end
  return native, wasm2c, in_v8(name, source, expected)
end

local chosen = #arg > 1 and table.move(arg, 2, #arg, 1, {}) or names
local logs = { 0, 0 }
print "### 1. Programs of pure Lua\n"
print "| program | lua5.4, ms | local edge | V8 |\n| --- | ---: | ---: | ---: |"
for _, name in ipairs(chosen) do
  local native, wasm2c, v8 = measure(name)
  print(("| %s | %.1f | %.2f | %.2f |"):format(name, native, wasm2c / native, v8 / native))
  logs[1], logs[2] = logs[1] + math.log(wasm2c / native), logs[2] + math.log(v8 / native)
end
print(("| geometric mean | | %.2f | %.2f |"):format(math.exp(logs[1] / #chosen), math.exp(logs[2] / #chosen)))
print "\nTimes of the local edge and of V8 are in units of the time of Debian's lua5.4."
