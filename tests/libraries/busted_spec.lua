-- busted_spec.lua - busted's core as Debian has it, in flares: specs that run inside of a flare. What it needs of C, the clock of
-- lua-system and LuaFileSystem, the main script hands it in package.preload, as whoever takes it into a sandbox must.
local libraries = require "libraries"
local describe = libraries.describe(describe, pending, "debian")

local body = [=[
package.preload.system = function()
  return { gettime = os.time, monotime = os.clock, sleep = function() end }
end
package.preload.lfs = function()
  local function none() return nil, "no files", 2 end
  return { attributes = none, symlinkattributes = none, currentdir = function() return "/" end }
end

local function run(spec)
  local busted = require "busted.core"()
  require "busted"(busted)
  local lines = {}
  local function note(...) lines[#lines + 1] = table.concat({ ... }, " ") end
  busted.subscribe({ "test", "end" }, function(element, _, status) note(status, element.name) return nil, true end)
  busted.subscribe({ "failure", "it" }, function(element, _, message) note("because", element.name, tostring(message)) return nil, true end)
  busted.subscribe({ "error", "it" }, function(element, _, message) note("error", element.name, tostring(message)) return nil, true end)
  busted.subscribe({ "suite", "end" }, function(_, count) note("suite", tostring(count)) return nil, true end)
  -- As test_file_loader.lua does with a file.
  local file = { getTrace = function(_, info) return info end, rewriteMessage = function(_, message) return message end }
  busted.executors.file("a_spec.lua", setmetatable(file, { __call = assert(load(spec, "@a_spec.lua")) }))
  local execute = require "busted.execute"(busted)
  execute(1, { seed = 1 })
  return table.concat(lines, "\n")
end

function cases.run()
  return run [[
    describe("a stack", function()
      local stack
      setup(function() made = 0 end)
      before_each(function() stack = {} made = made + 1 end)
      after_each(function() stack = nil end)
      it("is empty at first", function() assert.same({}, stack) end)
      it("keeps what is pushed", function() stack[1] = "x" assert.equal("x", stack[1]) assert.equal(2, made) end)
      it("fails where it fails", function() assert.equal(1, #stack) end)
      it("raises", function() error "oh" end)
      pending("has this later")
      describe("inside", function()
        it("sees globals of its block", function() assert.equal(5, made) end)
        it("spies", function() local s = spy.new(print) s(1) assert.spy(s).was.called_with(1) end)
        it("cleans up", function() finally(function() stack = 1 end) assert.is_table(stack) end)
      end)
    end)
    insulate("alone", function()
      _G.leaked = true
      it("sees its own", function() assert.is_true(leaked) end)
    end)
    it("is insulated from the others", function() assert.is_nil(leaked) end)
  ]]
end
]=]

describe("busted's core", function()
  it("runs blocks, hooks, insulation, spies and failures", function()
    local says, flare = libraries.flare({ "pl", "luassert", "say", "busted", "busted.lua", "mediator.lua", "cliargs", "cliargs.lua" }, body)
    local text = says "run"
    for _, line in ipairs {
      "success is empty at first", "success keeps what is pushed", "failure fails where it fails", "error raises", "pending has this later",
      "success sees globals of its block", "success spies", "success cleans up", "success sees its own",
      "success is insulated from the others", "suite 1",
    } do
      assert.is_truthy(text:find(line, 1, true), line .. " is missing:\n" .. text)
    end
    assert.matches("because fails where it fails a_spec%.lua:8: Expected objects to be equal", text)
    assert.matches("error raises a_spec%.lua:9: oh", text)
    flare:close()
  end)
end)
