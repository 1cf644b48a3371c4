-- The life of an invocation: each one begins with what was packed, whatever the others did; an instance goes
-- on for as many as there are, and one that is wrecked or does not stop is replaced.
local support = require "support"

-- Loads a flare with the functions of `parts` by name; returns a function that runs one of them by its name.
local function shared(start, parts, options)
  local source = { "local flaron = require 'flaron'\n", start, "\nlocal parts = {}\n" }
  for name, body in pairs(parts) do
    source[#source + 1] = ("function parts.%s()\n%s\nend\n"):format(name, body)
  end
  source[#source + 1] = [[return function()
    return { body = tostring(parts[flaron.request.method()]()) }
  end]]
  local flare = support.load(table.concat(source), options)
  return function(name)
    local response = assert(flare:request { method = name })
    return response.body, response
  end, flare
end

describe("an invocation begins with what was packed:", function()
  local function same_each_time(start, change, look, expected)
    local run, flare <close> = shared(start, { change = change .. "\nreturn 'changed'", look = "return " .. look,
      fail = change .. "\nerror 'after the change'" })
    assert.equal(expected, (run "look"))
    assert.equal("changed", (run "change"))
    assert.equal(expected, (run "look"))
    assert.equal(500, select(2, run "fail").status)
    assert.equal(expected, (run "look"))
    assert.is_truthy(flare)
  end

  it("globals", function()
    same_each_time("counter = 1", "counter = counter + 1 other = true", "counter .. ' ' .. tostring(other)", "1 nil")
    same_each_time("", "string.format = nil print = nil _G.math = nil", "type(string.format) .. type(print) .. type(math)",
      "functionfunctiontable")
  end)

  it("upvalues", function()
    same_each_time("local n = 5", "n = n * 2", "n", "5")
    same_each_time("local function counter() local c = 0 return function() c = c + 1 return c end end local f = counter() f()",
      "f() f() f()", "f()", "2")
  end)

  it("tables, with what is in them and around them", function()
    same_each_time("local t = { 1, 2, 3, name = 'x', inner = { 4 } }",
      "t[1] = 'gone' t[4] = 4 t.name = nil t.inner[1] = 5 for i = 1, 1000 do t[i] = i end",
      "table.concat(t, ',') .. t.name .. t.inner[1]", "1,2,3x4")
    same_each_time("local t = setmetatable({}, { __index = function() return 'from the metatable' end })",
      "getmetatable(t).__index = nil setmetatable(t, nil)", "t.anything", "from the metatable")
  end)

  it("the metatable and the library of strings", function()
    same_each_time("function string.twice(s) return s .. s end",
      "string.twice = nil string.upper = nil getmetatable('').__index = function() return print end "
        .. "getmetatable('').__call = print", "('ab'):twice() .. ('c'):upper() .. tostring(getmetatable('').__call)", "ababCnil")
  end)

  it("package.loaded and require", function()
    local flare <close> = support.load {
      ["main.lua"] = [[
        local flaron = require "flaron"
        local early = require "early"
        early.count = early.count + 1
        return function()
          local late = require "late"
          if flaron.request.method() == "POST" then
            late.count = 100
            early.count = 100
            package.loaded.early = "replaced"
            package.preload.late = nil
            package.loaded.flaron = nil
          end
          late.count = late.count + 1
          return { body = ("%d %d %s"):format(early.count, late.count, type(require "early")) }
        end]],
      ["early.lua"] = "return { count = 1 }",
      ["late.lua"] = "return { count = 10 }",
    }
    for _ = 1, 3 do
      assert.equal("2 11 table", flare:request({}).body)
      assert.equal("100 101 string", flare:request({ method = "POST" }).body)
    end
  end)

  it("the response, of which nothing leaks from one to the next", function()
    local run, flare <close> = shared("", {
      fail = "flaron.response.set_status(201) flaron.response.set_header('x-a', '1') flaron.response.set_body 'b' error 'x'",
      good = "flaron.response.set_status(202) flaron.response.set_header('x-b', '1') return 'good'",
      plain = "return 'plain'",
    })
    for _ = 1, 3 do
      local _, failed = run "fail"
      assert.same({ 500, { ["content-type"] = "text/plain; charset=utf-8" } }, { failed.status, failed.headers })
      local _, plain = run "plain"
      assert.same({ 200, {}, "plain", {} }, { plain.status, plain.headers, plain.body, plain.logs })
      local _, good = run "good"
      assert.same({ 202, { ["x-b"] = "1" } }, { good.status, good.headers })
    end
    assert.is_truthy(flare)
  end)

  it("the collector", function()
    same_each_time("", "collectgarbage 'generational' collectgarbage 'stop'",
      "(collectgarbage 'isrunning' and 'runs' or 'rests') .. ' ' .. collectgarbage 'incremental'", "runs incremental")
    local run, flare <close> = shared("", {
      stop = "collectgarbage 'stop' collectgarbage('setpause', 1000) return 1",
      churn = "local n = 0 for i = 1, 200000 do n = n + #{ i } end return n",
    }, { memory = 4 << 20 })
    for _ = 1, 3 do
      assert.equal("1", (run "stop"))
      assert.equal("200000", (run "churn")) -- many times the memory there is, so it must be collected
    end
    assert.is_truthy(flare)
  end)

  it("a table of 1,000 entries made at start-up", function()
    same_each_time("local squares = {} for i = 1, 1000 do squares[i] = i * i squares['n' .. i] = tostring(i) end",
      "for i = 1, 1000 do squares[i] = nil squares['n' .. i] = nil end collectgarbage()",
      "#squares .. ' ' .. squares[1000] .. ' ' .. squares.n777", "1000 1000000 777")
  end)

  it("strings and functions, whatever the collector or the table of strings did to them", function()
    local start = [[
      words, long = {}, {}
      for i = 1, 300 do words["word" .. i] = i long[i] = ("long"):rep(100 + i) .. i end
      function large(n)
        local t = { n, "one", "two", "three", { n + 1, "four", "five" }, function() return words.word1 + n end }
        ]] .. ("t[#t + 1] = #t .. 'more'\n"):rep(100) .. [[
        return table.concat(t[5], ",") .. t[6]() .. t[100]
      end
      function all()
        local sum = 0
        for i = 1, 300 do sum = sum + words["word" .. i] + #long[i] end
        return sum .. " " .. large(1)
      end]]
    local expected = "346542 2,four,five299more"
    local grow = "local t = {} for i = 1, 5000 do t[i] = 'new' .. i end"
    local drop = "words, long, large, all = nil"
    for _, change in ipairs {
      grow, "collectgarbage()", "collectgarbage 'step'", "collectgarbage('step', 1)", "collectgarbage 'generational'",
      grow .. " t = nil collectgarbage() collectgarbage() " .. grow,
      drop .. " collectgarbage() collectgarbage() " .. grow .. " for i = 1, 1000 do t[i] = ('y'):rep(i) end",
      drop .. " collectgarbage 'generational' " .. grow .. " collectgarbage 'step' " .. grow,
      "for i = 1, 1000 do words[long[i % 300 + 1] .. i] = load('return ' .. i) end",
    } do
      same_each_time(start, change, "all()", expected)
    end
  end)

  it("objects with finalizers and weak tables", function()
    same_each_time([==[local hold = { {}, {} }
      local weak = setmetatable({ [hold[1]] = "a", [{}] = "b" }, { __mode = "k" })
      finalized = 0
      local keep = setmetatable({}, { __gc = function() finalized = finalized + 1 end })]==],
      "hold[1] = nil keep = nil collectgarbage()",
      "(function() local n = 0 for _ in pairs(weak) do n = n + 1 end return n end)() .. ' ' .. finalized .. type(keep)", "1 0table")
  end)
end)

