-- spark_spec.lua - flaron.spark: the store of this edge, its expiry and each of its refusals.
local evaluate = require "evaluate"

local NOW = 1700000000

describe("spark.get and spark.set", function()
  it("keep a value for later invocations", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1, true }, flare:run "return spark.set('key', 'value')")
    assert.same({ n = 1, "value" }, flare:run "return spark.get 'key'")
    assert.same({ key = "value" }, flare.flare:contents "spark")
  end)

  it("give one nil for a key that is not there", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1 }, flare:run "return spark.get 'none'")
  end)

  it("give an empty value as the empty string", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1, "" }, flare:run "assert(spark.set('empty', '')) return spark.get 'empty'")
  end)

  it("take a number for its text", function()
    local flare <close> = evaluate.open()
    assert.equal("12", flare:value "spark.set(7, 12) return spark.get '7'")
  end)

  it("give seconds left as an integer, nothing for a key that never expires", function()
    local flare <close> = evaluate.open { now = NOW }
    assert.same({ n = 2, "v", 60 }, flare:run "spark.set('k', 'v', 60) return spark.get 'k'")
    assert.equal("integer", flare:value "return math.type(select(2, spark.get 'k'))")
    flare.flare:advance(45)
    assert.same({ n = 2, "v", 15 }, flare:run "return spark.get 'k'")
    assert.same({ n = 1, "v" }, flare:run "spark.set('k', 'v') return spark.get 'k'")
    assert.same({ n = 1, "v" }, flare:run "spark.set('k', 'v', 0) return spark.get 'k'")
  end)

  it("forget a key when its time is up", function()
    local flare <close> = evaluate.open { now = NOW }
    flare:run "spark.set('k', 'v', 60)"
    flare.flare:advance(59)
    assert.same({ n = 2, "v", 1 }, flare:run "return spark.get 'k'")
    flare.flare:advance(1)
    assert.same({ n = 1 }, flare:run "return spark.get 'k'")
    assert.same({ n = 1, {} }, flare:run "return spark.list()")
  end)

  it("find what the edge had before", function()
    local flare <close> = evaluate.open { spark = { counter = "41" } }
    assert.equal("41", flare:value "return spark.get 'counter'")
  end)
end)

describe("spark.delete", function()
  it("takes a key away and says nothing, also when it is not there", function()
    local flare <close> = evaluate.open { spark = { a = "1", b = "2" } }
    assert.same({ n = 0 }, flare:run "return spark.delete 'a'")
    assert.same({ n = 0 }, flare:run "return spark.delete 'none'")
    assert.same({ b = "2" }, flare.flare:contents "spark")
  end)
end)

describe("spark.list", function()
  it("gives the keys, sorted", function()
    local flare <close> = evaluate.open { spark = { b = "", a = "", ["x:1.2_3-4"] = "" } }
    assert.same({ "a", "b", "x:1.2_3-4" }, flare:value "return spark.list()")
  end)

  it("gives an empty list when there are none", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1, {} }, flare:run "return spark.list()")
  end)

  it("gives 2,000 keys", function()
    local keys = {}
    for i = 1, 2000 do keys["key" .. i] = "" end
    local flare <close> = evaluate.open { spark = keys }
    assert.equal(2000, flare:value "return #spark.list()")
  end)
end)

describe("spark's refusals", function()
  local function refusal(options, code)
    local flare <close> = evaluate.open(options)
    return (flare:run("return " .. code))
  end

  it("are 1, invalid ttl", function()
    for _, ttl in ipairs { -1, -2147483648, 2147483647 } do
      assert.same({ n = 3, nil, "invalid ttl", 1 }, refusal({}, ("spark.set('k', 'v', %d)"):format(ttl)))
    end
  end)

  it("are 2, too large, from max_kv_value_bytes on: 64 KiB", function()
    assert.same({ n = 1, true }, refusal({}, "spark.set('k', ('x'):rep(65536))"))
    assert.same({ n = 3, nil, "too large", 2 }, refusal({}, "spark.set('k', ('x'):rep(65537))"))
    assert.same({ n = 3, nil, "too large", 2 }, refusal({ max_kv_value_bytes = 3 }, "spark.set('k', 'four')"))
  end)

  it("are 3, write limit, and a new invocation may write again", function()
    local flare <close> = evaluate.open { max_spark_writes = 2 }
    for _ = 1, 2 do
      assert.same({ n = 5, true, true, nil, "write limit", 3 },
        flare:run "return spark.set('a', ''), spark.set('b', ''), spark.set('c', '')")
    end
  end)

  it("are 4, quota", function()
    local flare <close> = evaluate.open { spark_quota_bytes = 100 }
    assert.same({ n = 4, true, nil, "quota", 4 },
      flare:run "return spark.set('a', ('x'):rep(60)), spark.set('b', ('x'):rep(60))")
    assert.same({ n = 1, true }, flare:run "spark.delete 'a' return spark.set('b', ('x'):rep(60))")
  end)

  it("are 5, not available, without a store", function()
    assert.same({ n = 3, nil, "not available", 5 }, refusal({ store = false }, "spark.set('k', 'v')"))
    assert.same({ n = 2, nil, "not available" }, refusal({ store = false }, "spark.list()"))
    assert.same({ n = 1 }, refusal({ store = false }, "spark.get 'k'"))
  end)

  it("are 6, internal error, and 7, read limit", function()
    local flare <close> = evaluate.open()
    flare.flare:fail("spark_set", 6)
    assert.same({ n = 3, nil, "internal error", 6 }, flare:run "return spark.set('k', 'v')")
    flare.flare:fail("spark_set", 7)
    assert.same({ n = 3, nil, "read limit", 7 }, flare:run "return spark.set('k', 'v')")
    flare.flare:fail "spark_set"
    assert.same({ n = 1, true }, flare:run "return spark.set('k', 'v')")
  end)

  it("are 8, bad key", function()
    for _, key in ipairs { "''", "'a b'", "'a/b'", "'ä'", "'__flaron:x'", "'__sys:x'", "('k'):rep(257)" } do
      assert.same({ n = 3, nil, "bad key", 8 }, refusal({}, ("spark.set(%s, 'v')"):format(key)))
      assert.same({ n = 1 }, refusal({}, ("spark.get(%s)"):format(key)))
    end
    assert.same({ n = 1, true }, refusal({}, "spark.set(('k'):rep(256), 'v')"))
    assert.same({ n = 1, true }, refusal({}, "spark.set('aZ09:._-', 'v')"))
  end)

  it("are 9, no capability, while reading goes on", function()
    local options = { writes_spark_kv = false, spark = { k = "v" } }
    assert.same({ n = 3, nil, "no capability", 9 }, refusal(options, "spark.set('k', 'w')"))
    assert.same({ n = 3, nil, "no capability", 9 }, refusal(options, "spark.pull('edge', { 'k' })"))
    local flare <close> = evaluate.open(options)
    assert.same({ n = 1, "v" }, flare:run "spark.delete 'k' return spark.get 'k'")
  end)

  it("are a line of the log where there is no code: reads beyond the limit, deletes that are not allowed", function()
    local flare <close> = evaluate.open { max_spark_reads = 1, writes_spark_kv = false, spark = { k = "v" } }
    local values, response = flare:run "return spark.get 'k', spark.get 'k', spark.delete 'k'"
    assert.same({ n = 2, "v" }, values)
    assert.same({ { level = "warn", text = "spark.get: read limit" },
      { level = "warn", text = "spark.delete: no capability: flare.lua has no writes_spark_kv = true" } }, response.logs)
  end)
end)

