-- luassert_spec.lua - luassert as Debian has it, in flares: its assertions, messages, spies, stubs and matchers.
local libraries = require "libraries"
local describe = libraries.describe(describe, pending, "debian")

local body = [=[
local assert, say = require "luassert", require "say"
local spy, stub, mock, match = require "luassert.spy", require "luassert.stub", require "luassert.mock", require "luassert.match"

local function message(...) return tostring(select(2, pcall(...))) end

function cases.holds()
  assert(true, "as Lua's")
  assert.is_true(true)
  assert.are.equal(1, 1)
  assert.are.same({ a = { 1 } }, { a = { 1 } })
  assert.are_not.same({ 1 }, { 2 })
  assert.has.errors(function() error "x" end)
  assert.has_error(function() error "this" end, "this")
  assert.error_matches(function() error "no such thing 7" end, "thing %d")
  assert.is_nil(nil)
  assert.near(1.0, 1.05, 0.1)
  assert.matches("b+", "abbc")
  assert.unique { { 1 }, { 2 } }
  assert.truthy "x"
  assert.is.falsy(false)
  assert.is_not.number "1"
  assert.returned_arguments(2, (function() return 1, 2 end)())
  return "all"
end

function cases.equal() return message(assert.equal, 1, "1") end
function cases.same() return message(assert.same, { a = { b = 1 } }, { a = { b = 2 } }) end
function cases.lua() return message(assert, false, "plain") end

function cases.custom()
  say:set("assertion.even.positive", "Expected %s to be even")
  say:set("assertion.even.negative", "Expected %s to be odd")
  assert:register("assertion", "even", function(_, arguments) return arguments[1] % 2 == 0 end, "assertion.even.positive",
    "assertion.even.negative")
  assert.is.even(2)
  assert.is_not.even(3)
  return message(assert.is_even, 3)
end

function cases.spies()
  local object = { greet = function(name) return "hi " .. name end }
  local s = spy.on(object, "greet")
  local answer = object.greet "ada"
  assert.spy(s).was.called(1)
  assert.spy(s).was.called_with "ada"
  assert.spy(s).was_not.called_with "eve"
  assert.spy(s).returned_with "hi ada"
  local failed = message(function() assert.spy(s).was.called(2) end)
  object.greet:revert()
  return answer, spy.is_spy(object.greet), failed
end

function cases.stubs()
  local object = { save = function() error "not called" end }
  stub(object, "save").returns(7)
  local first = object.save()
  object.save.on_call_with("x").returns(8)
  local mocked = mock({ f = function() return 1 end, g = { h = print } }, true)
  mocked.g.h(1)
  assert.stub(mocked.g.h).was.called_with(1)
  return first, object.save "x", mocked.f()
end

function cases.matchers()
  local s = spy.new(function() end)
  s("text", 5, { 1 })
  assert.spy(s).was.called_with(match.is_string(), match.is_number(), match.is_table())
  assert.spy(s).was.called_with(match._, match.is_near(4.9, 0.2), match.is_same { 1 })
  assert.spy(s).was_not.called_with(match._, match.is_nil(), match._)
  return match.is_matcher(match._)
end

function cases.snapshot()
  local before = assert:snapshot()
  assert:set_parameter("TableFormatLevel", 1)
  local inside = message(assert.same, { { { 5 } } }, {})
  before:revert()
  return inside:find("= 5", 1, true), message(assert.same, { { { 5 } } }, {}):find("= 5", 1, true) ~= nil
end

-- Values of any type, those with metatables of their own as well.
function cases.metatables()
  debug.setmetatable(1, { __index = { twice = function(n) return n * 2 end } })
  assert.equal(4, (2):twice())
  assert.same(setmetatable({ 1 }, { __metatable = "locked" }), setmetatable({ 1 }, { __metatable = "locked" }))
  debug.setmetatable(1, nil)
  return getmetatable(1)
end
]=]

describe("luassert", function()
  local says, flare
  setup(function() says, flare = libraries.flare({ "pl", "luassert", "say" }, body) end)
  teardown(function() flare:close() end)

  it("holds what holds", function() assert.equal("all", (says "holds")) end)

  it("says what was passed in and what was expected", function()
    assert.matches("Expected objects to be equal%.\nPassed in:\n%(string%) '1'\nExpected:\n%(number%) 1$", (says "equal"))
    assert.matches("Expected objects to be the same%.\nPassed in:\n%(table: 0x%x+%) {.*%*%[a%] = {.*%*%[b%] = 2 } }\nExpected:",
      (says "same"))
    assert.equal("plain", (says "lua"))
  end)

  it("takes assertions of one's own", function() assert.matches("Expected %(number%) 3 to be even", (says "custom")) end)

  it("has spies", function()
    assert.matches("^hi ada, false, .*Expected to be called 2 time%(s%), but was called 1 time", (says "spies"))
  end)

  it("has stubs, mocks, matchers and snapshots", function()
    assert.equal("7, 8, nil", (says "stubs"))
    assert.equal("true", (says "matchers"))
    assert.equal("nil, true", (says "snapshot"))
  end)

  it("copes with metatables of numbers, and locked ones", function() assert.equal("nil", (says "metatables")) end)
end)
