-- luacheck_spec.lua - luacheck as Debian has it, in flares, by the interface that its manual has for programs. What it needs of
-- LuaFileSystem, for its command line alone, the main script hands it.
local libraries = require "libraries"
local describe = libraries.describe(describe, pending, "debian")

local body = [=[
package.preload.lfs = function() return {} end
local luacheck = require "luacheck"

local function warnings(source, options)
  local report = luacheck.check_strings({ source }, options)
  local list = {}
  for _, warning in ipairs(report[1]) do
    list[#list + 1] = ("%d:%d %s %s"):format(warning.line, warning.column, warning.code, luacheck.get_message(warning))
  end
  return table.concat(list, "\n"), report.warnings, report.errors, report.fatals
end

function cases.clean() return warnings("local x = 1\nreturn x\n") end
function cases.warns()
  return warnings("local a, b = 1\nlocal function f() undefined() end\nprint(a)\nif a then end\n", { std = "lua54" })
end
function cases.options() return warnings("foo = 1 return bar", { globals = { "foo" }, ignore = { "113" } }) end
function cases.inline() return warnings("local x -- luacheck: ignore\n") end
function cases.syntax() return warnings("local = 5") end
function cases.large()
  local lines = {}
  for i = 1, 500 do lines[i] = ("local function f%d(x) if x > %d then return x * 2 else return f%d end end"):format(i, i, i) end
  return select(2, warnings("return function() " .. table.concat(lines, "\n", 1, 150) .. " end"))
end
]=]

describe("luacheck", function()
  local says, flare
  setup(function() says, flare = libraries.flare({ "luacheck", "argparse.lua" }, body) end)
  teardown(function() flare:close() end)

  it("finds nothing where nothing is", function() assert.equal(", 0, 0, 0", (says "clean")) end)

  it("finds what is unused, undefined, empty", function()
    assert.equal(table.concat({
      "1:10 211 unused variable 'b'", "2:16 211 unused function 'f'",
      "2:20 113 accessing undefined variable 'undefined'", "4:6 542 empty if branch, 4, 0, 0",
    }, "\n"), (says "warns"))
  end)

  it("heeds options and inline ones", function()
    assert.equal(", 0, 0, 0", (says "options"))
    assert.equal(", 0, 0, 0", (says "inline"))
  end)

  it("names errors of syntax", function() assert.matches("^1:7 011 expected identifier near '='", (says "syntax")) end)

  it("reads a larger file", function() assert.equal("150", (says "large"):match "^%d+") end)
end)
