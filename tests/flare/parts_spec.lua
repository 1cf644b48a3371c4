-- parts_spec.lua - modules of optional parts (runtime/parts): which requires find them, and what a flare without them says.
local support = require "support"

local function answer(files)
  local flare <close> = support.load(files)
  return flare:request({ url = "https://x.test/" }).body
end

describe("a module of a part", function()
  it("is found at start-up and late, once", function()
    assert.equal("hello true", answer { ["main.lua"] = [[
      local early = require "lpeg"
      return function()
        local late = require "lpeg"
        return { body = late.match(late.C(late.R "az" ^ 1) * -1, "hello") .. " " .. tostring(early == late) }
      end]] })
  end)

  it("is found late only", function()
    assert.equal("4", answer { ["main.lua"] = [[
      return function() return { body = tostring(require "lpeg".P "abc":match "abcd") } end]] })
  end)

  it("is found by a name that start-up makes", function()
    assert.equal("function", answer { ["main.lua"] = [[
      local made = require("lp" .. "eg")
      return function() return { body = type(made.match) } end]] })
  end)

  it("is found by a name that flare.lua has, whatever the handler makes of it", function()
    local main = [[return function() return { body = type(require(table.concat { "lp", "eg" }).match) } end]]
    assert.equal("function", answer { ["main.lua"] = main, ["flare.lua"] = "return { modules = { 'lpeg' } }" })
  end)

  it("is missing, with what to do, from a flare that did not name it", function()
    local said = answer { ["main.lua"] = [[
      return function() return { body = select(2, pcall(require, table.concat { "lp", "eg" })) } end]] }
    assert.matches("module 'lpeg' not found", said, 1, true)
    assert.matches("name it under 'modules' in flare.lua", said, 1, true)
  end)

  it("gives way to a file of the project", function()
    assert.equal("mine", answer { ["main.lua"] = "return function() return { body = require 'lpeg' } end",
      ["lpeg.lua"] = "return 'mine'" })
  end)
end)
