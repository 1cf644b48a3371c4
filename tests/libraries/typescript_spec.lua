-- typescript_spec.lua - what TypeScriptToLua makes of shop.ts, in flares.
local libraries = require "libraries"
local describe = libraries.describe(describe, pending, "npm")

describe("TypeScriptToLua's output", function()
  it("has classes, maps, generators, errors and promises", function()
    local says, flare = libraries.flare({ "shop.lua", "lualib_bundle.lua" }, [[
      local shop = require "shop"
      function cases.report() return table.concat(shop.report { "a", "b", "c" }, "\n") end
    ]])
    assert.equal([[
Lua at 6
first a, rest B+C
taken; OutOfStock: no cup left
pen=2 cup=0 tries=2
35
3 Flaron 42 3
3,1
sum 6
x ab]], (says "report"))
    flare:close()
  end)
end)
