-- lua_fixes_spec.lua - faults of Lua 5.4.7 that 5.4.8 and our patches (runtime/lua/patches) mend. The right values stand here: the
-- lua5.4 that runs the specs is another (Debian 12's, 5.4.4), which has most of these faults itself.
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

describe("an index that is a comparison", function()
  local labels = [[local labels = { [true] = "yes", [false] = "no" } ]]
  local cases = {
    ["of a table that is an upvalue"] = { [[local function f(n) return labels[n > 0] end return f(1), f(0)]], "yes no" },
    ["with constants"] = { [[local function f() return labels[1 < 2], labels["a" == "b"] end return f()]], "yes no" },
    ["with nil"] = { [[local function f(x) return labels[x ~= nil] end return f(1), f()]], "yes no" },
    ["with what two names hold"] = { [[local function f(a, b) return labels[a == b], labels[a <= b] end return f(1, 2)]], "no yes" },
    ["as an argument"] = { [[local function f(x) return tostring(labels[x ~= nil]) end return f(1), f()]], "yes no" },
    ["in a constructor"] = {
      [[local function f(r) return { ok = labels[r.status == 200], n = 1 } end return f({ status = 200 }).ok, f({}).ok]], "yes no" },
    ["with a method called on it"] = { [[local function f(a) return labels[a <= 5]:upper() end return f(5), f(6)]], "YES NO" },
    ["behind another field"] = {
      [[local o = { labels = labels } local function f(a) return o.labels[a > 3] end return f(5), f(1)]], "yes no" },
    ["that is joined by and, or and not"] = {
      [[local function f(a, b) return labels[a == 1 and b == 2], labels[a == 1 or b == 2], labels[not (a == 1)] end
        return f(1, 3)]], "no yes no" },
    ["in a concatenation and an addition"] = {
      [[local n = { [true] = 1, [false] = 2 } local function f(a) return "is " .. labels[a > 3], n[a > 3] + 10 end return f(5)]],
      "is yes 11" },
    ["that is assigned to"] = {
      [[local function f(a) labels[a == 1] = "set" end f(1) return labels[true], labels[false] ]], "set no" },
    ["that is counted by"] = {
      [[local count = { [true] = 0, [false] = 0 } local function f(a) count[a > 3] = count[a > 3] + 1 end
        for i = 1, 5 do f(i) end return count[true], count[false] ]], "2 3" },
    ["of a global table"] = {
      [[names = labels local function f(a) return names[a > 3], _G[a > 3] end _G[true] = "global" return f(5)]], "yes global" },
    ["of a table that is local or a parameter"] = {
      [[local function f(t, a) local l = t return t[a > 3], l[a < 3] end return f(labels, 5)]], "yes no" },
    ["in a coroutine, a closure in a closure and a vararg function"] = {
      [[local function f(...) local a = ... return (function() return labels[a > 3] end)() end
        return coroutine.wrap(f)(5), f(1)]], "yes no" },
    ["in a condition and in a loop"] = {
      [[local more = { [true] = true } local function f() local n = 0 while more[n < 5] do n = n + 1 end
        if more[n == 5] then return n end end return f()]], "5" },
  }
  for name, case in pairs(cases) do
    it(name, function() assert.equal(case[2], says(labels .. case[1])) end)
  end
end)

describe("a table behind a weak metatable's __newindex", function()
  -- Nothing but the weak metatable holds it, and the collector runs when the new field needs memory. On 5.4.7 the weak ones
  -- never end, or end in a trap, for some of the sizes.
  for name, hold in pairs { ["that nothing else holds"] = "", ["that a local holds"] = "hold = mt.__newindex" } do
    for _, memory in ipairs(hold == "" and { 1200, 1500 } or { 1500 }) do
      it(("%s survives until it has its field, in %d KiB"):format(name, memory), function()
        assert.equal("0 200", says(([[collectgarbage "stop"
          local guard, bad, hold = {}, 0, nil
          for i = 1, 200 do guard[i] = { i, "g" .. i } end
          for round = 1, 3000 do
            local mt = setmetatable({ __newindex = {} }, { __mode = "v" })
            %s
            local t, junk = setmetatable({}, mt), {}
            for i = 1, 20 do t[i + round * 100] = i junk[i] = { i } end
          end
          for i = 1, 200 do if guard[i][1] ~= i or guard[i][2] ~= "g" .. i then bad = bad + 1 end end
          return bad, #guard]]):format(hold), { memory = memory << 10, cpu_ms = 5000 }))
      end)
    end
  end

  it("survives for keys that are texts and floats, and objects that hold each other", function()
    assert.equal("true", says([[collectgarbage "stop"
      for round = 1, 4000 do
        local mt = setmetatable({ __newindex = setmetatable({}, { __newindex = function(t, k, v) rawset(t, k, v) end }) },
          { __mode = "kv" })
        local t = setmetatable({}, mt)
        for i = 1, 10 do t["key" .. i] = { t } t[i + 0.5] = t end
      end
      return true]], { memory = 1500 << 10, cpu_ms = 5000 }))
  end)
end)

describe("a new metatable of an all-weak table", function()
  it("that it gets at any step of a collection stays what it is", function()
    assert.equal("0 true", says([[
      local ballast = {} for i = 1, 22000 do ballast[i] = { i } end
      collectgarbage "collect" collectgarbage "stop"
      local bad, n = 0, 0
      local function cycle(k)
        collectgarbage "collect"
        local tables = {} for i = 1, 5 do tables[i] = setmetatable({}, { __mode = "kv" }) end
        local finished, step = false, 0
        repeat
          finished = collectgarbage("step", 1) step = step + 1
          if step == k then for i = 1, 5 do setmetatable(tables[i], { __mode = "kv", mark = "m" .. i }) end end
        until finished or step > 5000
        local junk = {} for i = 1, 2000 do junk[i] = { __mode = "j", mark = i } end
        for i = 1, 5 do
          n = n + 1
          local mt = getmetatable(tables[i])
          if type(mt) ~= "table" or k > 0 and rawget(mt, "mark") ~= "m" .. i then bad = bad + 1 end
        end
        return step
      end
      local steps = cycle(-1)
      for k = 1, steps do cycle(k) end
      return bad, n > 100]], { memory = 32 << 20, cpu_ms = 60000 }))
  end)
end)

describe("closing a coroutine that yielded in a protected call", function()
  local function closing(call, value)
    return says(([[local co = coroutine.create(function()
        local object <close> = setmetatable({}, { __close = function() local x = %s error(x, 0) end })
        %s
      end)
      coroutine.resume(co)
      return coroutine.close(co)]]):format(value, call))
  end

  it("gives the error of __close, and not of a handler that is gone", function()
    assert.equal("false 134", closing("xpcall(coroutine.yield, function() return 'XXX' end)", "134"))
    assert.equal("false late", closing("xpcall(coroutine.yield, debug.traceback)", "'late'"))
    assert.equal("false 7", closing("pcall(xpcall, coroutine.yield, function() error 'again' end)", "7"))
    assert.equal("false 5", closing("xpcall(function() xpcall(coroutine.yield, print) end, error)", "5"))
    assert.equal("false 3", closing("pcall(coroutine.yield)", "3"))
  end)

  it("of wrap raises the error it ended with", function()
    assert.equal("false main.lua:5: inner", says [[local f = coroutine.wrap(function()
        xpcall(coroutine.yield, function() return "handled" end)
        error "inner"
      end)
      f()
      return pcall(f)]])
  end)

  it("leaves the handler of whoever closes it in place", function()
    assert.equal("false handled: main.lua:8: outer", says [[local co = coroutine.create(function()
        local object <close> = setmetatable({}, { __close = function() error "lost" end })
        xpcall(coroutine.yield, function() return "XXX" end)
      end)
      coroutine.resume(co)
      return xpcall(function() coroutine.close(co) error "outer" end, function(m) return "handled: " .. m end)]])
  end)
end)

describe("string.unpack", function()
  local function unpacked(format, data) return says(("return pcall(string.unpack, %q, %q)"):format(format, data)) end
  local short = "false bad argument #2 to 'string.unpack' (data string too short)"

  it("finds that a text of 2^32 bytes and more is not there", function()
    for _, data in ipairs { "\0\0\0\0\1\0\0\0abc", "\3\0\0\0\1\0\0\0abc", "\1\0\0\0\0\1\0\0abc", "\0\0\0\0\0\0\0\x80abc",
      "\255\255\255\255\255\255\255\255abc", "\252\255\255\255\0\0\0\0abc", "\4\0\0\0\0\0\0\0abc" } do
      assert.equal(short, unpacked("<s8", data))
      assert.equal(short, unpacked(">s8", data:sub(1, 8):reverse() .. "abc"))
    end
    assert.equal(short, unpacked("<s5", "\0\0\0\0\1abc"))
    assert.equal(short, unpacked("<s6", "\2\0\0\0\0\1abc"))
    assert.equal(short, unpacked("<s16", "\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0abc"))
    assert.equal("false 16-byte integer does not fit into Lua Integer", unpacked("<s16", ("\0"):rep(8) .. "\1" .. ("\0"):rep(7) .. "abc"))
  end)

  it("reads those that are there", function()
    assert.equal("true abc 12", unpacked("<s8", "\3\0\0\0\0\0\0\0abc"))
    assert.equal("true  9", unpacked("<s8", ("\0"):rep(8) .. "abc"))
    assert.equal("true ab 19", unpacked("<s16", "\2" .. ("\0"):rep(15) .. "abc"))
  end)
end)

describe("the name of a field in an error", function()
  local cases = {
    [ [[return ("_ENV").x + 1]] ] = "field 'x'",
    [ [[local s = "_ENV" return s.x + 1]] ] = "field 'x'",
    [ [[return ("_ENV").x()]] ] = "field 'x'",
    [ [[local t = { _ENV = {} } return t._ENV.x + 1]] ] = "field 'x'",
    [ [[return nothing + 1]] ] = "global 'nothing'",
    [ [[local _ENV = { } return nothing + 1]] ] = "global 'nothing'",
    [ [[local _ENV <const> = { } return (function() return nothing.x end)()]] ] = "global 'nothing'",
    [ [[return _ENV.nothing + 1]] ] = "global 'nothing'",
  }
  for code, name in pairs(cases) do
    it(("is right in `%s`"):format(code), function()
      local text = says(("return select(2, pcall(function() %s end))"):format(code))
      assert.equal(name, text:match "%((%a+ '[%w_]+')%)$" or text:match "%a+ '[%w_]+'$" or text)
    end)
  end
end)
