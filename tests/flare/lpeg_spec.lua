-- lpeg_spec.lua - the part lpeg: LPeg's own test script, re, what is nested deep, and memory from one invocation to the next.
local support = require "support"

local function answer(main)
  local flare <close> = support.load { ["main.lua"] = main }
  return flare:request().body
end

describe("lpeg", function()
  it("passes its own test script", function()
    local test = assert(support.read "build/src/lpeg/test.lua")
    local flare <close> = support.load({
      ["main.lua"] = [[
        return function()
          dofile "test.lua"
          return { body = "done" }
        end]],
      ["test.lua"] = test,
      ["flare.lua"] = "return { modules = { 'lpeg', 're' }, assets = { 'test.lua' }, memory = '128m' }",
    }, { cpu_ms = 60000 })
    local response = flare:request()
    assert.equal("done", response.body, support.log(response, "error"))
  end)

  it("has re", function()
    assert.equal("a b|3|HELLO", answer [[
      local re = require "re"
      local words = re.compile("{| ({%w+} ' '?)* |}")
      return function()
        return { body = table.concat(words:match "a b", " ") .. "|" .. re.find("xxabc", "[a-c]+") .. "|"
          .. re.gsub("hello", "[a-z]", string.upper) }
      end]])
  end)

  it("is packed without io, debug and load, re as well", function()
    local folder = support.project { ["main.lua"] = "require 're' return function() return { body = 'x' } end" }
    local _, output = support.cli("inspect", folder)
    assert.matches("\ncut +io, debug, load, loadfile, dofile\n", output)
  end)

  it("goes on from a pattern that start-up made", function()
    assert.equal("2024-11-30", answer [[
      local lpeg = require "lpeg"
      local digits = lpeg.C(lpeg.R "09" ^ 1)
      local date = lpeg.Ct(digits * "-" * digits * "-" * digits)
      assert(date:match "1-2-3")
      return function() return { body = table.concat(date:match "2024-11-30", "-") } end]])
  end)

  it("passes on errors of functions in captures, in rules and at match time", function()
    assert.equal("false one|false two|3", answer [[
      local lpeg = require "lpeg"
      local function raise(message) return function() error(message, 0) end end
      local function say(...) return table.concat({ tostring((...)), tostring((select(2, ...))) }, " ") end
      return function()
        local plain = lpeg.P(1) / raise "one"
        local early = lpeg.Cmt(1, raise "two")
        return { body = say(pcall(plain.match, plain, "a")) .. "|" .. say(pcall(early.match, early, "a")) .. "|"
          .. (lpeg.P "ab"):match "ab" }
      end]])
  end)

  it("refuses what is nested too deep", function()
    assert.equal("false pattern is nested too deep|true 3", answer [[
      local lpeg = require "lpeg"
      local function say(...) return table.concat({ tostring((...)), tostring((select(2, ...))) }, " ") end
      return function()
        local deep = lpeg.P "u"
        for i = 1, 6000 do
          deep = "v" * deep + "w"
          if i % 25 == 0 then collectgarbage() end
        end
        local words = lpeg.P(false)
        for i = 1, 1000 do words = words + ("w" .. i) end
        return { body = say(pcall(lpeg.match, deep, "a")) .. "|" .. say(pcall(lpeg.match, words, "w1a")) }
      end]])
  end)

  it("stays within its backtrack stack", function()
    assert.equal("backtrack stack overflow (current limit is 400)", answer [[
      local lpeg = require "lpeg"
      local p = lpeg.P { "(" * lpeg.V(1) * ")" + lpeg.P(true) }
      return function() return { body = select(2, pcall(p.match, p, ("("):rep(100000))) } end]])
  end)

  it("matches within matches as deep as Lua calls C", function()
    assert.matches("C stack overflow", answer [[
      local lpeg = require "lpeg"
      local p
      p = lpeg.Cmt(1, function(subject, at) return p:match(subject, at) end)
      return function() return { body = select(2, pcall(p.match, p, ("a"):rep(1000))) } end]], 1, true)
  end)

  it("leaves nothing to the next invocation", function()
    local flare <close> = support.load { ["main.lua"] = [[
      local lpeg = require "lpeg"
      local p = lpeg.P { "a" * lpeg.V(1) * "b" + lpeg.P "" }
      return function()
        local ok = pcall(p.match, p, ("a"):rep(1000))
        lpeg.setmaxstack(10000)
        return { body = tostring(ok) .. p:match(("a"):rep(1000) .. ("b"):rep(1000)) }
      end]] }
    for _ = 1, 3 do assert.equal("false2001", flare:request().body) end
  end)
end)
