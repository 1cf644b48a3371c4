-- logging_spec.lua - flaron.logging, print and warn: lines of the host's log.
local support = require "support"

local function logs(body, options)
  local response = support.answer("local logging = flaron.logging\n" .. body, nil, options)
  assert.equal(200, response.status)
  return response.logs
end

describe("logging", function()
  for _, level in ipairs { "info", "warn", "error" } do
    it(("writes a line of level %s"):format(level), function()
      assert.same({ { level = level, text = "told" } }, logs(("logging.%s 'told'"):format(level)))
    end)

    it(("joins the arguments of %s by tabs, as print does"):format(level), function()
      local line = logs(("logging.%s('a', 1, 1.5, nil, true, 'b')"):format(level))[1]
      assert.equal("a\t1\t1.5\tnil\ttrue\tb", line.text)
    end)
  end

  it("asks __tostring and __name", function()
    local lines = logs [[
      logging.info(setmetatable({}, { __tostring = function() return "mine" end }), 2)
      logging.info(setmetatable({}, { __name = "Kind" }))]]
    assert.equal("mine\t2", lines[1].text)
    assert.matches("^Kind: 0x", lines[2].text)
  end)

  it("passes on the error of a __tostring", function()
    local lines = logs [[
      local t = setmetatable({}, { __tostring = function() return {} end })
      local _, message = pcall(logging.info, t)
      logging.info(message)]]
    assert.same({ { level = "info", text = "'__tostring' must return a string" } }, lines)
  end)

  it("writes an empty line for no arguments", function()
    assert.same({ { level = "info", text = "" } }, logs "logging.info()")
  end)

  it("keeps every byte, NUL and line feed too", function()
    local lines = logs "local t = {} for b = 0, 255 do t[#t + 1] = string.char(b) end logging.warn(table.concat(t))"
    assert.equal(256, #lines[1].text)
    for b = 0, 255 do assert.equal(b, lines[1].text:byte(b + 1)) end
  end)

  it("keeps the order of lines of all levels", function()
    local lines = logs "logging.error 'a' logging.info 'b' print 'c' logging.warn 'd'"
    assert.same({ { level = "error", text = "a" }, { level = "info", text = "b" }, { level = "info", text = "c" },
      { level = "warn", text = "d" } }, lines)
  end)

  it("gets 100 lines through in an invocation, of all levels together; the others are dropped", function()
    local lines = logs "for i = 1, 60 do logging.info(i) end for i = 61, 130 do logging.error(i) end"
    assert.equal(100, #lines)
    assert.equal("1", lines[1].text)
    assert.equal("100", lines[100].text)
  end)

  it("begins anew with each invocation", function()
    local flare <close> = support.load "return function() for i = 1, 101 do print(i) end end"
    for _ = 1, 2 do assert.equal(100, #flare:request({}).logs) end
  end)

  it("is cut by the host at 4 KiB, not before", function()
    local lines = logs "logging.info(('x'):rep(4096)) logging.info(('y'):rep(5000))"
    assert.equal(("x"):rep(4096), lines[1].text)
    assert.equal(("y"):rep(4096), lines[2].text)
  end)

  it("cannot be called outside of handlers", function()
    local flare, message = support.try_load "\nrequire 'flaron'.logging.info 'x'\nreturn print"
    assert.is_nil(flare)
    assert.matches("main%.lua:2: logging%.info cannot be called here", message)
  end)
end)

describe("print", function()
  it("writes an info line", function()
    assert.same({ { level = "info", text = "a\tnil\t3" } }, logs "print('a', nil, 3)")
  end)

  it("cannot be called outside of handlers", function()
    local flare, message = support.try_load "print 'x'\nreturn print"
    assert.is_nil(flare)
    assert.matches("main%.lua:1: print cannot be called here", message)
  end)
end)

describe("warn", function()
  it("writes one warning line of its pieces", function()
    assert.same({ { level = "warn", text = "a bc" } }, logs "warn('a ', 'b', 'c')")
  end)

  it("is cut by the host at 4 KiB, not before", function()
    assert.is_true(("w"):rep(4096) == logs("warn(('w'):rep(5000))")[1].text)
  end)

  it("takes control messages without a word", function()
    assert.same({ { level = "warn", text = "x" } }, logs "warn '@on' warn 'x'")
  end)

  it("tells of an error in a finalizer", function()
    local lines = logs "setmetatable({}, { __gc = function() error 'gone' end }) collectgarbage()"
    assert.equal("warn", lines[1].level)
    assert.matches("gone", lines[1].text)
  end)
end)
