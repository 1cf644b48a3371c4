-- explain_spec.lua - `pack --strip` with its line map, and `flaron-lua explain`: what a stripped flare logs, explained,
-- names the lines that the flare with debug information logs.
local support = require "support"
local dkjson = require "dkjson"

-- Writes files into a new folder.
local function project(files)
  local folder = support.folder() .. "/mit Maß"
  for path, content in pairs(type(files) == "string" and { ["main.lua"] = files } or files) do
    support.run("mkdir -p " .. support.quote(folder .. "/" .. (path:match "^(.*)/" or "")))
    support.write(folder .. "/" .. path, content)
  end
  return folder
end

-- Packs a folder with and without debug information; paths of both, and of the map.
local function pack(folder)
  local plain, stripped = folder .. "/plain.wasm", folder .. "/my.flare.wasm"
  assert.equal(0, (support.cli("pack", folder, "-o", plain)))
  local code, output, errors = support.cli("pack", folder, "--strip", "-o", stripped)
  assert.same({ 0, "" }, { code, errors })
  local map = folder .. "/my.flare.map"
  assert.is_truthy(output:find("lines in " .. map, 1, true), output)
  return plain, stripped, map
end

-- What a flare logs when it is run.
local function log(path, ...)
  return (select(3, support.cli("run", path, ...)))
end