describe("math.random", function()
  local numbers = "local t = {} for i = 1, 8 do t[i] = math.random(1 << 30) end return table.concat(t, ' ')"

  it("differs between invocations and between instances", function()
    local run, flare <close> = shared("", { draw = numbers })
    local other, second <close> = shared("", { draw = numbers })
    local seen = {}
    for _ = 1, 20 do
      seen[run "draw"] = true
      seen[other "draw"] = true
    end
    local n = 0
    for _ in pairs(seen) do n = n + 1 end
    assert.equal(40, n)
    assert.is_truthy(flare and second)
  end)

  it("is the same each time once it is seeded", function()
    local run, flare <close> = shared("", { seeded = "math.randomseed(42) " .. numbers, draw = numbers })
    local first = run "seeded"
    assert.not_equal(first, (run "draw"))
    assert.equal(first, (run "seeded"))
    local run2, flare2 <close> = shared("-- another script", { seeded = "math.randomseed(42) " .. numbers })
    assert.equal(first, (run2 "seeded"))
    assert.is_truthy(flare and flare2)
  end)

  it("seeded at start-up goes on from there each time", function()
    local run, flare <close> = shared("math.randomseed(7) math.random()", { draw = numbers })
    local first = run "draw"
    assert.equal(first, (run "draw"))
    assert.is_truthy(flare)
  end)
end)

