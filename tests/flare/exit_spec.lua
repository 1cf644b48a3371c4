-- exit_spec.lua - os.exit ends the handler, whatever would catch an error.
local support = require "support"

local MESSAGE = "os.exit ends the handler: there is no process to end"

local function answer(body)
  local flare <close> = support.load(([[
    local flaron = require "flaron"
    return function()
      flaron.response.set_body "never sent"
      %s
      print "went on"
    end]]):format(body))
  return flare:request {}, flare:request {}
end

describe("os.exit", function()
  for _, call in ipairs { "os.exit()", "os.exit(0)", "os.exit(3, true)", "os.exit(true)", "os.exit(false)", "return os.exit(1)" } do
    it(("ends the handler at %s, and says where"):format(call), function()
      for _, response in ipairs { answer("do " .. call .. " end") } do
        assert.same({ 500, "Internal Server Error", false }, { response.status, response.body, response.failed })
        assert.equal(1, #response.logs)
        assert.matches("^main%.lua:4: " .. MESSAGE .. "\nstack traceback:\n", response.logs[1].text)
      end
    end)
  end

  for name, code in pairs {
    ["pcall"] = "pcall(os.exit)",
    ["pcalls in pcalls"] = "pcall(pcall, pcall, os.exit, 1)",
    ["pcall of a function that goes on"] = "pcall(function() pcall(os.exit) print 'inside' end)",
    ["a loop of pcalls"] = "while true do pcall(os.exit) end",
    ["xpcall"] = "xpcall(os.exit, function(m) return m end)",
    ["xpcall with a handler that raises"] = "xpcall(os.exit, error)",
    ["xpcall with a handler that exits"] = "xpcall(os.exit, os.exit)",
    ["a coroutine"] = "coroutine.resume(coroutine.create(os.exit))",
    ["coroutine.wrap in a pcall"] = "pcall(coroutine.wrap(function() coroutine.wrap(os.exit)() print 'inside' end))",
    ["coroutine.close"] = [[
      local exits = setmetatable({}, { __close = function() os.exit() end })
      local co = coroutine.create(function() local x <close> = exits coroutine.yield() end)
      coroutine.resume(co)
      pcall(coroutine.close, co)]],
    ["a variable that is closed"] = [[
      local tells = setmetatable({}, { __close = function() print "closed" end })
      pcall(function() local x <close> = tells os.exit() end)]],
    ["a metamethod"] = "pcall(function() return setmetatable({}, { __index = function() os.exit() end }).x end)",
    ["table.sort"] = "pcall(table.sort, { 3, 2, 1 }, function() os.exit() end)",
    ["string.gsub"] = "pcall(string.gsub, 'abc', '.', function() os.exit() end)",
    ["load's reader"] = "load(function() os.exit() end)",
    ["a require"] = "package.preload.x = function() os.exit() end local name = 'x' pcall(require, name)",
  } do
    it(("is not caught by %s"):format(name), function()
      for _, response in ipairs { answer(code) } do
        assert.same({ 500, "Internal Server Error" }, { response.status, response.body })
        assert.equal(1, #response.logs, response.logs[1].text)
        assert.matches(MESSAGE, response.error, 1, true)
      end
    end)
  end

  it("in a finalizer ends the handler at the next instruction", function()
    local response = answer "setmetatable({}, { __gc = function() os.exit() end }) collectgarbage()"
    assert.equal(500, response.status)
    assert.matches(MESSAGE, response.error, 1, true)
  end)

  it("closes the connection in an event", function()
    local flare <close> = support.load "return { ws_message = function() pcall(os.exit) end }"
    assert.equal(1011, flare:event("message", { data = "" }).close_code)
  end)

  it("at start-up refuses to pack, with file and line", function()
    local none, message = support.try_load "local x\npcall(os.exit, 1)\nreturn print"
    assert.is_nil(none)
    assert.matches("main.lua:2: " .. MESSAGE, message, 1, true)
  end)

  it("checks its argument as Lua does", function()
    local response = support.answer "return { body = select(2, pcall(os.exit, {})) }"
    assert.equal("bad argument #1 to 'os.exit' (number expected, got table)", response.body)
  end)
end)
