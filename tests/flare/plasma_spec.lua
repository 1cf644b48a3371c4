-- plasma_spec.lua - flaron.plasma: registers and counters that edges share, and each refusal.
local evaluate = require "evaluate"

describe("plasma.get and plasma.set", function()
  it("keep a value for later invocations", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1, true }, flare:run "return plasma.set('key', 'a\\0b')")
    assert.same({ n = 1, "a\0b" }, flare:run "return plasma.get 'key'")
    assert.same({ key = "a\0b" }, flare.flare:contents "plasma")
  end)

  it("give one nil for a key that is not there", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1 }, flare:run "return plasma.get 'none'")
  end)

  it("give one nil for an empty value, which the host cannot hand over", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1 }, flare:run "plasma.set('k', '') return plasma.get 'k'")
    assert.same({ "k" }, flare:value "return plasma.list()")
  end)
end)

describe("plasma.delete", function()
  it("takes a key away and answers true, also when it is not there", function()
    local flare <close> = evaluate.open { plasma = { a = "1" } }
    assert.same({ n = 2, true, true }, flare:run "return plasma.delete 'a', plasma.delete 'none'")
    assert.same({}, flare.flare:contents "plasma")
  end)
end)

describe("plasma.increment and plasma.decrement", function()
  it("count by one and give the new value, an integer", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 3, 1, 2, 1 },
      flare:run "return plasma.increment 'c', plasma.increment 'c', plasma.decrement 'c'")
    assert.equal("integer", flare:value "return math.type(plasma.increment 'c')")
    assert.same({ c = "2" }, flare.flare:contents "plasma")
  end)

  it("count by a delta, below zero too", function()
    local flare <close> = evaluate.open { plasma = { c = 10 } }
    assert.same({ n = 4, 15, -5, -8, -8 }, flare:run [[
      return plasma.increment("c", 5), plasma.decrement("c", 20), plasma.increment("c", -3), plasma.increment("c", 0)]])
  end)

  it("count in 64 bits", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 2, math.maxinteger, math.maxinteger - 1 },
      flare:run "return plasma.increment('c', math.maxinteger), plasma.decrement 'c'")
    assert.same({ n = 1, math.mininteger }, flare:run "return plasma.increment('d', math.mininteger)")
    assert.same({ n = 1, 1 << 40 }, flare:run "return plasma.increment('e', 1 << 40)")
  end)

  it("give nil and a message, not 0, when the host refuses", function()
    local refused = { n = 2, nil, "refused" }
    local flare <close> = evaluate.open { plasma = { text = "value", full = math.maxinteger } }
    assert.same(refused, (flare:run "return plasma.increment 'text'"))
    assert.same(refused, (flare:run "return plasma.increment 'full'"))
    assert.same(refused, (flare:run "return plasma.decrement 'bad key'"))
    local forbidden <close> = evaluate.open { writes_plasma_kv = false }
    assert.same(refused, (forbidden:run "return plasma.increment 'c'"))
    local values, response = forbidden:run "return plasma.decrement 'c'"
    assert.same(refused, values)
    assert.same({ { level = "warn", text = "plasma.decrement: no capability: flare.lua has no writes_plasma_kv = true" } }, response.logs)
  end)

  it("refuse to count up to zero as well as to nothing", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 2, 1, 0 }, flare:run "return plasma.increment 'c', plasma.decrement 'c'")
  end)
end)

describe("plasma.list", function()
  it("gives the keys of values and counters, sorted", function()
    local flare <close> = evaluate.open { plasma = { b = "x", a = 1 } }
    assert.same({ "a", "b" }, flare:value "return plasma.list()")
  end)

  it("gives an empty list when there are none", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1, {} }, flare:run "return plasma.list()")
  end)
end)