describe("an instance", function()
  local source = [[
    local flaron = require "flaron"
    local state = { n = 0 }
    for i = 1, 100 do state[i] = { tostring(i) } end
    return function()
      state.n = state.n + 1
      local what = flaron.request.method()
      if what == "FAIL" then
        flaron.response.set_header("x-bad", "1")
        local t = {}
        for i = 1, 100 do t[i] = { i } end
        error(t[100])
      end
      if what == "LARGE" then
        local s = ("sixteen letters,"):rep(1 << 16)
        state[#s] = s
      end
      return { body = state.n .. " " .. #state }
    end]]

  it("answers 100,000 invocations, failing and large ones too, in the memory it had after 100", function()
    local total = 100000 -- on V8 as well: some 15 seconds
    local flare <close> = support.load(source)
    local requests = { good = { method = "GET" }, fail = { method = "FAIL" }, large = { method = "LARGE" } }
    local memory
    for i = 1, total do
      local kind = i % 10 == 0 and "fail" or i % 25 == 1 and "large" or "good"
      local response = flare:request(requests[kind])
      -- One assertion per invocation, in plain Lua: luassert would take longer than the flare.
      if response.failed or response.status ~= (kind == "fail" and 500 or 200)
        or (kind ~= "fail" and response.body ~= "1 100") or next(response.headers) ~= (kind == "fail" and "content-type" or nil) then
        error(("invocation %d (%s): %d %q"):format(i, kind, response.status, response.body))
      end
      if i == 100 then memory = response.memory end
      if i > 100 and response.memory ~= memory then
        error(("invocation %d has %d bytes of memory, number 100 had %d"):format(i, response.memory, memory))
      end
    end
    assert.is_true(memory < 8 << 20)
  end)

  it("is packed in little memory though its start-up made many strings, which are garbage", function()
    local flare <close> = support.load("for i = 1, 300000 do local s = 'k' .. i end return function() end", { memory = 2 << 20 })
    assert.equal(200, (flare:request {}).status)
  end)

  it("keeps its memory within the limit it was packed with", function()
    local flare <close> = support.load([[return function()
      local t = {}
      local ok = pcall(function() for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end end)
      t = nil
      return { body = tostring(ok) }
    end]], { memory = 4 << 20 })
    for _ = 1, 3 do
      local response = flare:request {}
      assert.equal("false", response.body)
      assert.is_true(response.memory <= 4 << 20)
    end
  end)
end)

describe("a CPU time limit", function()
  if support.engine ~= "wasm2c" then
    pending("is for who runs the engine to set: " .. support.engine .. " has none of its own")
    return
  end

  -- The error line of a handler that is stopped; the next request of the same flare must be answered. It is
  -- stopped by an error at its next instruction, unless `wrecked`: then its instance is replaced.
  local function stopped(body, wrecked)
    local options = { cpu_ms = 60 }
    local flare <close> = support.load(([[local flaron = require "flaron"
local function spin()
  while true do end
end
return function()
  if flaron.request.method() == "GET" then return { body = "fine" } end
%s
end]]):format(body), options)
    local before = os.clock()
    local response = flare:request { method = "POST" }
    assert.is_true(os.clock() - before < options.cpu_ms / 1000 + 1)
    assert.equal(500, response.status)
    assert.equal("Internal Server Error", response.body)
    assert.same({ ["content-type"] = "text/plain; charset=utf-8" }, response.headers)
    for _ = 1, 3 do assert.same({ 200, "fine" }, { flare:request({}).status, flare:request({}).body }) end
    assert.equal(wrecked or false, response.failed)
    return support.log(response, "error"), response
  end

  it("stops an endless loop, with the traceback", function()
    local text = stopped "  flaron.response.set_header('x-a', 'b')\n  spin()"
    assert.matches("^main.lua:3: stopped: CPU time limit reached\nstack traceback:\n", text)
    assert.matches("\n\tmain.lua:3: in upvalue 'spin'\n\tmain.lua:8: in function <main.lua:5>", text)
  end)

  it("is not caught by pcall for good, nor by xpcall, nor by a message handler", function()
    assert.matches("stopped: CPU time limit reached", stopped "  while true do pcall(spin) end")
    assert.matches("stopped: CPU time limit reached", stopped "  while true do pcall(function() while true do pcall(spin) end end) end")
    -- Lua runs no hook in a message handler that a hook's error called.
    assert.matches("stopped", (stopped("  while true do xpcall(spin, function() while true do end end) end", true)))
    assert.matches("stopped", stopped "  local ok = pcall(spin) return { body = tostring(ok) }")
  end)

  it("is not escaped in coroutines", function()
    assert.matches("stopped: CPU time limit reached", stopped "  coroutine.wrap(spin)()")
    assert.matches("stopped: CPU time limit reached", stopped "  while true do coroutine.resume(coroutine.create(spin)) end")
    assert.matches("stopped: CPU time limit reached", stopped [[
      local co = coroutine.wrap(function() while true do coroutine.yield() end end)
      while true do co() end]])
    assert.matches("stopped: CPU time limit reached", stopped [[  local function nest(n)
        if n == 0 then spin() end
        while true do coroutine.resume(coroutine.create(nest), n - 1) end
      end
      nest(20)]])
  end)

  it("is not escaped in <close> variables and finalizers", function()
    assert.matches("stopped", stopped "  local c <close> = setmetatable({}, { __close = spin }) spin()")
    assert.matches("stopped", (stopped "  setmetatable({}, { __gc = spin }) collectgarbage()"))
    assert.matches("stopped", stopped [[  coroutine.wrap(function()
        local c <close> = setmetatable({}, { __close = spin })
        pcall(spin)
      end)()
      spin()]])
  end)

  it("stops string.rep, string.gsub, table.sort, table.concat and allocation in loops", function()
    for _, body in ipairs {
      "while true do local s = ('x'):rep(100000) end", "while true do ('x'):rep(10000):gsub('x', 'y') end",
      "local t = {} for i = 1, 20000 do t[i] = i * 7919 % 20011 end while true do table.sort(t, function(a, b) return a < b end)"
        .. " table.sort(t, function(a, b) return a > b end) end",
      "local t = {} for i = 1, 1000 do t[i] = i end while true do table.concat(t) end",
      "while true do local t = {} for i = 1, 1000 do t[i] = { i } end end", "while true do load('return 1')() end",
      "while true do tostring({}) end", "while true do pcall(error) end",
    } do
      local text = stopped("  " .. body)
      assert.matches("stopped: CPU time limit reached", text)
      assert.matches("main.lua:7:", text)
    end
  end)

  it("stops a C function that does not come back, and replaces the instance", function()
    local text = stopped([[  local s, p = ("a"):rep(30), ("a?"):rep(30) .. ("a"):rep(30)
  s:find(p)]], true)
    assert.matches("^stopped: CPU time limit reached inside a C function\nstack traceback:\n", text)
    assert.matches("\n\tmain.lua:8: in function", text)
  end)

  it("does not touch what ends in time", function()
    local flare <close> = support.load([[return function()
      local n = 0
      for i = 1, 100000 do n = n + i % 7 end
      return { body = tostring(n) }
    end]], { cpu_ms = 10000 })
    local n = 0
    for i = 1, 100000 do n = n + i % 7 end
    for _ = 1, 50 do assert.same({ tostring(n), {} }, { flare:request({}).body, flare:request({}).logs }) end
  end)

  it("counts each invocation for itself", function()
    local flare <close> = support.load([[return function()
      local t, clock = 0, 0
      for i = 1, 2000000 do t = t + i clock = clock ~ t end
      return { body = "done" }
    end]], { cpu_ms = 400 })
    for _ = 1, 20 do assert.equal("done", flare:request({}).body) end
  end)

  it("can stop a ws handler, whose connection is closed", function()
    local flare <close> = support.load([[return {
      ws_message = function() while true do end end,
      ws_close = function() return ("a"):rep(30):find(("a?"):rep(30) .. ("a"):rep(30)) end,
    }]], { cpu_ms = 60 })
    local response = flare:event("message", { data = "x" })
    assert.equal(1011, response.close_code)
    assert.matches("^main.lua:2: stopped: CPU time limit reached", support.log(response, "error"))
    local wrecked = flare:event("close", {})
    assert.is_true(wrecked.failed)
    assert.equal(1011, wrecked.close_code)
    assert.equal(1011, flare:event("message", { data = "y" }).close_code)
  end)
end)
