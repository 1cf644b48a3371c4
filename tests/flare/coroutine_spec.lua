-- Coroutines: yields through everything Lua lets them through, the errors where it does not, closing, and
-- what becomes of those that nobody finishes.
local support = require "support"

-- Runs `body` as a handler and returns what it returns, joined by spaces. Its first line is main.lua:3.
local function says(body, options)
  local response = support.answer(([[local function show(...) local t = table.pack(...) ]]
    .. [[for i = 1, t.n do t[i] = tostring(t[i]) end return table.concat(t, " ") end ]]
    .. [[return { body = show((function() %s
end)()) }]]):format(body), nil, options)
  assert.same({}, response.logs)
  assert.is_false(response.failed)
  return response.body
end

-- What a coroutine of `body` yields, then returns, when it is given 10, 20, 30... in turn.
local function runs(body)
  return says(([[local out = {}
    local co = coroutine.create(function(...)
      local yield = coroutine.yield
      %s
    end)
    local give = 0
    repeat
      give = give + 10
      local got = table.pack(coroutine.resume(co, give))
      for i = 1, got.n do got[i] = tostring(got[i]) end
      out[#out + 1] = table.concat(got, ",", got[1] == "true" and 2 or 1)
    until coroutine.status(co) == "dead"
    return table.concat(out, " ")]]):format(body))
end

describe("a yield", function()
  it("hands values both ways", function()
    assert.equal("1 a,20 nil,30,x", runs [[local first = ... yield(first // 10) local b = yield("a", 20)
      return nil, b, "x"]])
  end)

  it("goes through pcall and xpcall, and errors after it are still caught", function()
    assert.equal("1 2 true,20,30", runs [[return pcall(function() return yield(1), yield(2) end)]])
    assert.equal("1 false,late", runs [[return pcall(function() yield(1) error("late", 0) end)]])
    assert.equal("1 false,handled late", runs [[return xpcall(function() yield(1) error("late", 0) end,
      function(m) return "handled " .. m end)]])
    assert.equal("deep false,50", runs [[local function nest(n)
        if n == 0 then yield "deep" error { n = 0 } end
        local ok, e = pcall(nest, n - 1)
        e.n = e.n + 1
        error(e)
      end
      local ok, e = pcall(nest, 50)
      return ok, e.n]])
  end)

  local events = {
    __index = "t.field", __call = "t(1)", __concat = "t .. 'x'", __len = "#t", __unm = "-t", __bnot = "~t",
    __add = "t + 1", __sub = "1 - t", __mul = "t * 2", __div = "t / 2", __mod = "t % 2", __pow = "t ^ 2",
    __idiv = "t // 2", __band = "t & 1", __bor = "t | 1", __bxor = "t ~ 1", __shl = "t << 1", __shr = "t >> 1",
  }
  local names = {}
  for name in pairs(events) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    it("goes through " .. name, function()
      assert.equal("in 20 in 40", runs(([[local t = setmetatable({}, { %s = function() return (yield "in") end })
        local a = %s
        yield(a)
        return %s]]):format(name, events[name], events[name])))
    end)
  end

  it("goes through comparisons, which make a boolean of what comes back", function()
    for _, code in ipairs { "t < u", "t <= u", "t == u", "t > u", "t >= u" } do
      assert.equal("in true", runs(([[local mt = {}
        mt.__lt = function() return yield "in" end
        mt.__le, mt.__eq = mt.__lt, mt.__lt
        local t, u = setmetatable({}, mt), setmetatable({}, mt)
        if %s then return true end
        return false]]):format(code)))
      assert.equal("in false", runs(([[local mt = {}
        mt.__lt = function() yield "in" return nil end
        mt.__le, mt.__eq = mt.__lt, mt.__lt
        local t, u = setmetatable({}, mt), setmetatable({}, mt)
        if %s then return true end
        return false]]):format(code)))
    end
  end)

  it("goes through __newindex, __close and a long concatenation", function()
    assert.equal("in 20", runs [[local got
      local t = setmetatable({}, { __newindex = function(_, _, v) got = yield(v) end })
      t.x = "in"
      return got]])
    assert.equal("closing value", runs [[local function f()
        local c <close> = setmetatable({}, { __close = function() yield "closing" end })
        return "value"
      end
      return f()]])
    assert.equal("closing false,oh", runs [[return pcall(function()
        local c <close> = setmetatable({}, { __close = function() yield "closing" end })
        error("oh", 0)
      end)]])
    assert.equal("c b a [a40[b30[c20", runs [[local function part(name)
        return setmetatable({}, { __concat = function(_, right) return "[" .. name .. yield(name) .. right end })
      end
      return part "a" .. part "b" .. part "c" .. ""]])
  end)

  it("goes through the iterator of a generic for", function()
    assert.equal("1 2 3 6", runs [[local sum = 0
      for i in function(_, i) i = (i or 0) + 1 if i > 3 then return nil end yield(i) return i end do sum = sum + i end
      return sum]])
    assert.equal("a b done", runs [[for k in pairs(setmetatable({}, { __pairs = function() yield "a"
        local n = 0
        return function() n = n + 1 if n == 1 then yield "b" return 1 end end
      end })) do local _ = k end
      return "done"]])
  end)

  it("goes through table.unpack's results, tail calls, varargs and dofile-like loads", function()
    assert.equal("1 30,x,y", runs [[local function f(...) return ... end
      return f(table.unpack { (function() yield(1) return 30 end)(), "x", "y" })]])
    assert.equal("1 2 3 end", runs [[local function count(n) if n > 3 then return "end" end yield(n) return count(n + 1) end
      return count(1)]])
    assert.equal("7 20", runs [[return load("return coroutine.yield(7)")()]])
  end)

  it("does not go through table.sort, string.gsub, load, tostring and finalizers, which is an error", function()
    for _, code in ipairs {
      [[table.sort, { 3, 1, 2 }, function() yield() end]], [[string.gsub, "abc", "b", yield]],
      [[tostring, setmetatable({}, { __tostring = yield })]],
      [[table.concat, setmetatable({}, { __index = function() yield() end }), "", 1, 2]],
    } do
      assert.equal("false,attempt to yield across a C-call boundary", runs(("return pcall(%s)"):format(code)))
    end
    assert.equal("nil,attempt to yield across a C-call boundary", runs [[return load(yield)]])
  end)

  it("outside of a coroutine is an error", function()
    assert.equal("false attempt to yield from outside a coroutine", says [[return pcall(coroutine.yield)]])
  end)

  it("works from 150 nested calls, pcalls and coroutines", function()
    assert.equal("bottom 150", runs [[local function deep(n)
        if n == 0 then yield "bottom" return 0 end
        local ok, depth = pcall(deep, n - 1)
        return depth + 1
      end
      return deep(150)]])
    assert.equal("101", says [[local function nest(n)
        if n == 0 then return 1 end
        local co = coroutine.wrap(function() coroutine.yield(nest(n - 1) + 1) end)
        return co()
      end
      return nest(100)]])
  end)

  it("happens 100,000 times", function()
    assert.equal("5000050000 done dead", says [[local sum = 0
      local co = coroutine.create(function() for i = 1, 100000 do coroutine.yield(i) end return "done" end)
      local ok, value = coroutine.resume(co)
      while type(value) == "number" do sum = sum + value ok, value = coroutine.resume(co) end
      return sum, value, coroutine.status(co)]])
  end)

  it("happens in 10,000 coroutines that live side by side", function()
    assert.equal("30000", says [[local all, n = {}, 0
      for i = 1, 10000 do all[i] = coroutine.wrap(function() for _ = 1, 3 do n = n + 1 coroutine.yield() end end) end
      for _ = 1, 3 do for i = 1, #all do all[i]() end end
      return n]])
  end)
end)

describe("a coroutine", function()
  it("tells its status from inside, outside and beside", function()
    assert.equal("suspended running normal suspended dead", says [[local out, outer = {}, nil
      local function note(co) out[#out + 1] = coroutine.status(co) end
      outer = coroutine.create(function()
        note(outer)
        local inner = coroutine.wrap(function() note(outer) end)
        inner()
        coroutine.yield()
      end)
      note(outer)
      coroutine.resume(outer)
      note(outer)
      coroutine.resume(outer)
      note(outer)
      return table.concat(out, " ")]])
  end)

  it("knows itself, the main one, and whether it may yield", function()
    assert.equal("thread true true false false true false", says [[local main, is_main = coroutine.running()
      local co, inside, yieldable, in_sort
      co = coroutine.create(function()
        local me, m = coroutine.running()
        inside = me == co and not m
        yieldable = coroutine.isyieldable()
        table.sort({ 2, 1 }, function() in_sort = coroutine.isyieldable() return false end)
      end)
      local before = coroutine.isyieldable()
      coroutine.resume(co)
      return type(main), is_main, inside, before, in_sort, yieldable, coroutine.isyieldable(main)]])
  end)

  it("refuses to be resumed when it runs, is dead or is not suspended", function()
    assert.equal("false cannot resume non-suspended coroutine", says [[local co
      co = coroutine.create(function() return coroutine.resume(co) end)
      return select(2, coroutine.resume(co))]])
    assert.equal("false cannot resume dead coroutine", says [[local co = coroutine.create(print)
      co = coroutine.create(function() end)
      coroutine.resume(co)
      return coroutine.resume(co)]])
    assert.equal("false cannot resume dead coroutine", says [[local f = coroutine.wrap(function() end)
      f()
      local ok, message = pcall(f)
      return ok, (message:gsub("^main.lua:%d+: ", ""))]])
  end)

  it("made by wrap raises its error where it is called, objects as they are", function()
    assert.equal("false main.lua:3: in it", says [[local ok, message = pcall(coroutine.wrap(function() error "in it" end))
      return ok, (message:gsub("^(main.lua:3: )main.lua:3: ", "%1"))]])
    assert.equal("true", says [[local object = {}
      local ok, same = pcall(coroutine.wrap(function() coroutine.yield() error(object) end))
      local f = coroutine.wrap(function() coroutine.yield() error(object) end)
      f()
      return rawequal(select(2, pcall(f)), object)]])
  end)

  it("that failed keeps its traceback", function()
    assert.equal([[stack traceback:
	[C]: in function 'error'
	main.lua:3: in upvalue 'inner'
	main.lua:5: in function <main.lua:4>]], says [[local function inner() error "inside" end
      local co = coroutine.create(function()
        inner() return 1
      end)
      coroutine.resume(co)
      return debug.traceback(co)]])
    assert.equal([[note
stack traceback:
	[C]: in function 'coroutine.yield'
	main.lua:3: in function <main.lua:3>]], says [[local co = coroutine.create(function() coroutine.yield(1) end)
      coroutine.resume(co)
      return debug.traceback(co, "note")]])
  end)

  it("closed early closes its variables, the last one first", function()
    assert.equal("b a true dead", says [[local log = {}
      local function closing(name) return setmetatable({}, { __close = function() log[#log + 1] = name end }) end
      local co = coroutine.create(function()
        local a <close> = closing "a"
        local b <close> = closing "b"
        coroutine.yield()
        log[#log + 1] = "never"
      end)
      coroutine.resume(co)
      local closed = coroutine.close(co)
      return log[1], log[2], closed, coroutine.status(co)]])
  end)

  it("closed early answers the error of a __close, or its own", function()
    assert.equal("false bad dead", says [[local co = coroutine.create(function()
        local a <close> = setmetatable({}, { __close = function() error("bad", 0) end })
        coroutine.yield()
      end)
      coroutine.resume(co)
      local ok, message = coroutine.close(co)
      return ok, message, coroutine.status(co)]])
    assert.equal("false own true", says [[local co = coroutine.create(function() error("own", 0) end)
      coroutine.resume(co)
      local ok, message = coroutine.close(co)
      return ok, message, coroutine.close(co)]])
    assert.equal("true false cannot close a running coroutine", says [[local co = coroutine.create(print)
      return coroutine.close(co), pcall(coroutine.close, coroutine.running())]])
  end)

  it("may yield in a __close while it is closed by an error", function()
    assert.equal("first second false oh", says [[local co = coroutine.create(function()
        return pcall(function()
          local a <close> = setmetatable({}, { __close = function() coroutine.yield "second" end })
          local b <close> = setmetatable({}, { __close = function() coroutine.yield "first" end })
          error("oh", 0)
        end)
      end)
      local _, a = coroutine.resume(co)
      local _, b = coroutine.resume(co)
      local _, ok, message = coroutine.resume(co)
      return a, b, ok, message]])
  end)

  it("that nobody finishes is collected", function()
    assert.equal("0 true", says [[local weak = setmetatable({}, { __mode = "k" })
      for i = 1, 1000 do
        local co = coroutine.create(function() local hold = ("x"):rep(1000) .. i coroutine.yield() return hold end)
        coroutine.resume(co)
        weak[co] = true
      end
      collectgarbage()
      local n = 0
      for _ in pairs(weak) do n = n + 1 end
      return n, collectgarbage "count" < 2000]])
  end)

  it("may be made and dropped 100,000 times in 8 MiB", function()
    assert.equal("100000", says([[local n = 0
      for i = 1, 100000 do
        local f = coroutine.wrap(function(a) local b = coroutine.yield(a) return b end)
        f(i)
        n = n + 1
      end
      return n]], { memory = 8 << 20 }))
  end)

  it("runs a producer, a filter and a consumer", function()
    assert.equal("2,4,6,8,10", says [[local function producer() for i = 1, 10 do coroutine.yield(i) end end
      local function filter(source)
        return coroutine.wrap(function() for x in source do if x % 2 == 0 then coroutine.yield(x) end end end)
      end
      local out = {}
      for x in filter(coroutine.wrap(producer)) do out[#out + 1] = x end
      return table.concat(out, ",")]])
  end)

  it("does not outlive the invocation", function()
    local flare <close> = support.load [[
      local co = coroutine.wrap(function() for i = 1, 100 do coroutine.yield(i) end end)
      co() co()
      return function() return { body = tostring(co()) } end]]
    for _ = 1, 5 do assert.equal("3", flare:request({}).body) end -- two steps were made when it was packed
  end)

  it("calls the host from within", function()
    local response = support.answer([[local log = {}
      local co = coroutine.wrap(function()
        log[1] = flaron.request.method()
        coroutine.yield()
        flaron.response.set_header("x-from", "coroutine")
        log[2] = flaron.request.url()
      end)
      co() co()
      return { body = table.concat(log, " ") }]], { method = "PATCH", url = "http://localhost/here" })
    assert.equal("PATCH http://localhost/here", response.body)
    assert.equal("coroutine", response.headers["x-from"])
  end)
end)
