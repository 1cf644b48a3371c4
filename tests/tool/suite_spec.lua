-- suite_spec.lua - tests/suite: the table of what is stepped over of Lua's test suite, and the runner, on files of our own. The
-- suite itself is `make suite LUA_SUITE=FOLDER`.
package.path = "tests/suite/?.lua;" .. package.path
local suite = require "suite"
local support = require "support"

local function entry(fields)
  local all = { name = "a.lua", lines = 6, ends = 6 }
  for key, value in pairs(fields or {}) do all[key] = value end
  return all
end

describe("the table of Lua's test suite", function()
  it("is without faults", function()
    assert.same({}, suite.faults(dofile "tests/suite/table.lua"))
  end)

  for what, case in pairs {
    ["a field that there is not"] = { { colour = "red" }, "field colour cannot be red" },
    ["a field of a wrong type"] = { { dumps = 1 }, "field dumps cannot be 1" },
    ["no end"] = { { ends = false }, "field ends cannot be false" },
    ["an end behind the last line"] = { { ends = 7 }, "does not say how many lines it has, and where it ends" },
    ["lines that are no range"] = { { cuts = { { 3, 2, "files", "x" } } }, "3 to 2: no range" },
    ["lines that overlap"] = { { cuts = { { 1, 3, "files", "x" }, { 3, 4, "files", "x" } } }, "3 to 4: not in order" },
    ["lines behind the last one"] = { { skips = { { 5, 7, "T", "x" } } }, "skips 5 to 7: the file has 6 lines" },
    ["a reason that is none"] = { { cuts = { { 1, 1, "taste", "x" } } }, "unknown reason taste" },
    ["no word about what is stepped over"] = { { cuts = { { 1, 1, "files" } } }, "does not say what is stepped over" },
    ["a reason that is none for the whole"] = { { whole = "taste" }, "unknown reason taste" },
  } do
    it("cannot have " .. what, function()
      assert.matches(case[2], table.concat(suite.faults { entry(case[1]) }, "\n"), 1, true)
    end)
  end

  it("has each file once", function()
    assert.same({ "a.lua: is there twice" }, suite.faults { entry(), entry() })
  end)
end)

describe("lines of the suite", function()
  it("are cut so that the others keep their numbers", function()
    local text = "1\n2\n3\n4\n"
    assert.equal("1\n\n\n4\n", suite.cut(text, { cuts = { { 2, 3, "files", "x" } } }))
    assert.equal("1\nlocal f\n\n4\n", suite.cut(text, { cuts = { { 2, 3, "files", "x", "local f" } } }))
    assert.equal("1\n2\n3\n\n", suite.cut(text, { cuts = { { 2, 3, "files", "x" }, { 4, 4, "files", "x" } } }, 1))
    assert.equal(text, suite.cut(text, {}))
  end)

  it("show the suite of another Lua by their number", function()
    assert.is_nil(suite.misfit(entry(), "\n\n\n\n\n\n"))
    assert.matches("^has 5 lines, not 6: ", suite.misfit(entry(), "\n\n\n\n\n"))
  end)

  it("are counted", function()
    assert.equal(4, suite.stepped(entry { cuts = { { 1, 3, "files", "x" } }, skips = { { 5, 5, "T", "x" } } }))
    assert.equal(2, suite.count "1\n2\n")
    assert.equal(2, suite.count "1\n2")
  end)
end)

describe("a file of the suite", function()
  local folder = support.folder()

  local function judged(text, fields, but)
    support.write(folder .. "/a.lua", text)
    local e = entry(fields)
    return suite.judge(e, suite.run(folder, e, { "helper.lua" }, but))
  end
  support.write(folder .. "/helper.lua", "return { answer = 42 }")

  it("ends at its last line, and returns what it should", function()
    assert.is_nil(judged("local n = 1\nassert(n == 1)\n\n\n\nprint 'OK'\n"))
    assert.is_nil(judged("assert(require'helper'.answer == 42)\n\n\n\n\nreturn 27\n", { returns = "27" }))
    assert.matches("returns 28, should be 27", judged("\n\n\n\n\nreturn 28\n", { returns = "27" }))
  end)

  it("runs in a coroutine when all.lua does so", function()
    assert.is_nil(judged("coroutine.yield 'b'\n\n\n\n\nreturn 'a'\n", { coroutine = true, returns = "ba" }))
  end)

  it("fails when it stops, with the line of its main chunk", function()
    assert.matches("^stops at line 2, should end at 6: a%.lua:1: oh\nstack traceback",
      judged("local function f() error 'oh' end\nf()\n\n\n\nprint 'OK'\n"))
    assert.matches("^stops at line 0, should end at 6: a%.lua:3:", judged "\n\n=\n\n\n\n")
  end)

  it("fails when it ends earlier than the table says, or later", function()
    assert.matches("ends at line 2, earlier than the table says, 6", judged("\nif T == nil then return end\n\n\n\nprint 'OK'\n"))
    assert.matches("ends at line 6, later than the table says, 2", judged("\n\n\n\n\nprint 'OK'\n", { ends = 2 }))
  end)

  it("may load dumps without a mode where the table says so", function()
    local text = "f = load(string.dump(function() return 1 end))\n\nassert(not load(string.dump(f)))\n\n\nreturn f()\n"
    assert.is_nil(judged(text, { dumps = { { 1, 2 } }, returns = "1" }))
    assert.matches("^stops at line 3", judged(text))
  end)

  it("fails when a line runs that the table says it steps over", function()
    local fields = { skips = { { 2, 2, "T", "x" } } }
    assert.is_nil(judged("if T then\n  print 'T'\nend\n\n\nprint 'OK'\n", fields))
    assert.matches("^stops at line 2, .*the table says that this line is skipped",
      judged("if not T then\n  print 'T'\nend\n\n\nreturn 1\n", fields))
  end)

  it("is run without a cut to see whether it is needed", function()
    local fields = { cuts = { { 1, 1, "files", "x" }, { 2, 2, "files", "x" } } }
    local text = "error 'oh'\nlocal x\n\n\n\nprint 'OK'\n"
    assert.is_nil(judged(text, fields))
    assert.matches("^stops at line 1", judged(text, fields, 1))
    assert.is_nil(judged(text, fields, 2))
  end)
end)

describe("tests/suite/run", function()
  -- Lua loads flaron.edge, which sanitizers want to come after them.
  local before = support.sanitizer

  it("asks for the folder", function()
    local code, _, message = support.run(before .. "LUA_SUITE= ENGINES=wasm2c tests/suite/run")
    assert.not_equal(0, code)
    assert.matches("LUA_SUITE=FOLDER names the suite's folder", message)
  end)

  it("refuses the suite of another Lua", function()
    local folder = support.project { ["all.lua"] = "", ["main.lua"] = "" }
    local code, _, message = support.run((before .. "LUA_SUITE=%s ENGINES=wasm2c tests/suite/run"):format(folder))
    assert.not_equal(0, code)
    assert.matches("^tests/suite/run: ", message)
  end)
end)