describe("plasma's refusals", function()
  local function refusal(options, code)
    local flare <close> = evaluate.open(options)
    return (flare:run("return " .. code))
  end

  it("are 1, not available, without a store", function()
    assert.same({ n = 3, nil, "not available", 1 }, refusal({ store = false }, "plasma.set('k', 'v')"))
    assert.same({ n = 3, nil, "not available", 1 }, refusal({ store = false }, "plasma.delete 'k'"))
    assert.same({ n = 2, nil, "not available" }, refusal({ store = false }, "plasma.list()"))
  end)

  it("are 2, write limit: sets, deletes and counting together", function()
    assert.same({ n = 3, nil, "write limit", 2 }, refusal({ max_plasma_writes = 0 }, "plasma.set('k', 'v')"))
    assert.same({ n = 3, nil, "write limit", 2 }, refusal({ max_plasma_writes = 0 }, "plasma.delete 'k'"))
    assert.same({ n = 6, true, 1, true, nil, "write limit", 2 }, refusal({ max_plasma_writes = 3 },
      "plasma.set('k', 'v'), plasma.increment 'c', plasma.delete 'k', plasma.set('k', 'v')"))
  end)

  it("are 3, too large, from max_kv_value_bytes on", function()
    assert.same({ n = 1, true }, refusal({}, "plasma.set('k', ('x'):rep(65536))"))
    assert.same({ n = 3, nil, "too large", 3 }, refusal({}, "plasma.set('k', ('x'):rep(65537))"))
  end)

  it("are 4, bad key", function()
    for _, key in ipairs { "''", "'a b'", "'ä'", "'__flaron:x'", "'__sys:x'", "('k'):rep(257)" } do
      assert.same({ n = 3, nil, "bad key", 4 }, refusal({}, ("plasma.set(%s, 'v')"):format(key)))
      assert.same({ n = 3, nil, "bad key", 4 }, refusal({}, ("plasma.delete(%s)"):format(key)))
    end
  end)

  it("are 5, no capability", function()
    assert.same({ n = 3, nil, "no capability", 5 }, refusal({ writes_plasma_kv = false }, "plasma.set('k', 'v')"))
    assert.same({ n = 3, nil, "no capability", 5 }, refusal({ writes_plasma_kv = false }, "plasma.delete 'k'"))
  end)

  it("are 6, internal error", function()
    local flare <close> = evaluate.open()
    flare.flare:fail("plasma_set", 6)
    flare.flare:fail("plasma_delete", 6)
    assert.same({ n = 3, nil, "internal error", 6 }, flare:run "return plasma.set('k', 'v')")
    assert.same({ n = 3, nil, "internal error", 6 }, flare:run "return plasma.delete 'k'")
  end)
end)

describe("plasma's arguments", function()
  local flare

  setup(function() flare = evaluate.open() end)
  teardown(function() flare:close() end)

  local wrong = {
    ["plasma.get()"] = "#1 to 'plasma.get' (string expected, got no value)",
    ["plasma.get 'a\\0'"] = "#1 to 'plasma.get' (contains a NUL)",
    ["plasma.set 'k'"] = "#2 to 'plasma.set' (string expected, got no value)",
    ["plasma.set('\\0', '')"] = "#1 to 'plasma.set' (contains a NUL)",
    ["plasma.set('k', {})"] = "#2 to 'plasma.set' (string expected, got table)",
    ["plasma.delete {}"] = "#1 to 'plasma.delete' (string expected, got table)",
    ["plasma.delete '\\0k'"] = "#1 to 'plasma.delete' (contains a NUL)",
    ["plasma.increment()"] = "#1 to 'plasma.increment' (string expected, got no value)",
    ["plasma.increment 'k\\0'"] = "#1 to 'plasma.increment' (contains a NUL)",
    ["plasma.increment('k', 'x')"] = "#2 to 'plasma.increment' (number expected, got string)",
    ["plasma.increment('k', 0.5)"] = "#2 to 'plasma.increment' (number has no integer representation)",
    ["plasma.decrement('k', {})"] = "#2 to 'plasma.decrement' (number expected, got table)",
    ["plasma.decrement '\\0'"] = "#1 to 'plasma.decrement' (contains a NUL)",
  }
  for call, message in pairs(wrong) do
    it(("are checked: %s"):format(call), function()
      assert.equal("bad argument " .. message, flare:fault(call))
    end)
  end
end)
