-- time_spec.lua - flaron.time against a clock that stands.
local evaluate = require "evaluate"

-- 2009-02-13T23:31:30.123456Z, a Friday
local NOW = 1234567890.123456

describe("time.now", function()
  local function at(now, format)
    local flare <close> = evaluate.open { now = now }
    return flare:value(("return time.now(%s)"):format(format and ("%q"):format(format) or ""))
  end

  it("gives seconds, milliseconds and nanoseconds as integers", function()
    assert.equal("1234567890", tostring(at(NOW)))
    assert.equal("1234567890", tostring(at(NOW, "unix")))
    assert.equal("1234567890123", tostring(at(NOW, "ms")))
    assert.matches("^1234567890123456%d%d%d$", tostring(at(NOW, "ns")))
    for _, format in ipairs { "unix", "ms", "ns" } do assert.equal("integer", math.type(at(NOW, format))) end
  end)

  it("gives rfc3339 and iso8601, the same", function()
    assert.equal("2009-02-13T23:31:30Z", at(NOW, "rfc3339"))
    assert.equal("2009-02-13T23:31:30Z", at(NOW, "iso8601"))
    assert.equal("2024-02-29T00:00:00Z", at(1709164800, "rfc3339"))
  end)

  it("gives http, in English", function()
    assert.equal("Fri, 13 Feb 2009 23:31:30 GMT", at(NOW, "http"))
    assert.equal("Sun, 06 Nov 1994 08:49:37 GMT", at(784111777, "http"))
  end)

  it("takes nil for unix", function()
    local flare <close> = evaluate.open { now = NOW }
    assert.equal(1234567890, flare:value "return time.now(nil)")
  end)

  it("knows times beyond 2038 and before 1970", function()
    assert.equal(4102444800, at(4102444800))
    assert.equal("2100-01-01T00:00:00Z", at(4102444800, "rfc3339"))
    assert.equal(-86400, at(-86400))
    assert.equal("1969-12-31T00:00:00Z", at(-86400, "rfc3339"))
  end)

  it("moves with the clock within an invocation and between them", function()
    local flare <close> = evaluate.open { now = 1000 }
    assert.same({ n = 2, 1000, 1000 }, flare:run "return time.now(), time.now()")
    flare.flare:advance(61)
    assert.equal(1061, flare:value "return time.now()")
    flare.flare:set_time(5)
    assert.equal(5000, flare:value "return time.now 'ms'")
  end)

  it("asks the host each time", function()
    local flare <close> = evaluate.open { now = NOW }
    local _, response = flare:run "for _ = 1, 7 do time.now 'ns' end"
    assert.equal(7, response.calls.timestamp)
  end)

  it("is the machine's clock when none stands", function()
    local flare <close> = evaluate.open()
    assert.is_true(math.abs(os.time() - flare:value "return time.now()") <= 2)
  end)

  it("refuses formats that the ABI does not have", function()
    local flare <close> = evaluate.open()
    assert.equal("bad argument #1 to 'time.now' "
      .. "(invalid format 'epoch': unix, ms, ns, rfc3339, iso8601 or http expected)", flare:fault "time.now 'epoch'")
    assert.matches("bad argument #1 to 'time.now' %(invalid format ''", flare:fault "time.now ''")
    assert.matches("bad argument #1 to 'time.now' %(invalid format 'UNIX'", flare:fault "time.now 'UNIX'")
    assert.equal("bad argument #1 to 'time.now' (string expected, got table)", flare:fault "time.now {}")
  end)

  it("refuses a format with a NUL behind a good one", function()
    local flare <close> = evaluate.open()
    assert.matches("bad argument #1 to 'time.now'", flare:fault "time.now 'unix\\0'")
  end)
end)
