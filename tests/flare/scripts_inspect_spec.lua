-- scripts_inspect_spec.lua - flaron.inspect: values that read back, those that cannot, and limits.
local evaluate = require "evaluate"

describe("flaron.inspect", function()
  local flare

  setup(function() flare = evaluate.open({}, { ["flare.lua"] = "return { modules = { 'flaron.inspect' } }" }) end)

  teardown(function() flare:close() end)

  -- The text of a value in one line; `options` go in front.
  local function text(value, options)
    return flare:value(("local v = %s return require 'flaron.inspect'.text(v, { %s indent = '' })"):format(value, options or ""))
  end

  it("writes what reads back the same", function()
    assert.equal("good", flare:value [=[
      local inspect, state = require "flaron.inspect", 7
      local function random(most)
        state = state * 6364136223846793005 + 1442695040888963407
        return (state >> 33) % most
      end
      local function make(depth)
        local kind = random(depth > 4 and 6 or 8)
        if kind == 0 then return random(2) == 0 end
        if kind == 1 then return random(1 << 30) * (random(2) * 2 - 1) end
        if kind == 2 then return string.unpack("d", string.pack("i8", state)) end
        if kind == 3 then return ({ math.huge, -math.huge, math.maxinteger, math.mininteger, 0.0, -0.0, 1e300, 2^53 })[random(8) + 1] end
        if kind <= 5 then
          local bytes = {}
          for n = 1, random(12) do bytes[n] = random(3) == 0 and utf8.char(random(0x3000)) or string.char(random(256)) end
          return table.concat(bytes)
        end
        local made = {}
        for n = 1, random(6) do
          local key = random(2) == 0 and n or make(9)
          if key ~= key then key = "nan" end
          made[key] = make(depth + 1)
        end
        return made
      end
      local function same(a, b)
        if type(a) ~= "table" or type(b) ~= "table" then
          return math.type(a) == math.type(b) and (a == b and (a ~= 0 or 1 / a == 1 / b) or a ~= a and b ~= b)
        end
        for key, value in pairs(a) do if not same(value, b[key]) then return false end end
        for key in pairs(b) do if a[key] == nil then return false end end
        return true
      end
      for _ = 1, 2000 do
        local value = make(1)
        for _, indent in ipairs { "", "  " } do
          local text = inspect.text(value, { indent = indent })
          if not same(load("return " .. text)(), value) then error(text) end
        end
      end
      return "good"]=])
  end)

  it("writes strings as UTF-8, and the rest as numbers", function()
    assert.equal('"a\\"b\\\\c\\n\\r\\t\\x00\\x1B\\x7F"', text [["a\"b\\c\n\r\t\0\27\127"]])
    assert.equal('"äé€😀"', text [["äé€😀"]])
    assert.equal('"\\xFF\\xC3(\\xE2\\x82ä\\xC2\\x85\\xED\\xA0\\x80"', text [["\xFF\xC3(\xE2\x82ä\xC2\x85\xED\xA0\x80"]])
  end)

  it("writes keys in order, and as names where Lua takes them", function()
    assert.equal('{ 1, 2, [-1] = 0, [1.5] = 0, [4] = 0, [""] = 0, a = 0, a_1 = 0, ["and"] = 0, ["b c"] = 0, ["ä"] = 0, [true] = 0, '
      .. "[false] = 0 }",
      text "{ ['b c'] = 0, a = 0, [4] = 0, [1.5] = 0, [-1] = 0, [true] = 0, [false] = 0, ['and'] = 0, ['ä'] = 0, [''] = 0, a_1 = 0, 1, 2 }")
    assert.equal("{ [{ 1 }] = 2, [<function 1>] = 3, [<thread 1>] = 4 }",
      text "{ [coroutine.create(print)] = 4, [print] = 3, [{ 1 }] = 2 }")
    assert.equal("{}", text "{}")
    assert.equal("nil", text "nil")
  end)

  it("indents", function()
    assert.equal('{\n  1,\n  a = {\n    {},\n  },\n}', flare:value "return require 'flaron.inspect'.text { 1, a = { {} } }")
    assert.equal('{\n\t1,\n}', flare:value "return require 'flaron.inspect'.text({ 1 }, { indent = '\\t' })")
  end)

  it("numbers what comes twice, and ends in cycles", function()
    assert.equal("<table 1>{ <table 1>, { <table 1> } }", text "{} v[1] = v v[2] = { v }")
    assert.equal("{ <table 1>{ 1 }, <table 1>, <table 2>{ 2 }, <table 2> }", text "{ { 1 }, 0, { 2 }, 0 } v[2] = v[1] v[4] = v[3]")
    assert.equal("{ <function 1>, <function 2>, <function 1>, <json.null>, <json.empty_array> }",
      text "{ print, next, print, json.null, json.empty_array }")
    assert.equal("<table 1>{ [<table 1>] = <table 1> }", text "{} v[v] = v")
  end)

  it("writes a table that is shared over and over once", function()
    local shared = text("{} for _ = 1, 90 do v = { v, v } end", "depth = 100, ")
    assert.is_true(#shared < 3000, #shared)
    assert.is_true(#text("{} for _ = 1, 90 do v = { v, v } end", "depth = 10, ") < 600)
  end)

  it("shows metatables, and calls none of their functions", function()
    local loud = "setmetatable({ a = 1 }, { __index = error, __pairs = error, __len = error, __tostring = error, __eq = error })"
    assert.matches('^{ a = 1, <metatable> = { __eq = <table 1>', (text(loud):gsub("function", "table")))
    assert.equal("{ a = 1 }", text(loud, "metatables = false, "))
    assert.equal('{ <metatable> = "locked" }', text "setmetatable({}, { __metatable = 'locked', __index = print })")
    assert.equal("{ <metatable> = <table 1>{ __index = <table 1> } }", text "{ __index = 0 } v.__index = v v = setmetatable({}, v)")
    assert.equal("{}", text "setmetatable({}, { __metatable = false })")
  end)

  it("tells what it leaves out", function()
    assert.equal("{ { <table> } }", text("{ { { {} } } }", "depth = 2, "))
    assert.equal("{ { {} } }", text("{ { {} } }", "depth = 2, "))
    assert.equal("<table>", text("{ 1 }", "depth = 0, "))
    assert.equal("{ 1, 2, <3 more> }", text("{ 1, 2, 3, a = 1, b = 2 }", "items = 2, "))
    assert.equal("{ 1, 2, 3, a = 1, <1 more> }", text("{ 1, 2, 3, a = 1, b = 2 }", "items = 4, "))
    assert.equal("{ <5 more> }", text("{ 1, 2, 3, a = 1, b = 2 }", "items = 0, "))
    assert.equal('"ab"<3 more bytes>', text("'abcde'", "bytes = 2, "))
    assert.equal('"ä"<2 more bytes>', text("'ää'", "bytes = 3, "))
    assert.equal('""<4 more bytes>', text("'😀'", "bytes = 3, "))
    assert.equal('"\\x80\\x80\\x80\\x80"<1 more bytes>', text("'\\x80\\x80\\x80\\x80\\x80'", "bytes = 4, "))
    assert.equal('{ [""<3 more bytes>] = 1 }', text("{ abc = 1 }", "bytes = 0, "))
    assert.equal("{ 1, <cut>", text("{ 1, 2, 3 }", "length = 5, "))
    assert.equal("{ 1, 2, 3 }", text("{ 1, 2, 3 }", "length = 11, "))
    assert.equal("<cut>", text("5", "length = 0, "))
  end)

  it("bounds the text of anything by itself", function()
    assert.is_true(#text "{} for n = 1, 5000 do v[n] = ('x'):rep(900) .. n end" < 200000)
    assert.matches("<table> }", text "{} for _ = 1, 100000 do v = { v } end", 1, true)
    assert.matches("<99000 more bytes>", text "('\\1'):rep(100000)", 1, true)
  end)

  it("refuses options that make no sense", function()
    for options, message in pairs {
      ["{ depth = -1 }"] = "option 'depth' of inspect.text: -1 is not from 0 to 100",
      ["{ depth = 101 }"] = "option 'depth' of inspect.text: 101 is not from 0 to 100",
      ["{ items = 1.5 }"] = "option 'items' of inspect.text: integer expected, got float",
      ["{ indent = 2 }"] = "option 'indent' of inspect.text: string expected, got number",
      ["{ metatable = false }"] = "unknown option 'metatable' of inspect.text: did you mean 'metatables'?",
    } do
      assert.equal(message, flare:fault(("require 'flaron.inspect'.text({}, %s)"):format(options)))
    end
  end)
end)
