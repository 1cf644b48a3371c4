-- json_spec.lua - flaron.json, cjson and cjson.safe: RFC 8259 and its tricky corners.
local evaluate = require "evaluate"

local null, empty_array = evaluate.null, evaluate.empty_array

describe("json", function()
  local flare

  setup(function() flare = evaluate.open() end)
  teardown(function() flare:close() end)

  local function decode(text)
    return flare:value(("return json.decode(%q)"):format(text))
  end

  local function encode(code)
    return flare:value(("return json.encode(%s)"):format(code))
  end

  local function refused(text)
    local values = flare:run(("return pcall(json.decode, %q)"):format(text))
    assert.is_false(values[1], text)
    assert.is_string(values[2])
    local safe = flare:run(("return require 'cjson.safe'.decode(%q)"):format(text))
    assert.same({ n = 2, nil, values[2] }, safe)
    return values[2]
  end

  describe("decode", function()
    it("reads every kind of value", function()
      assert.same({ a = { 1, 2.5, "x", true, false, null }, b = {} }, decode '{"a":[1,2.5,"x",true,false,null],"b":{}}')
      assert.same({}, decode " [ ] ")
      assert.equal("x", decode '\t"x"\r\n')
      assert.is_true(decode "true")
      assert.equal(null, decode "null")
    end)

    it("passes over a byte order mark, which only a text may begin with", function()
      assert.same({ a = 1 }, decode '\xEF\xBB\xBF{"a":1}')
      assert.equal("\xEF\xBB\xBF", decode '\xEF\xBB\xBF "\xEF\xBB\xBF"')
      assert.equal("Expected object key string but found invalid token at character 5", refused '\xEF\xBB\xBF{x}')
      for _, text in ipairs { "\xEF\xBB\xBF", "\xEF\xBB\xBF\xEF\xBB\xBF1", " \xEF\xBB\xBF1", "1\xEF\xBB\xBF", "\xEF\xBB1" } do
        refused(text)
      end
      assert.equal(1, flare:value [[return require "cjson.safe".decode "\xEF\xBB\xBF1"]])
    end)

    it("reads integers exactly to 64 bits, as integers", function()
      for _, text in ipairs { "0", "1", "-1", "9007199254740993", "-9007199254740993", "9223372036854775807",
        "-9223372036854775808" } do
        local values = flare:run(("local n = json.decode(%q) return n, math.type(n)"):format(text))
        assert.same({ text, "integer" }, { tostring(values[1]), values[2] })
      end
    end)

    it("reads integers beyond 64 bits, fractions and exponents as floats", function()
      for text, number in pairs { ["9223372036854775808"] = 2.0 ^ 63, ["-9223372036854775809"] = -2.0 ^ 63,
        ["123456789012345678901234567890"] = 123456789012345678901234567890, ["1.0"] = 1.0, ["1e2"] = 100.0,
        ["1E+2"] = 100.0, ["5e-324"] = 5e-324, ["0.1"] = 0.1, ["1.7976931348623157e308"] = 1.7976931348623157e308,
        ["1e-400"] = 0.0 } do
        local values = flare:run(("local n = json.decode(%q) return n, math.type(n)"):format(text))
        assert.same({ number, "float" }, { values[1], values[2] }, text)
      end
    end)

    it("keeps the sign of -0.0, and of -0", function()
      for _, text in ipairs { "-0.0", "-0", "-0e5", "-0.000" } do
        assert.same({ -math.huge, "float" }, flare:value(("local n = json.decode(%q) return { 1 / n, math.type(n) }"):format(text)))
      end
      assert.same({ "integer", "integer" }, flare:value "return { math.type(json.decode '0'), math.type(json.decode '[0]'[1]) }")
      assert.equal("[-0.0,0,0,0]", encode "{ -0.0, 0.0, 0, -0 }")
      assert.equal(-math.huge, flare:value "return 1 / json.decode(json.encode { -0.0 })[1]")
      assert.equal("[-0.0,-0.0]", flare:value "return json.encode(json.decode '[-0,-0.0]')")
    end)

    it("reads 1e400 as infinity, which encode refuses", function()
      assert.same({ n = 2, math.huge, false }, flare:run "return json.decode '1e400', (pcall(json.encode, 1e308 * 10))")
    end)

    it("reads every escape", function()
      assert.equal("\"\\/\b\f\n\r\t", decode [["\"\\\/\b\f\n\r\t"]])
      assert.equal("A\0é€", decode [["\u0041\u0000\u00e9\u20AC"]])
      assert.equal("\u{10000}\u{10ffff}😀", decode [["\uD800\uDC00\udbff\udfff\ud83d\uDE00"]])
    end)

    it("reads keys with a NUL, empty keys and keys that need escapes", function()
      assert.same({ ["a\0b"] = 1, [""] = 2, ["\""] = 3 }, decode [[{"a\u0000b":1,"":2,"\"":3}]])
    end)

    it("reads lists and objects of every size", function()
      assert.equal("good", flare:value [[
        for n = 1, 70 do
          local list, object = {}, {}
          for i = 1, n do
            list[i] = i
            object[i] = ('"k%d":{"v":[%d]}'):format(i, i)
          end
          local decoded = json.decode("[" .. table.concat(list, ",") .. "]")
          assert(#decoded == n)
          for i = 1, n do assert(decoded[i] == i) end
          decoded = json.decode("{" .. table.concat(object, ",") .. ', "k1":{"v":["last"]}}')
          local count = 0
          for key, value in pairs(decoded) do
            assert(value.v[1] == (key == "k1" and "last" or tonumber(key:sub(2))))
            decoded[key] = nil
            count = count + 1
          end
          assert(count == n)
        end
        return "good"]])
    end)

    it("takes the last of two equal keys", function()
      assert.same({ a = 2 }, decode '{"a":1,"a":2}')
      assert.same({ a = 2 }, decode [[{"a":1,"\u0061":2}]])
    end)

    it("refuses lone surrogates", function()
      for _, text in ipairs { [["\ud800"]], [["\udc00"]], [["\ud800x"]], [["\ud800\ud800"]], [["\ud800\u0041"]],
        [["\udc00\ud800"]] } do
        refused(text)
      end
    end)

    for _, text in ipairs { "", " ", "[1,]", '{"a":1,}', "[,1]", "[1 2]", "[1", '{"a"', '{"a":', '{"a" 1}', "{a:1}",
      "{'a':1}", "{1:1}", "]", "[]]", "[] []", "nul", "nulll", "True", "undefined", "\"a", "\"a\nb\"", "\"a\tb\"",
      "\"a\0b\"", "\"\1\"", "\"\31\"", [["\x41"]], [["\u12"]], [["\u12g4"]], [["\a"]], "\"\\", "'a'",
      "01", "-", "+1", ".5", "1.", "1e", "1e+", "-01", "0x10", "-0x10", "-0x0", "NaN", "nan", "Infinity", "-Infinity",
      "inf", "1_000", "[]\0", "[1]\0[2]", "// x\n[]", "/**/[]", "\v[]", "[\u{a0}1]" } do
      it(("refuses %q"):format(text), function() refused(text) end)
    end

    it("says where and what it found", function()
      assert.matches("Expected .* but found .* at character 4", refused "[1,]")
    end)

    it("refuses what is no string", function()
      for _, argument in ipairs { "", "nil", "{}", "true" } do
        assert.is_string(flare:fault(("json.decode(%s)"):format(argument)))
      end
    end)
  end)

  describe("encode", function()
    it("writes every kind of value", function()
      assert.equal('[1,2.5,"x",true,false,null,{"a":[]}]',
        encode "{ 1, 2.5, 'x', true, false, json.null, { a = json.empty_array } }")
      assert.equal("{}", encode "{}")
      assert.equal("[]", encode "json.empty_array")
      assert.equal("null", encode "nil")
      assert.same({ n = 2, null, empty_array }, flare:run "return json.null, json.empty_array")
    end)

    it("writes integers exactly, and floats that come back the same", function()
      for _, n in ipairs { "9007199254740993", "9223372036854775807", "-9223372036854775808", "0" } do
        assert.equal(n, encode(n == "-9223372036854775808" and "math.mininteger" or n))
      end
      for _, n in ipairs { "0.1", "1/3", "1e300", "5e-324", "2^53", "2^63", "0.1 + 0.2", "1e15", "1e16", "123456.789",
        "1.7976931348623157e308", "-1e-7" } do
        assert.is_true(flare:value(("return json.decode(json.encode(%s)) == %s"):format(n, n)), n)
      end
      assert.equal("0.1", encode "0.1")
    end)

    it("refuses NaN and infinity", function()
      for _, n in ipairs { "0/0", "1/0", "-1/0" } do
        assert.matches("must not be NaN or Inf", flare:fault(("json.encode(%s)"):format(n)))
      end
    end)

    it("escapes what must be escaped", function()
      local text = encode [["\"\\\0\1\31\n\t\127é"]]
      assert.matches([[^"\"\\\u0000\u0001\u001[fF]\n\t]], (text:gsub("%%", "")))
      assert.is_true(flare:value [[
        for byte = 0, 127 do
          local text = json.encode(string.char(byte))
          if text:find "%c" and byte ~= 127 or json.decode(text) ~= string.char(byte) then return byte end
        end
        return true]])
    end)

    it("refuses what JSON cannot say", function()
      for _, value in ipairs { "print", "coroutine.create(print)", "{ f = print }", "{ [true] = 1 }", "{ [{}] = 1 }" } do
        assert.is_string(flare:fault(("json.encode(%s)"):format(value)))
      end
    end)

    it("refuses lists with great holes, and writes small ones as null", function()
      assert.matches("sparse", flare:fault "json.encode { [1] = 1, [1000] = 2 }")
      assert.equal("[1,null,3]", encode "{ 1, nil, 3 }")
    end)

    it("writes numeric keys of a table with names as text", function()
      assert.same({ ["1"] = "a", x = "b" }, flare:value "return json.decode(json.encode { 'a', x = 'b' })")
    end)
  end)

  describe("deep nesting", function()
    it("works to 1,000 tables both ways", function()
      assert.is_true(flare:value [[
        local text = ("["):rep(1000) .. ("]"):rep(1000)
        local value = json.decode(text)
        for _ = 1, 999 do value = value[1] end
        return next(value) == nil]])
      assert.equal(999 + 999 + 2, flare:value [[
        local t = json.empty_array
        for _ = 1, 999 do t = { t } end
        return #json.encode(t)]])
    end)

    it("beyond is an error that can be caught, never a trap: 1,001, 100,000 and a million", function()
      for _, depth in ipairs { 1001, 100000, 1000000 } do
        for _, open in ipairs { "[", '{"a":' } do
          local values = flare:run(("return pcall(json.decode, (%q):rep(%d))"):format(open, depth))
          assert.is_false(values[1])
          assert.matches("too many nested", values[2])
        end
      end
      assert.matches("excessive nesting", flare:fault "local t = {} for _ = 1, 5000 do t = { t } end json.encode(t)")
      assert.matches("excessive nesting", flare:fault "local t = {} t[1] = t json.encode(t)")
    end)

    it("works inside of 150 nested pcalls and in a coroutine", function()
      assert.is_true(flare:value [[
        local text = ("["):rep(1000) .. ("]"):rep(1000)
        local function deep(n)
          if n == 0 then return (pcall(json.decode, text)) or "refused" end
          local ok, result = pcall(deep, n - 1)
          return ok and result
        end
        local inside = deep(150)
        local co = coroutine.wrap(function() return #json.encode(json.decode(text)) end)
        return inside == true and co() == 2000 or inside == "refused"]])
    end)
  end)

  describe("as OpenResty has it", function()
    -- In an instance of its own, since a setting holds for the rest of the invocation.
    local function with(code)
      return flare:value("local cjson = json.new() " .. code)
    end

    it("writes empty tables with empty_array_mt as []", function()
      assert.equal('{"list":[]}', with "return cjson.encode { list = setmetatable({}, cjson.empty_array_mt) }")
      assert.equal('[1,2]', with "return cjson.encode(setmetatable({ 1, 2 }, cjson.empty_array_mt))")
      assert.equal('{"a":1}', with "return cjson.encode(setmetatable({ a = 1 }, cjson.empty_array_mt))")
      assert.equal('[[],{},[]]', with [[return cjson.encode { setmetatable({}, cjson.empty_array_mt), {}, cjson.empty_array }]])
    end)

    it("writes tables with array_mt as arrays, whatever is in them", function()
      assert.equal("[]", with "return cjson.encode(setmetatable({}, cjson.array_mt))")
      assert.equal('["hello","world"]', with "return cjson.encode(setmetatable({ 'hello', 'world' }, cjson.array_mt))")
      assert.equal('["one","two",null,"three"]', with [[
        local t = { "one", "two", nil, "three" }
        t.foo = "bar"
        return cjson.encode(setmetatable(t, cjson.array_mt))]])
      assert.equal("[]", with "return cjson.encode(setmetatable({ a = 1 }, cjson.array_mt))")
      assert.equal("[[[]]]", with "local m = cjson.array_mt return cjson.encode { { setmetatable({}, m) } }")
    end)

    it("has the same two metatables in every instance, and cjson.safe", function()
      assert.is_true(with [[
        local safe = require "cjson.safe"
        return cjson.array_mt == json.array_mt and safe.array_mt == json.array_mt and safe.new().array_mt == json.array_mt
          and cjson.empty_array_mt == json.empty_array_mt and safe.empty_array_mt == json.empty_array_mt
          and json.array_mt ~= json.empty_array_mt and getmetatable(json.decode "[]") == nil]])
    end)

    it("writes empty tables as [] when it is told to", function()
      assert.equal('true {} false [] [{},[]]', with [[
        local before, object = cjson.encode_empty_table_as_object(), cjson.encode {}
        local after, list = cjson.encode_empty_table_as_object(false), cjson.encode {}
        cjson.encode_empty_table_as_object "on"
        local both = cjson.encode { {}, cjson.empty_array }
        return table.concat({ tostring(before), object, tostring(after), list, both }, " ")]])
      assert.equal("{}", encode "{}")
    end)

    it("keeps [] through decode and encode with decode_array_with_array_mt", function()
      local text = [=[[[],{},[[]],[1]]]=]
      assert.equal("[{},{},[{}],[1]]", flare:value(("return json.encode(json.decode %q)"):format(text)))
      assert.equal(text, with(("cjson.decode_array_with_array_mt(true) return cjson.encode(cjson.decode %q)"):format(text)))
      assert.equal('{"items":[]}', with [[
        cjson.decode_array_with_array_mt(true)
        local t = cjson.decode '{"items":["a"]}'
        t.items[1] = nil
        return getmetatable(t.items) == cjson.array_mt and getmetatable(t) == nil and cjson.encode(t)]])
      assert.same({ false, true, false }, with [[
        return { cjson.decode_array_with_array_mt(), cjson.decode_array_with_array_mt(true), cjson.decode_array_with_array_mt "off" }]])
    end)

    it("leaves / as it is when it is told to", function()
      assert.equal([["http:\/\/a\/"]], encode "'http://a/'")
      assert.equal([[{"a/b":"http://a/\"\\"}]], with [[
        cjson.encode_escape_forward_slash(false)
        return cjson.encode { ["a/b"] = 'http://a/"\\' }]])
      assert.equal([["\/"]], with [[
        cjson.encode_escape_forward_slash(false)
        cjson.encode_escape_forward_slash(true)
        return cjson.encode "/"]])
      assert.equal([["\/"]], encode "'/'")
    end)

    it("writes up to 16 digits", function()
      assert.equal("9007199254740992", with "cjson.encode_number_precision(16) return cjson.encode(2 ^ 53)")
      assert.equal("0.3333333333333333 0.33 1e+20", with [[
        cjson.encode_number_precision(16)
        local long = cjson.encode(1 / 3)
        cjson.encode_number_precision(2)
        return long .. " " .. cjson.encode(1 / 3) .. " " .. cjson.encode(1e20)]])
      assert.equal(16, with "return cjson.encode_number_precision(16)")
      for _, digits in ipairs { 0, 17, -1 } do
        assert.matches("expected integer between 1 and 16", flare:fault(("json.new().encode_number_precision(%d)"):format(digits)))
      end
    end)

    it("refuses settings of a wrong kind", function()
      for _, name in ipairs { "encode_empty_table_as_object", "encode_escape_forward_slash", "decode_array_with_array_mt" } do
        assert.matches("bad argument #1", flare:fault(("json.new().%s(7)"):format(name)))
        assert.matches("bad argument #1 to .* %(invalid option 'maybe'%)", flare:fault(("json.new().%s 'maybe'"):format(name)))
        assert.matches("found too many arguments", flare:fault(("json.new().%s(true, true)"):format(name)))
      end
    end)

    it("reads numbers that are none when it is told to, and nothing else", function()
      assert.same({ 16, -16, 1, 1, 0.5, -math.huge, true }, with [[
        cjson.decode_invalid_numbers(true)
        local nan = cjson.decode "-NaN"
        return { cjson.decode "0x10", cjson.decode "-0x10", cjson.decode "+1", cjson.decode "01", cjson.decode "[0.5]"[1],
          cjson.decode "-Infinity", nan ~= nan and tostring(nan) == "nan" }]])
      for _, text in ipairs { "nul", "x", "-", "tru", "'a'" } do
        assert.is_false(with(("cjson.decode_invalid_numbers(true) return (pcall(cjson.decode, %q))"):format(text)), text)
      end
    end)

    it("takes what start-up set, in every invocation, and not what a handler sets", function()
      local support = require "support"
      local packed <close> = support.load [[
        local cjson = require "cjson"
        cjson.decode_array_with_array_mt(true)
        local kept = cjson.decode "[]"
        return function()
          local text = cjson.encode { kept, cjson.decode "[]", setmetatable({}, cjson.array_mt), {}, "/" }
          cjson.encode_empty_table_as_object(false)
          return { body = text }
        end]]
      for _ = 1, 2 do assert.equal([=[[[],[],[],{},"\/"]]=], packed:request({}).body) end
    end)
  end)

  it("cjson.safe gives nil and a message where cjson raises", function()
    local values = flare:run "return require 'cjson.safe'.encode(print)"
    assert.is_nil(values[1])
    assert.is_string(values[2])
    assert.same({ n = 1, "[1]" }, flare:run "return require 'cjson.safe'.encode { 1 }")
  end)

  it("a script's configuration of cjson does not reach the bindings", function()
    flare.flare:stub_fetch("", { status = 201, headers = { a = "b" }, body = "x" })
    local values = flare:run [[
      json.decode_max_depth(1)
      json.encode_max_depth(1)
      json.encode_number_precision(1)
      local r = beam.fetch("http://a/", { headers = { c = "d" } })
      return r.status, r.headers.a]]
    assert.same({ n = 2, 201, "b" }, values)
  end)

  -- Needs lua-cjson to give a large buffer back after encoding (runtime/json/patches/memory-may-end.patch).
  it("a string of 5 MiB is encoded and decoded within 32 MiB", function()
    local values, response = flare:run [[
      local text = ("<plain> "):rep(5 * 1024 * 1024 // 8)
      local encoded = json.encode(text)
      return json.decode(encoded) == text, #encoded]]
    assert.same({ n = 2, true, 5 * 1024 * 1024 + 2 }, values)
    assert.is_true(response.memory <= 32 << 20)
  end)

  it("a string of 5 MiB with an escape every three bytes is too, when the script lets go of it", function()
    local values, response = flare:run [[
      local text = ("é\"\n<x>"):rep(5 * 1024 * 1024 // 7)
      local encoded = json.encode(text)
      local size = #text
      text = nil
      local decoded = json.decode(encoded)
      return #decoded == size and decoded:sub(-14) == ("é\"\n<x>"):rep(2), #encoded]]
    assert.same({ n = 2, true, 5 * 1024 * 1024 // 7 * 9 + 2 }, values)
    assert.is_true(response.memory <= 32 << 20)
  end)

  it("what does not fit is not enough memory, again and again, and leaves nothing behind", function()
    local small <close> = evaluate.open { memory = 4 << 20 }
    local values, response = small:run [[
      local text = ("\1"):rep(700000)
      local messages = {}
      for i = 1, 20 do
        local ok, message = pcall(json.encode, text)
        messages[i] = ok or message
      end
      text = nil
      collectgarbage() collectgarbage()
      return messages[1], messages[20], (pcall(string.rep, "x", 500000)), json.encode { 1 }]]
    assert.matches("not enough memory", values[1])
    assert.matches("not enough memory", values[2])
    assert.same({ true, "[1]" }, { values[3], values[4] })
    assert.is_true(response.memory <= 4 << 20)
  end)
end)
