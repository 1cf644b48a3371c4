-- Errors: where they come from, what they carry, what becomes of them when nobody catches them; recursion
-- without end, memory that runs out, and large bodies. All of it on packed flares, on the engine under test.
local support = require "support"

-- Runs `body` as a handler and returns what it returns, joined by spaces. Its first line is main.lua:3.
local function says(body, options, request)
  local response = support.answer(([[local function show(...) local t = table.pack(...) ]]
    .. [[for i = 1, t.n do t[i] = tostring(t[i]) end return table.concat(t, " ") end ]]
    .. [[return { body = show((function() %s
end)()) }]]):format(body), request, options)
  assert.same({}, response.logs)
  assert.is_false(response.failed)
  return response.body
end

-- What an uncaught error answers, and the one line it logs.
local function fails(body, options)
  local response = support.answer(body, nil, options)
  assert.is_false(response.failed)
  assert.equal(500, response.status)
  assert.same({ ["content-type"] = "text/plain; charset=utf-8" }, response.headers)
  assert.equal("Internal Server Error", response.body)
  assert.equal("respond", response.action)
  assert.equal(1, #response.logs)
  assert.equal("error", response.logs[1].level)
  return response.logs[1].text
end

describe("an error", function()
  it("comes through string.gsub's function", function()
    assert.equal("false main.lua:4: at b", says [[return pcall(string.gsub, "abc", ".", function(c)
      if c == "b" then error("at " .. c) end
    end)]])
    assert.equal("false main.lua:4: no field x", says [[return pcall(string.gsub, "x", ".",
      setmetatable({}, { __index = function(_, k) error("no field " .. k) end }))]])
  end)

  it("comes through table.sort's comparator", function()
    assert.equal("false main.lua:3: no order", says [[return pcall(table.sort, { 3, 1, 2 }, function() error "no order" end)]])
    assert.equal("false invalid order function for sorting",
      says [[local t = {} for i = 1, 100 do t[i] = i end return pcall(table.sort, t, function() return true end)]])
    assert.matches("^false attempt to compare %a+ with %a+$", says [[return pcall(table.sort, { 3, "x", 1 })]])
  end)

  it("comes through load's reader, xpcall's function, table.concat, select, iterators and string methods", function()
    assert.equal("true nil main.lua:3: reader", says [[return pcall(load, function() error "reader" end)]])
    assert.equal("false main.lua:3: inside", says [[return xpcall(function() error "inside" end, function(m) return m end)]])
    assert.equal("false main.lua:3: next", says [[return pcall(function() for _ in function() error "next" end do end end)]])
    assert.equal("false invalid value (table) at index 2 in table for 'concat'", says [[return pcall(table.concat, { 1, {} })]])
    assert.equal("false main.lua:3: bad argument #1 to 'select' (index out of range)",
      says [[return pcall(function() return (select(-5)) end)]])
    assert.equal("false main.lua:3: bad argument #1 to 'rep' (number expected, got table)",
      says [[return pcall(function() return ("x"):rep({}) end)]])
  end)

  local events = {
    __index = "return t.x", __newindex = "t.x = 1", __call = "return t()", __concat = "return t .. 'x'",
    __len = "return #t", __unm = "return -t", __bnot = "return ~t", __lt = "return t < u", __le = "return t <= u",
    __eq = "return t == u", __add = "return t + 1", __sub = "return 1 - t", __mul = "return t * 2",
    __div = "return t / 2", __mod = "return t % 2", __pow = "return t ^ 2", __idiv = "return t // 2",
    __band = "return t & 1", __bor = "return t | 1", __bxor = "return t ~ 1", __shl = "return t << 1",
    __shr = "return t >> 1", __tostring = "return tostring(t)", __pairs = "for _ in pairs(t) do end",
    __close = "local c <close> = t",
  }
  local names = {}
  for name in pairs(events) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    it("comes through " .. name, function()
      assert.equal("false main.lua:4: boom 1", says(([[local closed, t, u = 0, {}, {}
        local mt = { %s = function() error "boom" end }
        setmetatable(t, mt)
        setmetatable(u, mt)
        local function use()
          local _ <close> = setmetatable({}, { __close = function() closed = closed + 1 end })
          %s
        end
        local ok, message = pcall(use)
        return ok, message, closed]]):format(name, events[name])))
    end)
  end

  it("in __tostring comes through print, string.format and an error message", function()
    local made = [[local t = setmetatable({}, { __tostring = function() error "no string" end }) ]]
    assert.equal("false main.lua:3: no string", says(made .. [[return pcall(print, t)]]))
    assert.equal("false main.lua:3: no string", says(made .. [[return pcall(string.format, "%s", t)]]))
    assert.equal("false '__tostring' must return a string",
      says [[return pcall(tostring, setmetatable({}, { __tostring = function() return {} end }))]])
  end)

  it("in __gc becomes a warning in the log, and the script goes on", function()
    local response = support.answer [[for i = 1, 3 do setmetatable({}, { __gc = function() error "in gc" end }) end
    collectgarbage()
    return { body = "on" }]]
    assert.equal("on", response.body)
    assert.equal(200, response.status)
    assert.equal(3, #response.logs)
    for _, line in ipairs(response.logs) do
      assert.same({ level = "warn", text = "error in __gc (main.lua:3: in gc)" }, line)
    end
  end)

  it("says what a flare has for a global of OpenResty or of another Lua", function()
    local openresty = ": it is of OpenResty: docs/from-openresty.md says what a flare has for it"
    for code, said in pairs {
      ["return { body = ngx.var.uri }"] = "index a nil value (global 'ngx')" .. openresty,
      ["ngx.say 'hello'"] = "index a nil value (global 'ngx')" .. openresty,
      ["local function f() ngx.exit(403) end f()"] = "index a nil value (global 'ngx')" .. openresty,
      ["return { body = unpack { 'x' } }"] = "call a nil value (global 'unpack'): it is of Lua 5.1: Lua 5.4 has table.unpack",
      ["return { body = bit.tobit(1) }"] = "index a nil value (global 'bit'): Lua 5.4 has operators for it, & | ~ << >>: "
        .. "docs/from-openresty.md",
      ["return { body = ngxx.var }"] = "index a nil value (global 'ngxx')",
    } do
      local flare <close> = support.load("local flaron = require 'flaron' return function()\nflaron.logging.error 'before'\n"
        .. code .. " end")
      local answer = flare:request()
      local first = answer.error:match "^[^\n]*"
      assert.equal("main.lua:3: attempt to " .. said, first)
      assert.matches("\nstack traceback:\n", answer.error)
      assert.same({ "before", answer.error }, { answer.logs[1].text, answer.logs[2].text })
    end
    local _, message = support.try_load "local log = ngx.log\nreturn function() end"
    assert.equal("main.lua:1: attempt to index a nil value (global 'ngx')" .. openresty, message:match "^[^\n]*")
    _, message = support.try_load "local http = require 'resty.http'\nreturn function() return { body = type(http) } end"
    assert.equal("main.lua:1: module 'resty.http' not found:\n\t" .. openresty:sub(3), message:match "^[^\n]*\n[^\n]*")
    local caught <close> = support.load "return function() return { body = select(2, pcall(function() return ngx.var end)) } end"
    assert.equal("main.lua:1: attempt to index a nil value (global 'ngx')", caught:request().body)
  end)

  it("names the variable, the operation and the line", function()
    for code, message in pairs {
      ["local x; return x.y"] = "attempt to index a nil value (local 'x')",
      ["return nope()"] = "attempt to call a nil value (global 'nope')",
      ["local t = {} ; t.a.b = 1"] = "attempt to index a nil value (field 'a')",
      ["local s = 'x'; s:nope()"] = "attempt to call a nil value (method 'nope')",
      ["return #u"] = "attempt to get length of a nil value (upvalue 'u')",
      ["return {} < {}"] = "attempt to compare two table values",
      ["return 1 < 'x'"] = "attempt to compare number with string",
      ["return 'a' + 1"] = "attempt to add a 'string' with a 'number'",
      ["return 1 // 0"] = "attempt to divide by zero",
      ["return 1 % 0"] = "attempt to perform 'n%0'",
      ["return 1.5 | 1"] = "number has no integer representation",
      ["return {} .. 'x'"] = "attempt to concatenate a table value",
      ["for i = 1, 10, 0 do print(i) end"] = "'for' step is zero",
      ["for i = 'a', 2 do print(i) end"] = "bad 'for' initial value (number expected, got string)",
      ["local t = {} ; t[nil] = 1"] = "table index is nil",
      ["local t = {} ; t[0/0] = 1"] = "table index is NaN",
    } do
      assert.equal("false main.lua:3: " .. message, says("local u; return pcall(function() " .. code .. " end, u)"))
    end
  end)

  it("has the position of the level it names", function()
    assert.equal("here|main.lua:4: here|main.lua:6: here|here", says [[local got = {}
      local function raise(level) error("here", level) end
      local function call(level)
        raise(level)
      end
      for _, level in ipairs { 0, 1, 2, 99 } do
        got[#got + 1] = select(2, pcall(call, level))
      end
      return table.concat(got, "|")]])
  end)

  it("may be any value, and stays the one it is", function()
    assert.equal("true true true true true", says [[local object = setmetatable({}, { __eq = function() return false end })
      local function through(f, ...) return rawequal(select(2, pcall(f, ...)), object) end
      local function raise() error(object) end
      return through(raise), through(string.gsub, "a", "a", raise), through(table.sort, { 1, 2 }, raise),
        through(coroutine.wrap(raise)), rawequal(select(2, coroutine.resume(coroutine.create(raise))), object)]])
    assert.equal("false nil false nil false false false 42 integer", says [[local a, b = pcall(error)
      local c, d = pcall(error, nil)
      local e, f = pcall(error, false)
      local g, h = pcall(error, 42)
      return a, b, c, d, e, f, g, h, math.type(h)]])
    assert.equal("function 3", says [[local _, e = pcall(error, print, 0) local n = select("#", pcall(error, { 1 }, 2))
      return type(e), n + 1]])
  end)

  it("comes from assert with its message, its object or Lua's words", function()
    assert.equal("false mine false assertion failed! false table 1 2", says [[local a, b = pcall(assert, false, "mine")
      local c, d = pcall(assert, nil)
      local e, f = pcall(assert, false, {})
      return a, b, c, d, e, type(f), assert(1, 2)]])
  end)

  it("in a coroutine ends it and comes back from resume", function()
    assert.equal("false main.lua:3: inside dead false cannot resume dead coroutine", says [[local function f() error "inside" end
      local co = coroutine.create(f)
      local ok, message = coroutine.resume(co)
      return ok, message, coroutine.status(co), coroutine.resume(co)]])
  end)

  it("passes 150 nested pcalls, each raising it again", function()
    assert.equal("false 151 150", says [[local depth = 0
      local function deep(n)
        depth = depth + 1
        if n == 0 then error({ count = 0 }) end
        local ok, object = pcall(deep, n - 1)
        if not ok then object.count = object.count + 1 error(object) end
      end
      local ok, object = pcall(deep, 150)
      return ok, depth, object.count]])
  end)

  it("passes 150 nested xpcalls, each adding its traceback", function()
    assert.equal("false 151 main.lua:4: bottom", says [[local function deep(n)
        if n == 0 then error "bottom" end
        local ok, message = xpcall(deep, debug.traceback, n - 1)
        if not ok then error(message, 0) end
      end
      local ok, message = xpcall(deep, debug.traceback, 150)
      return ok, select(2, message:gsub("stack traceback:\n\t%[C%]: in function 'error'", "")), message:match "^[^\n]*"]])
  end)

  it("in the message handler ends in a status, not in a loop", function()
    assert.equal("false error in error handling", says [[return xpcall(error, function() error "again" end, "first")]])
    assert.equal("false handled table", says [[local ok, message = xpcall(error, function(e) return "handled " .. type(e) end, {})
      return ok, message]])
  end)

  it("that goes unhandled through many frames leaves the script whole", function()
    assert.equal("20000", says [[local n = 0
      local function f(depth) if depth == 0 then error "x" end f(depth - 1) return 1 end
      for _ = 1, 20000 do if not pcall(f, 5) then n = n + 1 end end
      return n]])
  end)
end)

describe("a <close> variable", function()
  local prelude = [[local log = {}
    local function closing(name)
      return setmetatable({}, { __close = function(_, e) log[#log + 1] = name .. "=" .. tostring(e) end })
    end
    ]]
  local function closes(code) return says(prelude .. code .. "\nreturn table.concat(log, ' ')") end

  it("is closed at the end of its block, the last one first", function()
    assert.equal("b=nil a=nil c=nil", closes [[do local a <close> = closing "a" local b <close> = closing "b" end
      do local c <close> = closing "c" end]])
  end)

  it("is closed by break, goto and return", function()
    assert.equal("1=nil 2=nil", closes [[for i = 1, 5 do local a <close> = closing(i) if i == 2 then break end end]])
    assert.equal("g=nil after g=nil after", closes [[local n = 0
      ::again:: do local a <close> = closing "g" n = n + 1 goto out end
      ::out:: log[#log + 1] = "after" if n < 2 then goto again end]])
    assert.equal("r=nil 7 8", closes [[local function f() local a <close> = closing "r" return 7, 8 end
      local x, y = f() log[#log + 1] = x .. " " .. y]])
  end)

  it("is closed at the end of a generic for and when it is left early", function()
    assert.equal("i=nil i=nil i=main.lua:9: out", closes [[local function iterate(n)
        return function(_, i) if i < n then return i + 1 end end, nil, 0, closing "i" end
      for _ in iterate(3) do end
      for _ in iterate(3) do break end pcall(function() for _ in iterate(3) do error "out" end end)]]
      :gsub("lua:%d+", "lua:9", 1))
  end)

  it("is closed by an error, which it is told", function()
    assert.equal("b=main.lua:7: oh a=main.lua:7: oh false", closes [[local ok = pcall(function() local a <close> = closing "a"
      local b <close> = closing "b" error "oh" end) log[#log + 1] = tostring(ok)]] :gsub("lua:%d+", "lua:7"))
  end)

  it("is closed by coroutine.close and by an error in a coroutine", function()
    assert.equal("b=nil a=nil true dead", closes [[local co = coroutine.create(function()
        local a <close> = closing "a" local b <close> = closing "b" coroutine.yield() end)
      coroutine.resume(co)
      local closed = coroutine.close(co)
      log[#log + 1] = tostring(closed) .. " " .. coroutine.status(co)]])
    assert.equal("w=nope", closes [[pcall(coroutine.wrap(function() local w <close> = closing "w" error("nope", 0) end))]])
  end)

  it("replaces the error with its own, and the next one is told that", function()
    assert.equal("a=second false second", closes [[local second = setmetatable({}, { __close = function() error("second", 0) end })
      local ok, message = pcall(function() local a <close> = closing "a" local b <close> = second error "first" end)
      log[#log + 1] = tostring(ok) .. " " .. message]])
  end)

  it("raises its error out of a block that ended well, and out of coroutine.close", function()
    assert.equal("false bad a=bad false bad", closes [[local bad = setmetatable({}, { __close = function() error("bad", 0) end })
      local ok, message = pcall(function() do local b <close> = bad end end)
      log[#log + 1] = tostring(ok) .. " " .. message
      local co = coroutine.create(function() local a <close> = closing "a" local b <close> = bad coroutine.yield() end)
      coroutine.resume(co)
      local closed, why = coroutine.close(co)
      log[#log + 1] = tostring(closed) .. " " .. why]])
  end)

  it("must have a __close, and names itself when it has none", function()
    assert.equal("false main.lua:3: variable 'x' got a non-closable value",
      says [[return pcall(function() local x <close> = {} end)]])
    assert.equal("true", says [[return pcall(function() local x <close> = nil local y <close> = false end)]])
  end)

  it("is closed behind 100 nested calls that an error unwinds", function()
    assert.equal("100 false", says [[local n = 0
      local mt = { __close = function() n = n + 1 end }
      local function deep(i) local c <close> = setmetatable({}, mt) if i > 1 then deep(i - 1) else error "x" end end
      local ok = pcall(deep, 100)
      return n, ok]])
  end)
end)

describe("an uncaught error", function()
  it("answers 500 and nothing that was set before, and logs one line with the traceback", function()
    local text = fails [[flaron.response.set_status(201)
      flaron.response.set_header("x-before", "1")
      flaron.response.set_header("content-type", "text/html")
      flaron.response.set_body("half")
      local function inner() error "deliberate" end
      local function outer() inner() return 1 end
      outer()]]
    assert.equal([[main.lua:7: deliberate
stack traceback:
	[C]: in function 'error'
	main.lua:7: in upvalue 'inner'
	main.lua:8: in local 'outer'
	main.lua:9: in function <main.lua:2>
	[C]: in ?]], text)
  end)

  it("keeps the lines logged before it", function()
    local response = support.answer [[flaron.logging.info "one" print "two" error "three"]]
    assert.same({ "one", "two" }, { response.logs[1].text, response.logs[2].text })
    assert.matches("^main.lua:3: three\n", response.logs[3].text)
    assert.equal(3, #response.logs)
  end)

  it("names a module's file and line", function()
    local flare <close> = support.load {
      ["main.lua"] = 'local work = require "lib.work"\nreturn function() work.go() end',
      ["lib/work.lua"] = 'return {\n  go = function()\n    local x = nil + 1\n    return x\n  end,\n}',
    }
    local response = flare:request {}
    assert.equal(500, response.status)
    local text = support.log(response, "error")
    assert.matches("^lib/work.lua:3: attempt to perform arithmetic on a nil value\n", text)
    assert.matches("\n\tmain.lua:2: in function <main.lua:2>", text)
  end)

  it("without a string form is named by its type", function()
    assert.matches("^%(error object is a table value%)\nstack traceback:\n", fails [[error({})]])
    assert.matches("^%(error object is a nil value%)\nstack traceback:\n", fails [[error()]])
    assert.matches("^too late\nstack traceback:\n", fails [[error { message = "too late", code = 7 }]])
    assert.matches("^%(error object is a table value%)\n", fails [[error { message = {}, code = 7 }]])
    assert.matches("^%(error object is a table value%)\n", fails [[error(setmetatable({}, { __index = error }))]])
    assert.matches("^%(error object is a boolean value%)\n", fails [[error(false)]])
    assert.matches("^%(error object is a function value%)\n", fails [[error(print)]])
    assert.matches("^42\nstack traceback:\n", fails [[error(42)]])
    assert.matches("^mine\nstack traceback:\n", fails [[error(setmetatable({}, { __tostring = function() return "mine" end }))]])
    assert.matches("^%(error object is a table value%)\n", fails [[error(setmetatable({}, { __tostring = function() return {} end }))]])
  end)

  it("whose __tostring fails is a 500 too", function()
    fails [[error(setmetatable({}, { __tostring = function() error "worse" end }))]]
    fails [[error(setmetatable({}, { __tostring = function(t) return t .. "" end }))]]
  end)

  it("may hold any byte", function()
    local text = fails [[error("a\0b\255\r\n", 0)]]
    assert.equal("a\0b\255\r\n\nstack traceback:", text:match "^.-traceback:")
  end)

  it("is what a wrong answer of the handler is", function()
    assert.matches("^handle_request answered a string: expected flaron.RESPOND", fails [[return "text"]])
    assert.matches("^handle_request answered 4: expected", fails [[return 4]])
    assert.matches("^handle_request answered 0: expected", fails [[return 0]])
    assert.matches("unknown field 'satus'", fails [[return { satus = 200 }]])
    assert.matches("field 'status' of the answer is 99,", fails [[return { status = 99 }]])
    assert.matches("field 'body' of the answer is a table, not a string", fails [[return { body = {} }]])
    assert.matches("header 'x' of the answer is a boolean, not a string", fails [[return { headers = { x = true } }]])
    assert.matches("header value with CR, LF or NUL", fails [[return { headers = { x = "a\r\nb: c" } }]])
  end)

  it("in a coroutine tells where it came from", function()
    assert.matches("^main.lua:%d: main.lua:4: within\nstack traceback:\n.*main.lua:%d: in function <main.lua:2>",
      fails [[coroutine.wrap(function()
        error "within"
      end)()]])
  end)

  it("in a <close> variable of the handler is a 500 as well", function()
    assert.matches("^main.lua:4: at the end\n", fails [[flaron.response.set_body "good"
      local c <close> = setmetatable({}, { __close = function() error "at the end" end })]])
  end)

  it("stays a 500 when the log is full", function()
    local response = support.answer [[for i = 1, 200 do print(i) end error "the 201st"]]
    assert.equal(500, response.status)
    assert.equal("Internal Server Error", response.body)
  end)

  it("does not keep the next request from its answer", function()
    local flare <close> = support.load [[
      local request = require("flaron").request
      return function()
        if request.method() == "DELETE" then error "no" end
        return { body = "yes" }
      end]]
    for _ = 1, 20 do
      assert.equal(500, flare:request({ method = "DELETE" }).status)
      local response = flare:request {}
      assert.same({ 200, "yes", {}, {} }, { response.status, response.body, response.headers, response.logs })
    end
  end)

  for _, event in ipairs { "open", "message", "close" } do
    it("in ws_" .. event .. " is a line of the log, and closes the connection with 1011", function()
      local flare <close> = support.load(([[
        local function fail() error "in the handler" end
        return { ws_%s = function()
          fail()
        end }]]):format(event))
      for _ = 1, 2 do
        local response = flare:event(event, { data = "x" })
        assert.equal(1011, response.close_code)
        assert.is_false(response.failed)
        assert.equal(1, #response.logs)
        assert.equal("error", response.logs[1].level)
        assert.matches("^main.lua:1: in the handler\nstack traceback:\n.*main.lua:3: in function <main.lua:2>\n", response.logs[1].text)
      end
    end)
  end

  it("leaves a ws connection open when there is none", function()
    local flare <close> = support.load [[return { ws_message = function() return pcall(error, "x") end }]]
    local response = flare:event("message", { data = "x" })
    assert.is_nil(response.close_code)
    assert.same({}, response.logs)
  end)
end)

describe("endless recursion", function()
  -- Raises its error, can be caught, and the script goes on to do real work.
  local function survives(pattern, code, options)
    local body = says(([[local failed = {}
      for i = 1, 2 do
        local ok, message = pcall(function() %s end)
        failed[i] = ok and "no error" or tostring(message)
      end
      local t = {}
      for i = 1, 1000 do t[i] = ("%%d"):format(i):gsub("%%d", "x") end
      table.sort(t)
      return failed[1], failed[2] == failed[1], #t]]):format(code), options)
    assert.matches(pattern .. " true 1000$", body:gsub("\nstack traceback:.* true", " true"))
  end

  it("of a Lua function is an error that can be caught", function()
    survives("stack overflow.*", [[local function f() return 1 + f() end f()]], { memory = 96 << 20 })
    survives("not enough memory", [[local function f() return 1 + f() end f()]], { memory = 8 << 20 })
  end)

  it("of a Lua function that nobody catches is a 500", function()
    assert.matches("^not enough memory", fails([[local function f() return 1 + f() end f()]], { memory = 8 << 20 }))
    local text = fails([[local function endless()
      return 1 + endless()
    end
    endless()]], { memory = 96 << 20 })
    assert.matches("^main.lua:4: stack overflow", text)
    assert.matches("\n\tmain.lua:4: in upvalue 'endless'\n\t...\t%(skipping %d+ levels%)\n", text)
  end)

  local cases = {
    ["string.gsub"] = [[local function f() return (string.gsub("a", "a", f)) end f()]],
    ["table.sort"] = [[local function f() table.sort({ 2, 1 }, f) end f()]],
    ["table.concat"] = [[local t = setmetatable({}, {})
      getmetatable(t).__index = function(x) return table.concat(x, "", 1, 2) end
      table.concat(t, "", 1, 2)]],
    ["string.format"] = [[local t = setmetatable({}, {})
      getmetatable(t).__tostring = function(x) return string.format("%99.99f %s", 1e308, x) end
      string.format("%s", t)]],
    ["tostring"] = [[local t = setmetatable({}, {}) getmetatable(t).__tostring = function(x) return tostring(x) end tostring(t)]],
    ["print"] = [[local t = setmetatable({}, {}) getmetatable(t).__tostring = function(x) print("a", x) end print(t)]],
    ["logging.info"] = [[local t = setmetatable({}, {})
      getmetatable(t).__tostring = function(x) flaron.logging.info("a", x) end flaron.logging.info(t)]],
    ["load with a reader"] = [[local function f()
        local n = 0
        return load(function() n = n + 1 if n == 2 then assert(f()) end return n < 3 and "local x = " or nil end)
      end
      assert(f())]],
    ["pcall"] = [[local function f() assert(pcall(f)) end f()]],
    ["xpcall with a traceback"] = [[local function f() assert(xpcall(f, debug.traceback)) end f()]],
    ["__index"] = [[local t = setmetatable({}, {}) getmetatable(t).__index = function(x) return x.y end return t.x]],
    ["__newindex"] = [[local t = setmetatable({}, {}) getmetatable(t).__newindex = function(x) x.y = 1 end t.x = 1]],
    ["__concat"] = [[local t = setmetatable({}, {}) getmetatable(t).__concat = function(x) return x .. "a" end return t .. ""]],
    ["__lt"] = [[local t = setmetatable({}, {}) getmetatable(t).__lt = function(x) return x < x end return t < t]],
    ["__eq"] = [[local t, u = setmetatable({}, {}), {} getmetatable(t).__eq = function() return t == u end return t == u]],
    ["__close"] = [[local mt = {} mt.__close = function() local _ <close> = setmetatable({}, mt) end
      local _ <close> = setmetatable({}, mt)]],
    ["__pairs"] = [[local t = setmetatable({}, {}) getmetatable(t).__pairs = function(x) pairs(x) end pairs(t)]],
    ["coroutine.wrap"] = [[local function f() return coroutine.wrap(f)() end f()]],
    ["coroutine.resume"] = [[local function f() return assert(coroutine.resume(coroutine.create(f))) end f()]],
    ["coroutine.close"] = [[local function f()
        local co = coroutine.create(function() local _ <close> = setmetatable({}, { __close = f }) coroutine.yield() end)
        coroutine.resume(co)
        assert(coroutine.close(co))
      end
      f()]],
    ["gsub in sort in format"] = [[local t, f = setmetatable({}, {})
      f = function() string.gsub("a", "a", function() table.sort({ 2, 1 }, function() string.format("%s", t) end) end) end
      getmetatable(t).__tostring = f
      f()]],
  }
  local names = {}
  for name in pairs(cases) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    it("through " .. name .. " is an error that can be caught", function()
      survives("C stack overflow", cases[name])
    end)
  end

  -- The deepest C stack that was found: 228 KB of the Makefile's STACK_SIZE.
  it("of the message handler on top of string.gsub, with JSON of 1,000 levels on top of that, ends well", function()
    assert.equal("20 false", says [[local ok
      local json, text = flaron.json, ('{"a":'):rep(1000) .. "1" .. ("}"):rep(1000)
      local value = json.decode(text)
      local function leaf() tonumber "1.5e300" string.format("%99.99f", 1e308) json.decode(text) json.encode(value) end
      local function handler() leaf() return (string.gsub("a", "a", handler)) end
      local function f() leaf() return (string.gsub("a", "a", f)) end
      for _ = 1, 20 do ok = xpcall(f, handler) end
      return 20, ok]])
  end)

  it("has 190 levels of the largest C functions before it ends", function()
    for _, code in ipairs {
      [[string.gsub("a", "a", f)]], [[table.sort({ 2, 1 }, f)]], [[coroutine.wrap(f)()]], [[pcall(f)]],
      [[string.format("%s", setmetatable({}, { __tostring = function() f() return "" end }))]],
      [[table.concat(setmetatable({}, { __index = function() f() return "" end }), "", 1, 1)]],
    } do
      assert.equal("190", says(([[local depth = 0
        local function f() if depth < 190 then depth = depth + 1 %s end return false end
        f()
        return depth]]):format(code)))
    end
  end)

  it("in source text is an error of load", function()
    for _, text in ipairs {
      [["return " .. ("("):rep(300) .. "1" .. (")"):rep(300)]], [["return " .. ("{"):rep(300) .. ("}"):rep(300)]],
      [[("do "):rep(300) .. ("end "):rep(300)]], [[("function f() "):rep(300) .. ("end "):rep(300)]],
      [["return " .. ("f("):rep(300) .. (")"):rep(300)]], [["return " .. ("- "):rep(300) .. "1"]],
      [[("while 1 do "):rep(300) .. ("end "):rep(300)]], [["return a" .. ("..a"):rep(300)]],
    } do
      assert.matches("^nil .*C stack overflow", says("return load(" .. text .. ")"))
    end
    assert.equal("20", says [[return load("return " .. ("("):rep(190) .. "20" .. (")"):rep(190))()]])
  end)

  it("in a pattern is an error of the match", function()
    assert.equal("false pattern too complex", says [[return pcall(string.find, ("a"):rep(500), (".-"):rep(300) .. "b")]])
    assert.equal("false too many captures", says [[return pcall(string.find, "", ("()"):rep(33))]])
    assert.equal("250000 250000", says [[return #("("):rep(250000), (select(2, ("("):rep(250000):gsub("%(", "")))]])
  end)
end)

describe("memory that runs out", function()
  local ways = {
    ["a growing table"] = "local t = {} for i = 1, 1e9 do t[i] = i end",
    ["a table of tables"] = "local t = {} for i = 1, 1e9 do t[i] = { i } end",
    ["a list"] = "local t for _ = 1, 1e9 do t = { t } end",
    ["string.rep"] = "local s = ('x'):rep(1 << 30)",
    ["concatenation"] = "local s = 'x' while true do s = s .. s end",
    ["table.concat"] = "local t = {} for i = 1, 100 do t[i] = ('x'):rep(1 << 20) end return table.concat(t)",
    ["string.gsub"] = "return (('x'):rep(1 << 16):gsub('x', ('y'):rep(1 << 16)))",
    ["closures"] = "local t = {} for i = 1, 1e9 do t[i] = function() return i end end",
    ["coroutines"] = "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) coroutine.resume(t[i], i) end",
    ["strings"] = "local t = {} for i = 1, 1e9 do t[i] = i .. ' of many strings' end",
    ["table.pack"] = "local t = {} for i = 1, 1e9 do t[i] = table.pack(i, i, i, i) end",
    ["load"] = "return assert(load('return {' .. ('{},'):rep(1e6) .. '}'))()",
    ["string.format"] = "local s = ('x'):rep(9 << 20) return ('%s%s%s%s'):format(s, s, s, s)",
  }
  local names = {}
  for name in pairs(ways) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local code = ways[name]:gsub("resume%(t%[i%], i%)", "close(t[i])")
    it("through " .. name .. " is an error that can be caught", function()
      assert.matches("^false .*not enough memory false true 10000 262144$", says(([[local function eat() %s end
        local ok, message = pcall(eat)
        if ok then return "no error" end
        local again, object = xpcall(eat, function(m) return m end)
        local t = {}
        for i = 1, 10000 do t[i] = { tostring(i) } end
        return ok, message, again, object ~= nil, #t, #("x"):rep(1 << 18)]]):format(code), { memory = 16 << 20 }))
    end)
  end

  it("leaves room to go on at once: Lua collects no garbage to grow a stack", function()
    for _, code in ipairs { "local t while true do t = { t } end",
      "local f while true do local g = f f = function() return g end end" } do
      assert.equal("false 300 10000", says(([[local many, t = {}, {}
        for i = 1, 300 do many[i] = i end
        local function eat() %s end
        local ok = pcall(eat)
        local n = select("#", table.unpack(many))
        for i = 1, 10000 do t[i] = { tostring(i) } end
        return ok, n, #t]]):format(code), { memory = 8 << 20 }))
    end
  end)

  it("is not what garbage fills: it is collected for objects and for the buffers of strings", function()
    assert.equal("200", says([[collectgarbage "stop"
      local n = 0
      for i = 1, 200 do
        local t = {}
        for j = 1, 2000 do t[j] = { j } end
        local s = ("sixteen letters,"):rep(1 << 16)
        if #s == 1 << 20 and #t == 2000 then n = n + 1 end
      end
      return n]], { memory = 8 << 20 }))
  end)

  it("and that nobody catches is a 500 and a line of the log, and the next request is answered", function()
    local flare <close> = support.load([[
      local request = require("flaron").request
      return function()
        if request.method() == "POST" then local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end
        return { body = "good" }
      end]], { memory = 8 << 20 })
    for _ = 1, 3 do
      local response = flare:request { method = "POST" }
      assert.equal(500, response.status)
      assert.equal("Internal Server Error", response.body)
      assert.is_false(response.failed)
      assert.same({ { level = "error", text = "not enough memory" } }, response.logs)
      assert.is_true(response.memory <= 8 << 20)
      assert.equal("good", flare:request({}).body)
    end
  end)

  it("in a coroutine, in a finalizer's shadow and in string.gsub leaves them usable", function()
    assert.equal("false not enough memory false not enough memory 5 done", says([[
      local function eat() local t = {} while true do t[#t + 1] = { #t } end end
      local a, b = coroutine.resume(coroutine.create(eat))
      local c, d = pcall(string.gsub, "abc", "b", eat)
      local n, made = 0, {}
      for i = 1, 5 do made[i] = setmetatable({}, { __gc = function() n = n + 1 end }) end
      pcall(function() made = nil eat() end)
      collectgarbage()
      return a, b, c, d, n, "done"]], { memory = 8 << 20 }))
  end)

  it("over what the host hands over is an error that can be caught", function()
    local body = ("x"):rep(6 << 20)
    assert.equal("false not enough memory 2097152", says([[local hold = ("y"):rep(2 << 20)
      local ok, message = pcall(flaron.request.body)
      return ok, message, #hold]], { memory = 8 << 20 }, { method = "POST", body = body }):gsub("main.lua:%d+: ", ""))
  end)

  it("is not what 1,000 allocations of 1 MiB are, one after the other", function()
    assert.equal("1000", says([[local n = 0
      for i = 1, 1000 do n = n + #(("x"):rep((1 << 20) - 10) .. i):sub(1, 1) end
      return n]], { memory = 8 << 20 }))
  end)
end)

describe("a body of 10 MiB", function()
  local all = {}
  for byte = 0, 255 do all[#all + 1] = string.char(byte) end
  local body = table.concat(all):rep((10 << 20) / 256)

  it("goes in and out, every byte of it", function()
    local flare <close> = support.load([[
      local flaron = require "flaron"
      return function() flaron.response.set_body(flaron.request.body()) end]])
    for _ = 1, 3 do
      local response = flare:request { method = "POST", body = body }
      assert.equal(200, response.status)
      assert.same({}, response.logs)
      assert.equal(#body, #response.body)
      assert.is_true(response.body == body)
    end
  end)

  it("can be worked on: reversed, cut, put together again", function()
    local flare <close> = support.load([[
      local flaron = require "flaron"
      return function()
        local body = flaron.request.body()
        local half = #body // 2
        local turned = body:sub(half + 1):reverse()
        body = nil
        return { body = turned, headers = { ["x-sum"] = tostring(half) } }
      end]], { memory = 64 << 20 })
    local response = flare:request { method = "POST", body = body }
    assert.equal(tostring(5 << 20), response.headers["x-sum"])
    assert.is_true(response.body == body:sub((5 << 20) + 1):reverse())
  end)

  it("of one byte more is withheld by the host, as documented", function()
    local response = support.answer("return { body = tostring(#flaron.request.body()) }", { method = "POST", body = body .. "x" })
    assert.equal("0", response.body)
    assert.equal("request.body: 10485761 bytes are withheld: a flare gets no body of more than 10485760", response.logs[1].text)
  end)
end)
