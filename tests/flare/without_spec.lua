-- without_spec.lua - flares without libraries of Lua that flare.lua names under `without`: they are smaller, say so when they use
-- one, and what they have works. On V8 the functions are gone; the local edge has all of them.
local support = require "support"

local LIBRARIES = { "io", "debug", "load", "coroutine", "math", "os", "table", "utf8" }

local function manifest(names, more)
  local list = {}
  for i, name in ipairs(names) do list[i] = ("%q"):format(name) end
  return ("return { without = { %s }, %s }"):format(table.concat(list, ", "), more or "")
end

local function said(name, names)
  local list = {}
  for i, left_out in ipairs(names) do list[i] = ("%q"):format(left_out) end
  return ("%s is not in this flare: flare.lua has without = { %s }"):format(name, table.concat(list, ", "))
end

local function project(main, names, more)
  return support.project { ["main.lua"] = main, ["flare.lua"] = names and manifest(names, more) }
end

local function pack(folder)
  local packed = support.folder() .. "/out.wasm"
  local code, output, errors = support.cli("pack", folder, "-o", packed)
  assert.same({ 0, "" }, { code, errors })
  return packed, output
end

-- What a project or a packed flare answers to the last of `count` requests.
local function answers(path, count)
  local flare <close> = support.load(path:find "%.wasm$" and path or (pack(path)))
  local body
  for _ = 1, count or 1 do body = flare:request({ url = "https://x.test/" }).body end
  return body
end

-- Calls all functions that there are without arguments and with wrong ones, and uses each library that there is.
local ALL = [[
  local skip = { ["os.exit"] = true, ["io.write"] = true, ["coroutine.yield"] = true, ["debug.debug"] = true }
  local function call_all(name, library)
    for key, f in next, library do
      if type(f) == "function" and not skip[name .. "." .. key] then
        pcall(f)
        pcall(f, "x", "y", "z")
        pcall(f, {}, 1, 2)
      end
    end
  end
  local libraries = { string = string, table = table, math = math, utf8 = utf8, coroutine = coroutine, os = os, io = io, debug = debug }
  return function()
    for name, library in next, libraries do call_all(name, library) end
    local out = { ("x"):rep(3) }
    local function try(f) if not pcall(f) then out[#out + 1] = "no" end end
    try(function() out[#out + 1] = table.concat({ 1, 2 }, "+") end)
    try(function() out[#out + 1] = ("%.3f"):format(math.sin(1) ^ 0.5) end)
    try(function() out[#out + 1] = utf8.char(228) end)
    try(function() out[#out + 1] = coroutine.wrap(function() coroutine.yield "co" end)() end)
    try(function() out[#out + 1] = os.date("!%Y", 0) end)
    try(function() out[#out + 1] = io.type(io.stdout) end)
    try(function() out[#out + 1] = debug.getinfo(1, "l").currentline and "line" end)
    try(function() out[#out + 1] = load "return 'loaded'"() end)
    local body = ""
    for i = 1, #out do body = body .. out[i] .. " " end
    return { body = body }
  end]]

local WORKS = { table = 2, math = 3, utf8 = 4, coroutine = 5, os = 6, io = 7, debug = 8, load = 9 }

-- What ALL answers without these.
local function expected(names)
  local out = { "xxx", "1+2", "0.917", "ä", "co", "1970", "file", "line", "loaded" }
  for _, name in ipairs(names) do out[WORKS[name]] = "no" end
  return table.concat(out, " ") .. " "
end

describe("a flare without a library", function()
  local whole = support.inspect(project(ALL))

  for _, name in ipairs(LIBRARIES) do
    it("is smaller, valid, and works without " .. name, function()
      local folder = project(ALL, { name })
      local about = support.inspect(folder)
      assert.same({ { name }, true }, { about.without, about.runs_here })
      assert.is_true(about.bytes + 1000 < whole.bytes, about.bytes .. " of " .. whole.bytes)
      local packed, output = pack(folder)
      assert.equal(", without " .. name, output:match ", without %w+")
      local valid, message = support.run("wasm-validate " .. support.quote(packed) .. " 2>&1")
      assert.same({ 0, "" }, { valid, message })
      assert.equal(expected { name }, answers(packed, 2))
    end)
  end

  it("is so without all of them, and with two", function()
    assert.equal(expected(LIBRARIES), answers(project(ALL, LIBRARIES), 2))
    assert.equal(expected { "io", "os" }, answers(project(ALL, { "io", "os" }), 2))
    assert.is_true(support.inspect(project(ALL, LIBRARIES)).bytes + 50000 < whole.bytes)
  end)

  it("is so with optional parts and with bytecode", function()
    local names = { "io", "math", "utf8" }
    assert.equal(expected(names), answers(project("require 'lpeg' " .. ALL, names), 2))
    assert.equal(expected(names), answers(project(ALL, names, "bytecode = true"), 2))
  end)

  it("says so, where it is used, whatever the use", function()
    local names = { "io", "load", "utf8" }
    for use, name in pairs {
      ["return io.open"] = "io", ["io.x = 1"] = "io", ["return require 'utf8'.char"] = "utf8", ["return utf8.char(1)"] = "utf8",
      ["local f = load 'return 1' return f"] = "load", ["loadfile()"] = "loadfile", ["return dofile('x'), 1"] = "dofile",
      ["return _G['i' .. 'o'].write"] = "io", ["return package.loaded.utf8.len"] = "utf8",
    } do
      local main = ("return function() return { body = select(2, pcall(function()\n%s end)) } end"):format(use)
      assert.equal("main.lua:2: " .. said(name, names), answers(project(main, names)))
    end
  end)

  it("says so at start-up with the place", function()
    local code, _, errors = support.cli("pack", project("\nlocal x = os.time\nreturn print", { "os" }))
    assert.equal(1, code)
    assert.is_number(errors:find("main.lua:2: " .. said("os", { "os" }), 1, true), errors)
  end)

  it("has what else there is cut, although it names what is left out", function()
    local main = "return function() if no then io.write 'x' end return { body = 'y' } end"
    assert.same({}, support.inspect(project(main)).cut)
    local about = support.inspect(project(main, { "io" }))
    assert.same({ { "io" }, "io" }, { about.without, about.cut[1] })
    main = "return function() if _G.no then io.write(debug.traceback(load 'x')) end return { body = 'y' } end"
    about = support.inspect(project(main, { "debug", "io", "load" }))
    assert.is_true(about.bytes + 25000 < support.inspect(project(main)).bytes)
    assert.equal("y", answers(project(main, { "debug", "io", "load" })))
  end)

  it("that says it has one which it has not does not run here", function()
    local packed = pack(project(ALL, { "utf8" }))
    local bytes, n = support.read(packed):gsub('"without":%["utf8"%]', '"without":["utf9"]')
    assert.equal(1, n)
    support.write(packed, bytes)
    assert.is_false(support.inspect(packed).runs_here)
  end)
end)
