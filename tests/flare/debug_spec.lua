-- debug_spec.lua - the library `debug`: pieces of Lua that are run in a flare and by the lua5.4 that runs the specs, which must say the
-- same. What a script can break with it is in vandal_spec.lua.
local support = require "support"

-- Makes text of values, alike on both sides: tables by their keys in order, functions and threads by their type.
local show = [[
local function show(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return (tostring(value):gsub(": 0?x?%x+$", ""):gsub(": builtin.*", "")) end
  local keys, out = {}, {}
  for key in next, value do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i, key in ipairs(keys) do out[i] = tostring(key) .. "=" .. show(value[key]) end
  return "{" .. table.concat(out, " ") .. "}"
end
local function run(code)
  local values = table.pack(pcall(assert(load(code, "=piece"))))
  for i = 1, values.n do values[i] = show(values[i]) end
  return table.concat(values, " ", 1, values.n)
end
]]

local pieces = {
  ["getinfo of functions, each option"] = [[
    local function plain(a, b) return a + b end
    local function varied(a, ...) return a, ... end
    local out = {}
    for _, f in ipairs { plain, varied, print, string.format, load "return 1",
      load("return ...", "@file.lua"), load("x = 1", "text\nmore") } do
      for option in ("SlnrutLf"):gmatch "." do
        local info = debug.getinfo(f, option)
        info.func = info.func == f or nil
        out[#out + 1] = info
      end
      out[#out + 1] = debug.getinfo(f).what
    end
    return out]],
  ["getinfo of levels, each option"] = [[
    local out = {}
    local function look(level)
      for option in ("SlnrutLf"):gmatch "." do
        local info = debug.getinfo(level, option)
        if info then info.func = info.func and type(info.func) end
        out[#out + 1] = info or "none"
      end
    end
    local t = {}
    function t:method() look(2) look(1) end
    function global_one() t:method() end
    local function tail() return global_one() end
    local function over() tail() return 1 end
    over()
    setmetatable(t, { __index = function() look(2) return 1 end, __add = function() look(2) return 1 end,
      __close = function() look(2) end, __call = function() look(2) end, __lt = function() look(2) return true end })
    local _ = t.x
    _ = t + 1
    _ = t < t
    t()
    do local closed <close> = t end
    for _ in function() look(2) end do end
    look(100)
    return out]],
  ["getinfo of what is called by C"] = [[
    local out = {}
    local function look() out[#out + 1] = debug.getinfo(1, "nSlt") out[#out + 1] = debug.getinfo(2, "nSlt") end
    pcall(look)
    xpcall(error, look)
    table.sort({ 2, 1 }, function() look() return false end)
    ;("a"):gsub(".", look)
    coroutine.wrap(look)()
    for i, info in ipairs(out) do out[i] = { info.name or "-", info.namewhat, info.what, info.currentline, info.istailcall } end
    return out]],
  ["getinfo's errors"] = [[
    return { pcall(debug.getinfo, 1, ">S") }, { pcall(debug.getinfo, 1, "X") }, { pcall(debug.getinfo, "x") }, { pcall(debug.getinfo) },
      debug.getinfo(-1), debug.getinfo(1000), { pcall(debug.getinfo, print, "?") }]],
  ["getinfo in another coroutine"] = [[
    local co = coroutine.create(function(a) local b = a coroutine.yield(b) error "x" end)
    local before = debug.getinfo(co, 0)
    coroutine.resume(co, 5)
    local yield, body, none = debug.getinfo(co, 0, "nSl"), debug.getinfo(co, 1, "nSlrtu"), debug.getinfo(co, 2)
    coroutine.resume(co)
    return before, yield, body, none, debug.getinfo(co, 1, "l"), debug.traceback(co),
      debug.traceback(co, "m", 1), debug.traceback(co, nil, 9)]],
  ["getlocal of parameters, varargs, locals and temporaries"] = [[
    local function f(a, b, ...)
      local c, d <const> = a, b
      do local gone = 1 end
      for i = 1, 1 do
        local out = {}
        for n = 1, 30 do
          local name, value = debug.getlocal(1, n)
          if not name then break end
          out[n] = name .. "=" .. (type(value) == "table" and "table" or tostring(value))
        end
        for n = 1, 4 do out[#out + 1] = { debug.getlocal(1, -n) } end
        return out
      end
    end
    local names = {}
    for n = 1, 4 do names[n] = tostring(debug.getlocal(f, n)) end
    return f(1, 2, 3, nil, "five"), names, debug.getlocal(print, 1), debug.getlocal(f, -1), { pcall(debug.getlocal, 99, 1) }]],
  ["getlocal and setlocal of another level and coroutine"] = [[
    local function set(...) local x = 1 return debug.setlocal(2, ...) end
    local function f(a, ...) local b = 2 local r = { set(1, "A"), set(2, "B"), set(-1, "V"), set(-9, 0), set(99, 0) }
      return a, b, r, ... end
    local co = coroutine.create(function(a, ...) local b = coroutine.yield() return a, b, ... end)
    coroutine.resume(co, 1, 2, 3)
    local seen = { debug.getlocal(co, 1, 1) } seen[3], seen[4] = debug.getlocal(co, 1, -2)
    local set_there = { debug.setlocal(co, 1, 1, "one"), debug.setlocal(co, 1, -1, "two") }
    return { f(1, 3, 4) }, seen, set_there, { coroutine.resume(co, "b") },
      { pcall(debug.setlocal, 50, 1, 1) }, { pcall(debug.setlocal, 1, 1) }]],
  ["upvalues: get, set, id, join"] = [[
    local a, b = 1, 2
    local function f() return a, b end
    local function g() return b end
    local out = { { debug.getupvalue(f, 1) }, { debug.getupvalue(f, 2) }, { debug.getupvalue(f, 3) }, { debug.getupvalue(print, 1) },
      { debug.getupvalue(("x"):gmatch ".", 1) }, { debug.setupvalue(f, 1, "A") }, { debug.setupvalue(f, 9, 1) } }
    out[#out + 1] = debug.upvalueid(f, 2) == debug.upvalueid(g, 1)
    out[#out + 1] = debug.upvalueid(f, 1) == debug.upvalueid(g, 1)
    out[#out + 1] = debug.upvalueid(f, 9) == nil
    debug.upvaluejoin(f, 1, g, 1)
    b = "B"
    out[#out + 1] = { f() }
    for _, args in ipairs { { f, 9, g, 1 }, { f, 1, g, 9 }, { print, 1, f, 1 }, { f, 1, ("x"):gmatch ".", 1 }, { 1 } } do
      out[#out + 1] = { pcall(debug.upvaluejoin, table.unpack(args)) }
    end
    local h = load "return x"
    debug.setupvalue(h, 1, { x = "mine" })
    out[#out + 1] = h()
    return out]],
  ["metatables of every type"] = [[
    local out, co = {}, coroutine.create(print)
    for _, value in ipairs { 1, true, print, co } do
      out[#out + 1] = { debug.setmetatable(value, { __index = function(_, key) return key end }) == value, value.name,
        getmetatable(value) ~= nil }
      debug.setmetatable(value, nil)
      out[#out + 1] = tostring(debug.getmetatable(value))
    end
    debug.setmetatable(nil, { __index = { x = 5 } })
    out[#out + 1] = { (nil).x, pcall(function() return (nil).y.z end) }
    debug.setmetatable(nil, nil)
    debug.setmetatable(1, { __tostring = function(n) return "number" end, __name = "N" })
    out[#out + 1] = { tostring(5), ("%s"):format(5), select(2, pcall(string.rep)), select(2, pcall(("x").rep, {})) }
    debug.setmetatable(1, nil)
    debug.setmetatable(1, { __call = function(n, x) return n + x end, __len = function(n) return n end,
      __concat = function() return "c" end })
    out[#out + 1] = { (5)(3), #7, {} .. 5 == "c" }
    debug.setmetatable(1, nil)
    local strings = debug.getmetatable ""
    debug.setmetatable("", nil)
    out[#out + 1] = { pcall(function() return ("x"):rep(3) end) }
    debug.setmetatable("", strings)
    out[#out + 1] = ("x"):rep(3)
    out[#out + 1] = getmetatable(setmetatable({}, { __metatable = "locked" }))
    out[#out + 1] = debug.getmetatable(setmetatable({}, { __metatable = "locked" }))
    out[#out + 1] = { pcall(debug.setmetatable, {}, 5) }
    out[#out + 1] = { pcall(debug.getmetatable) }
    return out]],
  ["user values"] = [[
    local userdata = select(2, debug.getupvalue(("x"):gmatch ".", 3))
    return type(userdata), { debug.getuservalue(userdata) }, { debug.getuservalue(userdata, 2) }, { debug.getuservalue(5) },
      debug.setuservalue(userdata, 1, 2), { pcall(debug.setuservalue, 5, 1) }, { pcall(debug.setuservalue, userdata) }]],
  ["registry"] = [[
    local registry = debug.getregistry()
    return registry[2] == _G, type(registry[1]), registry._LOADED == package.loaded, registry._PRELOAD == package.preload]],
  ["hooks: events and lines"] = [[
    local out = {}
    local function hook(event, line) out[#out + 1] = event .. ":" .. tostring(line) .. ":" .. debug.getinfo(2, "S").what end
    local function f(n)
      local x = n
      if n > 0 then
        return f(n - 1)
      end
      for i = 1, 2 do
        x = x + i
      end
      return x
    end
    for _, mask in ipairs { "l", "c", "r", "cr", "crl" } do
      out[#out + 1] = "mask " .. mask
      debug.sethook(hook, mask)
      f(2)
      local t = ("ab"):rep(2)
      pcall(error, "x")
      coroutine.wrap(function() return 1 end)()
      debug.sethook()
    end
    return out]],
  ["hooks: counts"] = [[
    local out = {}
    for _, count in ipairs { 1, 2, 10, 100 } do
      local n = 0
      debug.sethook(function(event, line) assert(event == "count" and line == nil) n = n + 1 end, "", count)
      for _ = 1, 100 do end
      debug.sethook()
      out[#out + 1] = n > 0 and n >= 100 // count
    end
    return out]],
  ["hooks: what is passed and returned"] = [[
    local out = {}
    debug.sethook(function(event)
      local info = debug.getinfo(2, "rf")
      local names = {}
      for n = info.ftransfer, info.ftransfer + info.ntransfer - 1 do names[#names + 1] = { debug.getlocal(2, n) } end
      out[#out + 1] = { event, info.ftransfer, info.ntransfer, names }
    end, "cr")
    local function f(a, b, ...) return b, a, ... end
    f(1, 2)
    f(1, 2, 3, 4)
    math.max(7, 8)
    debug.sethook()
    return out]],
  ["hooks: gethook, errors, other coroutines, nothing in hooks"] = [[
    local out = { { debug.gethook() } }
    local function hook() end
    for _, mask in ipairs { "c", "rl", "crl", "", "xyz" } do
      debug.sethook(hook, mask, 5)
      local f, m, n = debug.gethook()
      out[#out + 1] = { f == hook, m, n }
    end
    debug.sethook(hook, "")
    out[#out + 1] = { debug.gethook() }
    out[#out + 1] = { pcall(debug.sethook, 5, "l") }
    out[#out + 1] = { pcall(debug.sethook, hook) }
    local lines = 0
    local co = coroutine.create(function() local x = 1
      x = x + 1
      coroutine.yield(x)
      return x
    end)
    debug.sethook(co, function() lines = lines + 1 end, "l")
    coroutine.resume(co)
    out[#out + 1] = { lines, (debug.gethook()), select(2, debug.gethook(co)) }
    debug.sethook(co)
    coroutine.resume(co)
    out[#out + 1] = { lines, (debug.gethook(co)) }
    local ok, message = pcall(function()
      debug.sethook(function() debug.sethook() error("from the hook", 0) end, "l")
      local x = 1
    end)
    out[#out + 1] = { ok, message }
    local inner = 0
    debug.sethook(function() inner = inner + 1 ; (function() end)() end, "c")
    tostring(1)
    debug.sethook()
    out[#out + 1] = inner
    debug.sethook(hook, "l")
    local new = coroutine.create(print)
    out[#out + 1] = { select(2, debug.gethook(new)), (debug.gethook(new)) == nil }
    debug.sethook()
    return out]],
  ["the stack that there is, by setcstacklimit"] = [[return debug.setcstacklimit(200), pcall(debug.setcstacklimit, "x")]],
  ["setfenv and getfenv as modules of 5.1 make them"] = [[
    local function setfenv(f, env)
      local n = 1
      repeat
        local name = debug.getupvalue(f, n)
        if name == "_ENV" then debug.upvaluejoin(f, n, function() return env end, 1) return f end
        n = n + 1
      until not name
    end
    local f = load "x = (x or 0) + 1 return x"
    local env = { x = 41 }
    return setfenv(f, env)(), env.x, x]],
}

describe("debug", function()
  local native = load(show .. "return run")()
  local flare
  setup(function()
    flare = support.load(show .. [[
      local request = require("flaron").request
      return function() return { body = run(request.body()) } end]])
  end)
  teardown(function() flare:close() end)

  for name, piece in pairs(pieces) do
    it(name .. ": as in lua5.4", function()
      local expected = native(piece)
      assert.matches("^true", expected)
      assert.equal(expected, flare:request({ body = piece }).body)
    end)
  end

  it("has no debug.debug, and says why", function()
    assert.equal([[false "piece:1: debug.debug needs a terminal: a flare has none"]],
      flare:request({ body = "return debug.debug()" }).body)
  end)

  it("calls a hook that start-up left, in each invocation", function()
    local left <close> = support.load [[
      local lines = 0
      debug.sethook(function() lines = lines + 1 end, "l")
      return function()
        local before = lines
        before = before + 0
        return { body = tostring(lines - before) }
      end]]
    for _ = 1, 3 do assert.equal("2", left:request({}).body) end
  end)
end)
