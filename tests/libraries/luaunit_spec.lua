-- luaunit_spec.lua - LuaUnit as Debian has it, in flares: its assertions, and its runner, which writes to the flare's log.
local libraries = require "libraries"
local describe = libraries.describe(describe, pending, "debian")

local body = [=[
local lu = require "luaunit"

function cases.assertions()
  lu.assertEquals({ 1, { a = 2 } }, { 1, { a = 2 } })
  lu.assertAlmostEquals(1.0, 1.0 + 1e-13, 1e-12)
  lu.assertItemsEquals({ 1, 2, 3 }, { 3, 1, 2 })
  lu.assertErrorMsgContains("bad", error, "a bad thing")
  lu.assertStrMatches("abc", "a.c")
  lu.assertNotIs({}, {})
  lu.assertIsNaN(0 / 0)
  lu.assertTableContains({ "a", "b" }, "b")
  return (select(2, pcall(lu.assertEquals, { 1, 2 }, { 1, 3 }))), lu.prettystr { 1, x = "y" }
end

TestStack = {}
function TestStack:setUp() self.stack = {} end
function TestStack:testEmpty() lu.assertEquals(#self.stack, 0) end
function TestStack:testPush() self.stack[1] = 1 lu.assertEquals(self.stack, { 1 }) end
function TestStack:testFails() lu.assertTrue(false) end
function TestStack:testRaises() error "oh" end
function TestStack:testSkipped() lu.skip "later" end

local function run(...)
  local runner = lu.LuaUnit.new()
  runner:setOutputType(...)
  local failed = runner:runSuite("TestStack")
  local r = runner.result
  return failed, r.runCount, r.successCount, r.failureCount, r.errorCount, r.skippedCount
end

function cases.text() return run "text" end
function cases.tap() return run "tap" end
]=]

describe("LuaUnit", function()
  local says, flare
  setup(function() says, flare = libraries.flare({ "luaunit.lua" }, body) end)
  teardown(function() flare:close() end)

  it("asserts", function()
    assert.equal('LuaUnit test FAILURE: expected: {1, 3}\nactual: {1, 2}, {1, x="y"}', (says "assertions"))
  end)

  it("runs suites, and tells in the log", function()
    local answer, response = says "text"
    assert.equal("2, 4, 2, 1, 1, 1", answer)
    local text = {}
    for _, line in ipairs(response.logs) do text[#text + 1] = line.text end
    assert.matches("Ran 4 tests in [%d.]+ seconds, 2 successes, 1 failure, 1 error, 1 skipped", table.concat(text, "\n"))
  end)

  it("writes TAP", function()
    local answer, response = says "tap"
    assert.equal("2, 4, 2, 1, 1, 1", answer)
    local ok = 0
    for _, line in ipairs(response.logs) do
      if line.text:find "^ok%s+%d" then ok = ok + 1 end
    end
    assert.equal(3, ok)
  end)
end)
