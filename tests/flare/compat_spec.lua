-- compat_spec.lua - what LUA_COMPAT_5_3 gives to every lua5.4 that was built as Lua's Makefile says: `a <= b` by __lt alone, and
-- functions of math. Compared with the lua5.4 that runs the specs.
local evaluate = require "evaluate"

-- Runs code here and there; both must give the same.
local function compare(flare, code)
  local expected = table.pack(assert(load(code, "=script"))())
  assert.same(expected, (flare:run(code)), code)
  return expected
end

describe("a comparison that only __lt is there for", function()
  local flare
  local prefix = [[
    local calls = {}
    local mt = { __lt = function(a, b)
      local x, y = type(a) == "table" and a.v or a, type(b) == "table" and b.v or b
      calls[#calls + 1] = x .. "<" .. y
      return x < y
    end }
    local function new(v) return setmetatable({ v = v }, mt) end
    local a, b, c = new(1), new(2), new(1) ]]

  setup(function() flare = evaluate.open {} end)
  teardown(function() flare:close() end)

  local cases = {
    ["of two tables"] = "return a <= b, b <= a, a <= c, a >= b, b >= a, a >= c, table.concat(calls, ' ')",
    ["with constants on either side"] = [[return a <= 1, a <= 0, 1 <= a, 2 <= a, a >= 1, a >= 2, 1.0 >= a, 0 >= a,
      a <= 0.5, table.concat(calls, " ")]],
    ["with what is no table"] = "return a <= 5.5, pcall(function() return a <= {} end), select('#', calls)",
    ["in conditions and loops"] = [[
      local n, i = 0, new(1)
      while i <= new(5) do n = n + 1 i = new(i.v + 1) end
      if b <= a then n = n + 100 end
      return n, not (a <= b), a <= b and b <= a, table.concat(calls, ' ')]],
    ["that yields"] = [[
      local lazy = { __lt = function(x, y) coroutine.yield(x.v) return x.v < y.v end }
      local x, y = setmetatable({ v = 1 }, lazy), setmetatable({ v = 2 }, lazy)
      local out = {}
      local co = coroutine.wrap(function()
        local one = x <= y
        local two = y <= x
        if x <= x then out[#out + 1] = "equal" end
        return tostring(one) .. tostring(two) .. tostring(x < y)
      end)
      for i = 1, 5 do out[#out + 1] = co() end
      return table.concat(out, " ")]],
    ["whose __lt fails, and others after it"] = [[
      local bad = setmetatable({}, { __lt = function() error("no", 0) end })
      local ok, message = pcall(function() return bad <= bad end)
      return ok, message, a <= b, b <= a]],
    ["of a coroutine that is closed in the middle"] = [[
      local lazy = setmetatable({}, { __lt = function() coroutine.yield() end })
      local co = coroutine.create(function() return lazy <= lazy end)
      coroutine.resume(co)
      return coroutine.close(co), a <= b, b <= a]],
    ["where __le is there, too"] = [[
      local t = setmetatable({}, { __lt = function() return true end, __le = function() return false end })
      return t <= t, t < t, t >= t]],
    ["by table.sort and math.max"] = "local t = { new(3), new(1), new(2) } table.sort(t) return t[1].v, t[3].v, pcall(math.max, a, b)",
    ["where nothing is there"] = [[return pcall(function() return {} <= {} end), pcall(function() return {} <= 1 end),
      pcall(function() return "x" <= 1 end)]],
  }
  for name, code in pairs(cases) do
    it(name, function() compare(flare, prefix .. code) end)
  end

  it("is false or true, and not what __lt gave", function()
    assert.same({ n = 3, false, true, true }, flare:run [[
      local t = setmetatable({}, { __lt = function(x, y) return ({ 1 })[1] end })
      local f = setmetatable({}, { __lt = function() end })
      return t <= t, f <= f, f >= f]])
  end)
end)

describe("math", function()
  local flare

  setup(function() flare = evaluate.open {} end)
  teardown(function() flare:close() end)

  -- Numbers of all sizes, as pieces of source text.
  local numbers = { "0", "-0.0", "1", "-1", "0.5", "2", "3", "-3", "10", "1e-300", "5e-324", "-5e-324", "2.2250738585072014e-308", "1e300",
    "1.7976931348623157e308", "math.huge", "-math.huge", "0.1", "1/3", "1e15", "2^53", "math.maxinteger", "math.mininteger",
    "-12.5", "'8'" }
  math.randomseed(7)
  for _ = 1, 60 do numbers[#numbers + 1] = ("%a"):format((math.random() - 0.5) * 2 ^ math.random(-60, 60)) end

  it("has frexp and ldexp to the bit", function()
    for _, number in ipairs(numbers) do
      compare(flare, ("return math.frexp(%s)"):format(number))
      compare(flare, ([[local f, e = math.frexp(%s)
        return math.ldexp(f, e), math.ldexp(f, e + 1), math.ldexp(f, -1074)]]):format(number))
      compare(flare, ("local n = %s return 1 / math.ldexp(n, 2), math.ldexp(n, -3), math.ldexp(n, 2000)"):format(number))
    end
    compare(flare, "return math.ldexp(1, 1 << 32), math.ldexp(3, -1080), math.ldexp(1, 2.0)")
  end)

  -- `units` in the last place that the two may be apart.
  local function near(code, units)
    local expected, got = load("return " .. code)(), flare:value("return " .. code)
    assert.equal(math.type(expected), math.type(got), code)
    if expected ~= expected then
      assert.is_true(got ~= got, code)
      return
    elseif expected == got then
      assert.equal(1 / expected, 1 / got, code)
      return
    end
    local unit = 2.0 ^ (math.max(tonumber(("%a"):format(expected):match "p(.*)"), -1022) - 52)
    assert.is_true(math.abs(expected - got) <= units * unit, ("%s: %a here, %a in the flare"):format(code, expected, got))
  end

  it("has pow and log10 as near as exp and log, cosh, sinh and tanh as near as native Lua has them", function()
    for _, number in ipairs(numbers) do
      near(("math.pow(%s, 3)"):format(number), 1)
      near(("math.pow(%s, -0.5)"):format(number:gsub("^%-", "")), 1)
      near(("math.log10(math.abs(%s))"):format(number), 1)
      near(("math.atan2(%s, 2)"):format(number), 1)
      for _, name in ipairs { "cosh", "sinh", "tanh" } do
        near(("math.%s(%s)"):format(name, number), 4)
        near(("math.%s(math.fmod(%s, 23.0))"):format(name, number:find "huge" and "7" or number), 4)
      end
    end
    for n = -300, 300, 25 do assert.equal(n + 0.0, flare:value(("return math.log10(1e%d)"):format(n))) end
  end)

  it("refuses what native Lua refuses, in its words", function()
    for _, name in ipairs { "cosh", "sinh", "tanh", "pow", "frexp", "ldexp", "log10" } do
      compare(flare, ("return pcall(math.%s), pcall(math.%s, 'x'), pcall(math.%s, {}, {})"):format(name, name, name))
    end
    compare(flare, "return pcall(math.pow, 2), pcall(math.ldexp, 1), pcall(math.ldexp, 1, 1.5), pcall(math.ldexp, 1, 2^63)")
  end)

  it("gives the seeds of randomseed, which give the same numbers again", function()
    compare(flare, "return math.randomseed(42)")
    compare(flare, "return math.randomseed(-1, 7)")
    assert.same({ n = 5, 2, "integer", "integer", true, true }, flare:run [[
      local x, y = math.randomseed()
      local first, second = math.random(0), math.random(0)
      math.randomseed(x, y)
      return select("#", math.randomseed(x, y)), math.type(x), math.type(y), math.random(0) == first, math.random(0) == second]])
    assert.same({ n = 1, true }, flare:run "local x, y = math.randomseed() local a, b = math.randomseed() return x ~= a and y ~= b")
  end)

  it("works at start-up", function()
    local support = require "support"
    local packed <close> = support.load [[
      local text = ("%.14g %g %s"):format(math.cosh(1), math.pow(2, 0.5), math.ldexp(math.frexp(12.5)))
      return function() return { body = text } end]]
    assert.equal("1.5430806348152 1.41421 12.5", packed:request({}).body)
  end)
end)