describe("spark.pull", function()
  it("is not available on an edge that knows no other", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 3, nil, "not available", 5 }, flare:run "return spark.pull('fra1', { 'a' })")
    assert.same({ n = 3, nil, "not available", 5 }, flare:run "return spark.pull('fra1', {})")
  end)

  it("turns each negative answer into its code", function()
    local flare <close> = evaluate.open()
    local messages = { [3] = "write limit", [5] = "not available", [6] = "internal error", [8] = "bad key",
      [9] = "no capability", [77] = "unknown error" }
    for code, message in pairs(messages) do
      flare.flare:fail("spark_pull", -code)
      assert.same({ n = 3, nil, message, code }, flare:run "return spark.pull('fra1', { 'a' })")
    end
  end)

  it("gives how many keys came, 0 too", function()
    local flare <close> = evaluate.open()
    for _, count in ipairs { 0, 1, 1000 } do
      flare.flare:fail("spark_pull", count)
      assert.same({ n = 2, count, "integer" },
        flare:run "local n = spark.pull('fra1', { 'a', 'b' }) return n, math.type(n)")
    end
  end)
end)

describe("spark's arguments", function()
  local flare

  setup(function() flare = evaluate.open() end)
  teardown(function() flare:close() end)

  local wrong = {
    ["spark.get()"] = "#1 to 'spark.get' (string expected, got no value)",
    ["spark.get {}"] = "#1 to 'spark.get' (string expected, got table)",
    ["spark.get 'a\\0b'"] = "#1 to 'spark.get' (contains a NUL)",
    ["spark.set()"] = "#1 to 'spark.set' (string expected, got no value)",
    ["spark.set 'k'"] = "#2 to 'spark.set' (string expected, got no value)",
    ["spark.set('k', nil)"] = "#2 to 'spark.set' (string expected, got nil)",
    ["spark.set('k', true)"] = "#2 to 'spark.set' (string expected, got boolean)",
    ["spark.set('k\\0', 'v')"] = "#1 to 'spark.set' (contains a NUL)",
    ["spark.set('k', 'v', 'soon')"] = "#3 to 'spark.set' (number expected, got string)",
    ["spark.set('k', 'v', 1.5)"] = "#3 to 'spark.set' (number has no integer representation)",
    ["spark.set('k', 'v', 1 << 31)"] = "#3 to 'spark.set' (2147483648 is not from -2147483648 to 2147483647)",
    ["spark.delete()"] = "#1 to 'spark.delete' (string expected, got no value)",
    ["spark.delete '\\0'"] = "#1 to 'spark.delete' (contains a NUL)",
    ["spark.pull()"] = "#1 to 'spark.pull' (string expected, got no value)",
    ["spark.pull 'o'"] = "#2 to 'spark.pull' (table expected, got no value)",
    ["spark.pull('o\\0', {})"] = "#1 to 'spark.pull' (contains a NUL)",
    ["spark.pull('o', 'k')"] = "#2 to 'spark.pull' (table expected, got string)",
    ["spark.pull('o', { 'a', 2 })"] = "#2 to 'spark.pull' (key 2 is a number, not a string)",
    ["spark.pull('o', { '\\xff' })"] = "#2 to 'spark.pull' (not UTF-8: the host takes text here)",
    ["spark.pull('o', { 'a\\0b' })"] = "#2 to 'spark.pull' (key 1 contains a NUL)",
  }
  for call, message in pairs(wrong) do
    it(("are checked: %s"):format(call), function()
      assert.equal("bad argument " .. message, flare:fault(call))
    end)
  end
end)
