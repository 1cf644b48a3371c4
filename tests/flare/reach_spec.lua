-- reach_spec.lua - what is packed without io, debug, load, loadfile and dofile, since it cannot reach them: it works as with them. And
-- each way to them keeps them. `inspect` says which it is.
local support = require "support"

local function inspect(files) return support.inspect(support.project(files)) end

-- A project whose handler answers with what `body` returns; `before` runs at start-up.
local function project(body, before, more)
  local files = { ["main.lua"] = (before or "") .. "\nreturn function() local out = (function() " .. body
    .. " end)() return { body = tostring(out) } end" }
  for name, text in pairs(more or {}) do files[name] = text end
  return files
end

-- What it answers, and whether it was cut.
local function answer(files)
  local flare <close> = support.load(files)
  local response = flare:request { url = "https://x.test/" }
  return response.body, #inspect(files).cut > 0
end

local CUT = {
  { "return string.format('%d', 7)", "7" },
  { "return require 'other'.value", "4", nil, { ["other.lua"] = "return { value = 4 }" } },
  { "return pcall(error, 'x')", "false" },
  { "local log = { debug = 1, io = 2, load = 3 } return log.debug + log.io + log.load", "6" },
  { "return select(2, pcall(function() local t = {} t.x.y = 1 end)):match 'index a nil'", "index a nil" },
  { "return next(kept)", "1", "kept = {}  for name in io.lines 'data.txt' do kept[#kept + 1] = name end",
    { ["data.txt"] = "one\n", ["flare.lua"] = "return { assets = { 'data.txt' } }" } },
  { "return made()", "5", "made = load 'return 5'" },
  { "return (require 'flaron'.asset 'data.txt')", "one", nil,
    { ["data.txt"] = "one", ["flare.lua"] = "return { assets = { 'data.txt' } }" } },
  { "return coroutine.wrap(function() coroutine.yield(3) end)()", "3" },
  { "return #string.dump(function() end) > 0", "true" },
  { "count = (count or 0) + 1 return count", "1" },
}

-- Each names, takes along or finds it by a way of its own.
local KEPT = {
  { "return io.type(1)", "nil" },
  { "return type(debug.traceback())", "string" },
  { "return load 'return 1 + 1'()", "2" },
  { "return dofile 'x.lua'", "8", nil, { ["x.lua"] = "return 8", ["flare.lua"] = "return { assets = { 'x.lua' } }" } },
  { "return type(loadfile 'none')", "nil" },
  { "return type(_G['i' .. 'o'])", "table" },
  { "return type(_ENV['i' .. 'o'])", "table" },
  { "local n = 0 for _, v in pairs(_ENV) do if type(v) == 'table' and v.popen then n = n + 1 end end return n", "1" },
  { "return type(rawget(_ENV, 'lo' .. 'ad'))", "function" },
  { "return (function() return (function() return type(_ENV['deb' .. 'ug']) end)() end)()", "table" },
  { "return type(require 'io')", "table" },
  { "return type(require('i' .. 'o'))", "table" },
  { "local r = require return type(r('i' .. 'o'))", "table" },
  { "return type(select(2, pcall(require, 'i' .. 'o')))", "table" },
  { "return type(require '_G'['i' .. 'o'])", "table" },
  { "return type(package.loaded['i' .. 'o'])", "table" },
  { "return open 'none'", "nil", "open = io.open" },
  { "return type(open('none'))", "nil", "local open = io.open" },
  { "return run 'return 9'()", "9", "local run = load" },
  { "return run 'return 9'()", "9", "string.run = load  run = string.run" },
  { "return type(find 'io')", "table", "local find = require" },
  { "return type(out)", "userdata", "out = io.stdout" },
  { "return type(read())", "string", "read = io.lines 'data.txt'",
    { ["data.txt"] = "one\n", ["flare.lua"] = "return { assets = { 'data.txt' } }" } },
  { "return type(getmetatable(object).popen)", "function", "object = setmetatable({}, io)" },
  { "return type(object.io)", "table", "object = setmetatable({}, { __index = _G })" },
  { "return type(all['i' .. 'o'])", "table", "local all = _ENV" },
  { "return type(missing['i' .. 'o'])", "table", "setmetatable(_G, { __index = function(t) return t end })" },
  { "return type(co())", "function", "co = coroutine.wrap(function() local l = load coroutine.yield() coroutine.yield(l) end) co()" },
  { "return type(require 'any'['i' .. 'o'])", "table", "package.loaded.any = _G" },
  { "return type(require 'any'.io)", "table", "setmetatable(package.loaded, { __index = function(t) return t end })" },
  { "return type(require 'open')", "function", "package.loaded.open = io.open" },
  { "return type(require 'late')", "table", nil, { ["late.lua"] = "local name = 'i' .. 'o' return _ENV[name]" } },
  { "return type(require)", "function", "require = io.open" },
  { "return hooked", "true", "debug.sethook(function() hooked = true end, 'l')" },
  { "return 'bytecode'", "bytecode", nil, { ["flare.lua"] = "return { bytecode = true }" } },
  { "return 'emptied'", "emptied", "local all = debug.getregistry() for key in pairs(all) do all[key] = nil end collectgarbage()" },
  { "return 'replaced'", "replaced", "debug.getregistry()._LOADED = {}" },
  { "return type(environment())", "table", "function environment() return _ENV end" },
}

describe("a flare that cannot reach io, debug and load", function()
  it("is packed without them, and works", function()
    for _, case in ipairs(CUT) do
      local body, cut = answer(project(case[1], case[3], case[4]))
      assert.same({ case[1], case[2], true }, { case[1], body, cut })
    end
  end)

  it("is smaller, and the same whenever it is packed", function()
    local small, large = inspect(project "return 1"), inspect(project "return load")
    assert.is_true(small.bytes + 20000 < large.bytes)
    assert.same({ "io", "debug", "load", "loadfile", "dofile" }, small.cut)
    assert.same({}, large.cut)
  end)

  it("is so with the ready-made modules, but for templates, which are compiled, and ngx, which asks for parts", function()
    local _, files = support.run "ls scripts/modules/flaron/*.lua"
    for name in files:gmatch "([^/]+)%.lua" do
      local cut = #inspect(project(("return type(require 'flaron.%s')"):format(name))).cut > 0
      assert.same({ name, name ~= "template" and name ~= "openresty" }, { name, cut })
    end
  end)

  it("has them for start-up", function()
    local start = "assert(io.type(io.stdout)) value = debug.getinfo(1, 'l').currentline + load 'return 1'()"
    assert.same({ "2", true }, { answer(project("return value", start)) })
  end)
end)

describe("a flare that can", function()
  it("has all of them, whatever the way", function()
    for _, case in ipairs(KEPT) do
      local body, cut = answer(project(case[1], case[3], case[4]))
      assert.same({ case[1], case[2], false }, { case[1], body, cut })
    end
  end)
end)