-- The places that a log names, but those in "<>": there Lua says a name instead when it knows one.
local function places(text)
  local list = {}
  for place in text:gsub("<[^>]*>", ""):gmatch "[%w_/]+%.lua:%d+" do list[#list + 1] = place end
  return list
end

-- Writes a log beside the map and explains it.
local function explain(map, text)
  local path = map:gsub("map$", "log")
  support.write(path, text)
  return support.cli("explain", map, path)
end

-- Packs, runs and explains; both must name the same places, and the stripped one none before. Returns what it says.
local function compare(files, ...)
  local plain, stripped, map = pack(project(files))
  local expected, raw = log(plain, ...), log(stripped, ...)
  assert.same({}, places(raw))
  local code, output, errors = explain(map, raw)
  assert.same({ 0, "" }, { code, errors })
  assert.is_true(#places(expected) > 0)
  assert.same(places(expected), places(output))
  assert.is_nil(output:find "%?%x%x%x%x%x%x%x%x")
  return output, expected
end

describe("a stripped flare's log, explained,", function()
  it("names the lines of messages and tracebacks", function()
    local output = compare {
      ["main.lua"] = [[
local part = require "lib.part"

local function deep(n, ...)
  local t = ...
  if n == 0 then
    return
      t.field
  end
  return deep(n - 1, ...) + 1
end

return function()
  print(pcall(part.fail, nil))
  print(pcall(error, "none", 0))
  print(select(2, pcall(function()
    error("here")
  end)))
  print(debug.traceback("looking"))
  print(coroutine.wrap(function() return select(2, pcall(part.caller)) end)())
  deep(3)
end]],
      ["lib/part.lua"] = [[
local M = {}
function M.fail(x)
  -- a comment

  return "a" .. x
end
function M.caller() local function check() error("of the caller", 2) end
  check()
end
return M]],
    }
    assert.matches("^info: false\tlib/part.lua:5: attempt to concatenate a nil value\n", output)
    assert.matches("\ninfo: false\tnone\n", output)
    assert.matches("\nerror: main.lua:7: attempt to index a nil value\nstack traceback:\n\tmain.lua:7: in ", output)
    assert.matches("\tmain.lua:20: in function <main.lua:12>", output)
  end)

  it("is otherwise the very same where there are no names to lose", function()
    local output, expected = compare [[
return function()
  error("deliberate")
end]]
    assert.equal(expected, output)
    output, expected = compare "return function() print(undefined) undefined.x = 1 end"
    assert.equal(expected, output)
    assert.matches("global 'undefined'", output)
  end)

  it("names lines that are far apart, in long functions", function()
    local lines = { "#!/usr/bin/env lua", "return function()", "local n = 1" }
    for n = 1, 400 do
      lines[#lines + 1] = ("\n"):rep(n % 7 == 0 and 200 or n % 3) .. "n = n + 1"
      if n % 50 == 0 then lines[#lines + 1] = "pcall(error) print(select(2, pcall(function() error 'x' end)))" end
    end
    lines[#lines + 1] = "error 'end' end"
    local output = compare(table.concat(lines, "\n"))
    assert.equal(8, select(2, output:gsub("info: main.lua:%d+: x\n", "")))
  end)

  it("names the main chunk of a module that is required late", function()
    local output = compare {
      ["main.lua"] = "return function()\n  require 'late'\nend",
      ["late.lua"] = "local x = 1\nlocal function f()\n  error('late ' .. x)\nend\n\nf()\n",
    }
    assert.matches("late.lua:3: late 1\n", output)
    assert.matches("\n\tlate.lua:6: in main chunk\n", output)
  end)

  it("names where a script was stopped", function()
    compare("return function()\n  local n = 0\n  while true do n = n end\nend", "--cpu-ms", "50")
    compare("return function()\n  local s = ('a'):rep(30)\n  s:find(('.-'):rep(20) .. 'b')\nend", "--cpu-ms", "50")
  end)
end)

describe("pack --strip", function()
  it("keeps what debug.getinfo says, but for lines and sources", function()
    local files = {
      ["main.lua"] = [[
local seen = {}
function see(level, f)
  local info = debug.getinfo(f or level + 1, "Slnrtu")
  seen[#seen + 1] = info
end
see(1)
require "part"
local t = { method = function(self, a, ...) see(1) return self, a, ... end }
function global(a) see(1) return t:method(a, 1) end
return function()
  see(1)
  require "late"
  global(1)
  t.method(t)
  see(0, global) see(0, print) see(0, t.method) see(0, load "return 1")
  coroutine.wrap(function() see(1) end)()
  local out = {}
  for i, info in ipairs(seen) do
    for _, line in ipairs { "currentline", "linedefined", "lastlinedefined" } do
      info[line] = info[line] > 0 and "a line" or info[line]
    end
    if info.source ~= "return 1" and info.what ~= "C" then info.source, info.short_src = "a file", "a file" end
    local fields = {}
    for key, value in pairs(info) do fields[#fields + 1] = key .. "=" .. tostring(value) end
    table.sort(fields)
    out[i] = table.concat(fields, " ")
  end
  return { body = table.concat(out, "\n") }
end]],
      ["part.lua"] = "see(1)\n" .. ("local a = 1\n"):rep(100) .. ("see(1)\n"):rep(130),
      ["late.lua"] = "see(1) return ...",
    }
    local plain, stripped = pack(project(files))
    local _, expected = support.cli("run", plain)
    local _, output = support.cli("run", stripped)
    assert.equal(expected, output)
    assert.equal(134, select(2, output:gsub("what=main", "")))
  end)

  it("lets a strict.lua know main chunks, which may make globals", function()
    local files = {
      ["main.lua"] = "require 'strict' require 'conf' return function() return { body = 'limit ' .. LIMIT } end",
      ["conf.lua"] = "LIMIT = 10",
      ["strict.lua"] = [[
        setmetatable(_G, { __newindex = function(t, name, value)
          local what = debug.getinfo(2, "S").what
          if what ~= "main" and what ~= "C" then error("assign to undeclared global '" .. name .. "'", 2) end
          rawset(t, name, value)
        end })]],
    }
    local _, stripped = pack(project(files))
    assert.matches("\n\nlimit 10", (select(2, support.cli("run", stripped))))
  end)

  it("names the lines of an error at start-up all the same", function()
    local folder = project { ["main.lua"] = "local m = require 'm'\n\nm()\n", ["m.lua"] = "return function()\n  error('no')\nend" }
    local _, _, plain = support.cli("pack", folder, "-o", folder .. "/x.wasm")
    local code, output, stripped = support.cli("pack", folder, "-o", folder .. "/x.wasm", "--strip")
    assert.same({ 1, "" }, { code, output })
    assert.same(places(plain), places(stripped))
    assert.matches("^flaron%-lua pack: m.lua:2: no\nstack traceback:\n", stripped)
    assert.matches("\n\tmain.lua:3: in main chunk\n", stripped)
    assert.is_nil(support.read(folder .. "/x.map"))
  end)

  it("writes the same map and flare each time, and another hash for another script", function()
    local function hash(source)
      local _, stripped, map = pack(project(source))
      return dkjson.decode(support.read(map)).hash, support.read(map), support.read(stripped)
    end
    local one, map, flare = hash "return function() end"
    assert.matches("^%x%x%x%x%x%x%x%x$", one)
    assert.is_true(flare:find("?" .. one, 1, true) ~= nil)
    assert.same({ one, map, flare }, { hash "return function() end" })
    assert.are_not.equal(one, (hash "return function()  end"))
  end)

  it("writes no map beside a device, and none without --strip", function()
    local folder = project "return function() end"
    local code, output = support.cli("pack", folder, "--strip", "-o", "/dev/null")
    assert.equal(0, code)
    assert.is_nil(output:find "lines in")
    assert.equal(0, (support.cli("pack", folder, "-o", folder .. "/x.wasm")))
    assert.is_nil(support.read(folder .. "/x.map"))
    assert.equal(0, (support.cli("pack", folder, "--strip", "-o", folder .. "/flare.bin")))
    assert.is_string(support.read(folder .. "/flare.bin.map"))
  end)
end)

describe("flaron-lua explain", function()
  local plain, stripped, map = pack(project "return function()\n\n  error 'x'\nend")
  local raw = log(stripped)
  local place, hash = raw:match "%?((%x+):%d+)"

  it("leaves all other text as it is, but what could take a terminal over", function()
    for _, text in ipairs { "", "\n", "no place", "?", "??" .. hash, "?" .. hash, "?" .. hash .. ":", "?" .. hash .. ":x",
      "?" .. hash .. ":0 ", "?" .. hash .. ":99999999999999999999999", "?" .. hash:upper() .. "z:1", "größe\t?\n?\n" } do
      assert.same({ 0, text, "" }, { explain(map, text) })
    end
    assert.same({ 0, "a\\x00b\\xff?\n?\\x0d\n", "" }, { explain(map, "a\0b\255?\n?\r\n") })
    assert.same({ 0, "{\"text\":\"main.lua:3: x\\n\"}?main.lua:3", "" },
      { explain(map, ("{\"text\":\"?%s: x\\n\"}??%s"):format(place, place)) })
  end)

  it("reads standard input, line by line", function()
    local command = ("printf '%%s' %s | %s explain %s"):format(support.quote("a\n?" .. place), support.quote(support.flaron_lua),
      support.quote(map))
    assert.same({ 0, "a\nmain.lua:3", "" }, { support.run(command) })
    assert.same({ 0, "a\nmain.lua:3", "" }, { support.run(command .. " -") })
    -- A line is explained as soon as it is there.
    local first = ("{ printf '?%s\\n'; sleep 3; } | %s explain %s | { read line; echo $line; date +%%s; }"):format(
      place, support.quote(support.flaron_lua), support.quote(map))
    local begin = os.time()
    local _, output = support.run(first)
    assert.matches("^main.lua:3\n", output)
    assert.is_true(tonumber(output:match "\n(%d+)") - begin < 3)
  end)

  it("leaves places of another build, says so, and answers 1", function()
    local other = ("%08x"):format(tonumber(hash, 16) ~ 1)
    local code, output, errors = explain(map, ("?%s:1 ?%s ?%s:2\n"):format(other, place, other))
    assert.same({ 1, ("?%s:1 main.lua:3 ?%s:2\n"):format(other, other) }, { code, output })
    assert.equal(("flaron-lua explain: %s is the map of %s: 2 places in the log are of another flare, such as ?%s\n"):format(
      map, hash, other), errors)
  end)

  it("refuses what is no map, and names it", function()
    local folder = support.folder()
    local good = dkjson.decode(support.read(map))
    local function with(change)
      local changed = dkjson.decode(dkjson.encode(good))
      change(changed)
      return dkjson.encode(changed)
    end
    for _, content in ipairs {
      "", "{", "[]", "1", "{}", support.read(plain),
      with(function(m) m.hash = "1234" end), with(function(m) m.hash = nil end), with(function(m) m.functions = 1 end),
      with(function(m) m.functions[1].at = -1 end), with(function(m) m.functions[2].at = 1 end),
      with(function(m) m.functions[1].size = 1 << 40 end), with(function(m) m.functions[1].lines = "x" end),
      with(function(m) m.functions[1].file = 1 end), with(function(m) m.functions[1] = 1 end),
    } do
      support.write(folder .. "/x.map", content)
      local code, output, errors = support.cli("explain", folder .. "/x.map", "/dev/null")
      assert.same({ 1, "" }, { code, output })
      assert.matches("^flaron%-lua explain: " .. folder .. "/x.map: it is no line map[^\n]*\n$", errors)
    end
    support.write(folder .. "/x.map", with(function(m) m.format = 2 end))
    assert.matches("x.map: it is a line map of format 2, this flaron%-lua reads 1\n$",
      select(3, support.cli("explain", folder .. "/x.map", "/dev/null")))
    -- Lines that are not numbers do no harm.
    support.write(folder .. "/x.map", with(function(m) m.functions[1].lines = { "a", {}, 1 } end))
    assert.equal(0, (support.cli("explain", folder .. "/x.map", "/dev/null")))
  end)

  it("tells misuse and files that cannot be read", function()
    assert.equal(2, (support.cli "explain"))
    assert.equal(2, (support.cli("explain", "a", "b", "c")))
    assert.equal(2, (support.cli("explain", "--colour", map)))
    assert.same({ 1, "", "flaron-lua explain: no.map: No such file or directory\n" }, { support.cli("explain", "no.map") })
    assert.same({ 1, "", "flaron-lua explain: no.log: No such file or directory\n" }, { support.cli("explain", map, "no.log") })
    assert.same({ 1, "", "flaron-lua explain: tests: Is a directory\n" }, { support.cli("explain", map, "tests") })
  end)
end)
