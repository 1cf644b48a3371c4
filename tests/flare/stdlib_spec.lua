-- stdlib_spec.lua - Lua's own libraries in a flare: how they differ, in detail. Which names there are and which of them
-- differ is stdlib_table_spec.lua's.
local evaluate = require "evaluate"
local support = require "support"

-- 2009-02-13T23:31:30Z
local NOW = 1234567890

local function sorted(words)
  local list = {}
  for word in words:gmatch "%S+" do list[#list + 1] = word end
  table.sort(list)
  return list
end

local function fields(flare, name)
  local code = "local list = {} for k in pairs(%s) do list[#list + 1] = tostring(k) end return list"
  local list = flare:value(code:format(name))
  table.sort(list)
  return list
end

describe("the standard library", function()
  local flare

  setup(function() flare = evaluate.open { now = NOW } end)
  teardown(function() flare:close() end)

  it("is Lua 5.4", function()
    assert.equal("Lua 5.4", flare:value "return _VERSION")
  end)

  it("has nothing in package.loaded but its libraries, flaron and cjson", function()
    local expected = sorted [[_G coroutine debug io math os package string table utf8 cjson flaron flaron.request
      flaron.response flaron.beam flaron.spark flaron.plasma flaron.secrets flaron.crypto flaron.encoding flaron.id
      flaron.time flaron.logging flaron.ws flaron.json]]
    assert.same(expected, fields(flare, "package.loaded"))
  end)

  describe("flaron", function()
    local modules = {
      request = "method url header body",
      response = "set_status set_header set_body set_body_str",
      beam = "fetch",
      spark = "get set delete list pull",
      plasma = "get set delete increment decrement list",
      secrets = "get",
      crypto = "hash hmac sign_jwt encrypt_aes decrypt_aes random_bytes",
      encoding = "base64_encode base64_decode hex_encode hex_decode url_encode url_decode",
      id = "uuid_v4 uuid_v7 ulid ksuid nanoid snowflake",
      time = "now",
      logging = "info warn error",
      ws = "send send_text close conn_id event_type event_data event_text close_code",
    }
    it("has its modules, constants and asset, and nothing else", function()
      assert.same(sorted [[RESPOND TRANSFORM PASS_THROUGH asset
        request response beam spark plasma secrets crypto encoding id time logging ws json]], fields(flare, "flaron"))
    end)
    for name, list in pairs(modules) do
      it(("has in %s what is listed, and require finds it"):format(name), function()
        assert.same(sorted(list), fields(flare, "flaron." .. name))
        assert.is_true(flare:value(("return require 'flaron.%s' == flaron.%s"):format(name, name)))
      end)
    end
    it("has lua-cjson as json, cjson and flaron.json, and cjson.safe beside it", function()
      assert.same({ n = 3, true, true, false }, flare:run
        "return require 'cjson' == json, require 'flaron.json' == json, require 'cjson.safe' == json")
    end)
  end)

  describe("load", function()
    it("compiles text, and functions that give it in pieces", function()
      assert.same({ n = 2, 3, 7 }, flare:run [[
        local pieces = { "return", " 3", " + 4" }
        return load "return 1 + 2"(), load(function() return table.remove(pieces, 1) end)()]])
    end)

    it("gives the chunk an environment", function()
      assert.same({ n = 2, 5 }, flare:run "return load('return x, print', 'c', 't', { x = 5 })()")
      assert.same({ n = 1, "nil" }, flare:run "return load('return type(x)', 'c', nil, { type = type })()")
    end)

    it("takes nil for an environment, as Lua does", function()
      assert.matches("attempt to index a nil value %(upvalue '_ENV'%)",
        flare:value "return select(2, pcall(load('return x', 'c', 't', nil)))")
    end)

    it("refuses bytecode in every mode", function()
      for _, mode in ipairs { "", ", 'c'", ", 'c', nil", ", 'c', 't'", ", 'c', 'b'", ", 'c', 'bt'" } do
        local values = flare:run(("return load(string.dump(function() return 1 end)%s)"):format(mode))
        assert.is_nil(values[1])
        assert.is_string(values[2])
      end
      assert.matches("attempt to load a binary chunk", flare:value "return select(2, load(string.dump(load '')))")
    end)

    it("refuses text when the mode is b", function()
      assert.same({ n = 2, nil, "attempt to load a text chunk (mode is 'b')" }, flare:run "return load('', 'c', 'b')")
      assert.equal(1, flare:value "return load('return 1', 'c', 'bt')()")
    end)

    it("refuses a mode that is no string", function()
      assert.equal("bad argument #3 to 'load' (string expected, got table)", flare:fault "load('', 'c', {})")
    end)

    it("gives nil and the message for a syntax error", function()
      assert.same({ n = 2, nil, "c:1: unexpected symbol near <eof>" }, flare:run "return load('return (', '=c')")
    end)
  end)

  describe("string.rep", function()
    it("of nothing is nothing at once, and of too much an error", function()
      assert.same({ n = 2, "", "" }, flare:run "return (''):rep(1 << 50), (''):rep(math.maxinteger, '')")
      assert.same({ n = 2, false, "resulting string too large" }, flare:run "return pcall(string.rep, 'x', 1 << 32)")
      assert.same({ n = 2, false, "resulting string too large" }, flare:run "return pcall(string.rep, '', 1 << 33, 'y')")
    end)
  end)

  describe("os", function()
    it("has the host's time, moving with it", function()
      local clock <close> = evaluate.open { now = NOW }
      assert.equal(NOW, clock:value "return os.time()")
      clock.flare:advance(3600)
      assert.same({ n = 2, NOW + 3600, "integer" }, clock:run "return os.time(), math.type(os.time())")
      assert.equal("Sat Feb 14 00:31:30 2009", clock:value "return os.date()")
      assert.equal("2009-02-14", clock:value "return os.date '%Y-%m-%d'")
    end)

    it("takes UTC for local time", function()
      assert.same({ n = 2, "23:31", "23:31" }, flare:run "return os.date '%H:%M', os.date '!%H:%M'")
    end)

    it("formats everything as stock Lua does in the C locale", function()
      for conversion in ("aAbBcdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%"):gmatch "." do
        local format = "!%" .. conversion
        for _, time in ipairs { 0, NOW, 951782400, 4102444799 } do
          assert.equal(os.date(format, time), flare:value(("return os.date(%q, %d)"):format(format, time)), format)
        end
      end
    end)

    it("gives a table of a time", function()
      assert.same({ year = 2009, month = 2, day = 13, hour = 23, min = 31, sec = 30, wday = 6, yday = 44,
        isdst = false }, flare:value "return os.date '*t'")
      assert.same(os.date("!*t", 1000000000), flare:value "return os.date('!*t', 1000000000)")
    end)

    it("refuses a conversion that does not exist", function()
      assert.equal("bad argument #1 to 'date' (invalid conversion specifier '%Ez')", flare:fault "os.date '%Ez'")
    end)

    it("turns a table into a time and normalises its fields", function()
      assert.equal(1709164800, flare:value "return os.time { year = 2024, month = 2, day = 29, hour = 0 }")
      local normal = { year = 2025, month = 2, day = 3, hour = 12, min = 0, sec = 1, wday = 2, yday = 34 }
      normal.isdst = false
      assert.same({ n = 2, 1738584001, normal }, flare:run [[
        local t = { year = 2024, month = 14, day = 3, hour = 11, min = 59, sec = 61 }
        return os.time(t), t]])
      assert.equal(-86400, flare:value "return os.time { year = 1969, month = 12, day = 31, hour = 0 }")
    end)

    it("refuses a table with fields missing or wrong", function()
      assert.equal("field 'year' missing in date table", flare:fault "os.time {}")
      assert.equal("field 'month' is not an integer", flare:fault "os.time { year = 2024, month = 1.5, day = 1 }")
    end)

    it("measures with clock and difftime", function()
      local clock <close> = evaluate.open { now = NOW }
      assert.same({ n = 3, 0.0, "float", 60.0 },
        clock:run "return os.clock(), math.type(os.clock()), os.difftime(90, 30)")
      local real <close> = evaluate.open()
      assert.is_true(real:value "local a = os.clock() for _ = 1, 3e5 do end return a >= 0 and os.clock() > a")
    end)

    for call in ("os.time() os.date() math.random() math.randomseed()"):gmatch "%S+" do
      it(("refuses %s outside of handlers, and says what to do"):format(call), function()
        local none, message = support.try_load("\nlocal x = " .. call .. "\nreturn print")
        assert.is_nil(none)
        assert.matches("main%.lua:2: " .. call:sub(1, -3) .. " cannot be called here: .*; call it in the handler, or require "
          .. "this module there\n", message)
      end)
    end

    it("has a clock that stands at 0 outside of handlers", function()
      local first <close> = support.load([[
        local at_start, kind = os.clock(), math.type(os.clock())
        return function() return { body = ("%s %s %s"):format(at_start, kind, os.clock()) } end]], { now = NOW })
      assert.equal("0.0 float 0.0", first:request({}).body)
    end)

    it("gives the manifest's variables, also at start-up, in every invocation", function()
      local vars <close> = support.load {
        ["main.lua"] = [[
          local a, none = os.getenv "A", os.getenv "NONE"
          return function()
            return { body = ("%q"):rep(6, " "):format(a, none, os.getenv "A", os.getenv "EMPTY", os.getenv "a-b c", os.getenv "NONE") }
          end]],
        ["flare.lua"] = "return { vars = { A = 'text', EMPTY = '', ['a-b c'] = 'line 1\\nä' } }",
      }
      for _ = 1, 2 do assert.equal('"text" nil "text" "" "line 1\\\nä" nil', vars:request({}).body) end
    end)

    it("computes with a time that is given outside of handlers", function()
      local fixed <close> = support.load [[
        local date, time = os.date("!%F", 0), os.time { year = 1970, month = 1, day = 2, hour = 0 }
        return function() return { body = date .. time } end]]
      assert.equal("1970-01-0186400", fixed:request({}).body)
    end)
  end)

  describe("math.random", function()
    local three = "return { math.random(1 << 40), math.random(1 << 40), math.random(1 << 40) }"

    it("differs between invocations and between loads", function()
      local other <close> = evaluate.open()
      local a, b, c = flare:value(three), flare:value(three), other:value(three)
      assert.not_same(a, b)
      assert.not_same(a, c)
    end)

    it("is repeatable with the option random_seed, and still differs between invocations", function()
      local seen = {}
      for i = 1, 2 do
        local seeded <close> = evaluate.open { random_seed = 7 }
        seen[i] = { seeded:value(three), seeded:value(three) }
      end
      assert.same(seen[1], seen[2])
      assert.not_same(seen[1][1], seen[1][2])
      local other <close> = evaluate.open { random_seed = 8 }
      assert.not_same(seen[1][1], other:value(three))
    end)

    it("asks the host for a seed once an invocation, and only when it is used", function()
      local _, used = flare:run "for _ = 1, 100 do math.random() end"
      assert.equal(1, used.calls.crypto_random_bytes)
      local _, unused = flare:run "return math.floor(1.5)"
      assert.is_nil(unused.calls.crypto_random_bytes)
    end)

    it("gives what stock Lua gives after randomseed(42)", function()
      math.randomseed(42)
      local expected = { math.random(1000), math.random(), math.random(-5, 5), math.random(0) }
      local code = "math.randomseed(42) return { math.random(1000), math.random(), math.random(-5, 5), math.random(0) }"
      assert.same(expected, flare:value(code))
      assert.same(expected, flare:value(code))
    end)

    it("is unpredictable again after randomseed without arguments", function()
      local code = "math.randomseed(42) math.randomseed() return math.random(0)"
      assert.not_equal(flare:value(code), flare:value(code))
    end)

    it("stays in its range", function()
      assert.is_true(flare:value [[
        for _ = 1, 2000 do
          local f, d, z = math.random(), math.random(6), math.random(-3, 3)
          if f < 0 or f >= 1 or d < 1 or d > 6 or z < -3 or z > 3 then return false end
        end
        return true]])
      assert.equal("bad argument #1 to 'random' (interval is empty)", flare:fault "math.random(-1)")
    end)

    it("cannot be used outside of handlers unless it is seeded there", function()
      local none, message = support.try_load "\nlocal x = math.random()\nreturn print"
      assert.is_nil(none)
      assert.matches("main%.lua:2: math%.random cannot be called here", message)
      local seeded <close> = support.load [[
        math.randomseed(42)
        local x = math.random(1000)
        return function() return { body = x } end]]
      math.randomseed(42)
      assert.equal(tostring(math.random(1000)), seeded:request({}).body)
    end)
  end)

  describe("what must be as in stock Lua", function()
    local function same(expression)
      local expected = table.pack(load("return " .. expression)())
      assert.same(expected, (flare:run("return " .. expression)), expression)
    end

    it("formats numbers", function()
      local numbers = { "1.0", "0.1", "-2.5", "1/3", "1e300", "2^-1022", "2^53", "1e15", "123456789.0", "-0.0" }
      for format in ("%a %A %g %.3g %e %f %.14g %.17g %q %10.2f| %-10g| %+g"):gmatch "%S+" do
        for _, number in ipairs(numbers) do
          same(("string.format(%q, %s)"):format(format, number))
        end
      end
      for _, format in ipairs { "%d", "%5d|", "%-5d|", "%05d", "%x", "%X", "%o", "%c", "%i", "%q" } do
        same(("string.format(%q, 65)"):format(format))
      end
      same "string.format('%q', math.mininteger)"
      same "string.format('%s %10s|%-10s|%.2s', 'a', 'b', 'c', 'def')"
      same "string.format('%q', 'a\\n\\0\\r\\\"\\200')"
      same "tostring(1e15), tostring(1e100), tostring(2^63), tostring(-0.0), tostring(3.0), 1e308 * 10 == math.huge"
    end)

    it("formats the smallest number", function()
      same "string.format('%g %.17g %q', 5e-324, 5e-324, '')"
      assert.equal(5e-324, flare:value "return tonumber(string.format('%a', 5e-324))")
    end)

    it("reads numbers", function()
      same "tonumber '0x10', tonumber '1e2', tonumber ' 10 ', tonumber '1e', tonumber('zz', 36), tonumber '0x1p-2'"
      same "tonumber '9223372036854775807', tonumber '9223372036854775808', math.tointeger('8'), math.type(2^31)"
      same "10 // 3, -10 // 3, 10 % -3, 7.5 // 2, 1 << 62, 5 // 0.0, math.maxinteger + 1 == math.mininteger"
    end)

    it("packs and unpacks", function()
      same "string.pack('<i4 >I2 z s1 d', -2, 258, 'abc', 'de', 0.1)"
      same "string.unpack('<i8', '\\255\\255\\255\\255\\255\\255\\255\\127')"
      same "string.packsize('!8 b i8'), string.unpack('<f', string.pack('<f', 0.5))"
    end)

    it("knows UTF-8", function()
      same "utf8.char(72, 228, 8364, 128512, 0x7FFFFFFF), utf8.len('häß€'), utf8.len('\\xff')"
      same "utf8.codepoint('€uro', 1, -1), utf8.offset('aä€', 3), utf8.charpattern"
    end)

    it("matches patterns, sorts and concatenates", function()
      same "('key = value'):match('^(%w+)%s*=%s*(%w+)$')"
      same "('hello world'):gsub('o', { o = '0' }), ('abc'):gsub('%w', '%0%0'), ('x'):rep(3, ',')"
      same "('THE (quick) fox'):find('%((%a+)%)'), ('[[x]]'):find('[[]'), ('a\\0b'):len(), ('%bxy'):len()"
      same "table.concat({ 1, 2, 'x' }, '-'), select('#', table.unpack({ 1, nil, 3 }, 1, 3)), #table.pack(1, 2)"
    end)

    it("runs coroutines, goto, integer for loops and closing variables", function()
      assert.same({ n = 3, "1,2,3", "dead", "closed" }, flare:run [[
        local out, done = {}
        local co = coroutine.create(function() for i = 1, 3 do coroutine.yield(i) end end)
        while true do
          local _, v = coroutine.resume(co)
          if v == nil then break end
          out[#out + 1] = v
        end
        do local c <close> = setmetatable({}, { __close = function() done = "closed" end }) end
        return table.concat(out, ","), coroutine.status(co), done]])
    end)
  end)

  describe("debug", function()
    it("tells where a function is and what called it", function()
      assert.same({ n = 2, "script", 1 },
        flare:run "local i = debug.getinfo(1, 'Sl') return i.short_src, i.currentline")
      assert.matches("^told\nstack traceback:.*script:1: in", flare:value "return debug.traceback 'told'")
    end)
  end)

  describe("collectgarbage", function()
    it("counts kilobytes and gets them back", function()
      local values = flare:run [[
        collectgarbage()
        local before = collectgarbage "count"
        local t = {}
        for i = 1, 1000 do t[i] = ("x"):rep(1000) .. i end
        local full = collectgarbage "count"
        t = nil
        for _ = 1, 8 do collectgarbage() end -- the table of strings shrinks by half each time
        return before, full, collectgarbage "count", math.type(before)]]
      assert.equal("float", values[4])
      assert.is_true(values[2] - values[1] > 1000)
      assert.is_true(math.abs(values[3] - values[1]) < 4, ("%g, %g at most, then %g"):format(table.unpack(values)))
    end)

    it("can be stopped, restarted and made generational", function()
      assert.same({ n = 4, false, true, "incremental", "generational" }, flare:run [[
        collectgarbage "stop"
        local stopped = collectgarbage "isrunning"
        collectgarbage "restart"
        return stopped, collectgarbage "isrunning", collectgarbage "generational", collectgarbage "incremental"]])
    end)
  end)
end)

describe("require", function()
  it("gives a module's value and where it is from, and runs it once", function()
    local flare <close> = support.load {
      ["main.lua"] = [[
        local a, from = require "lib.a"
        local again = require "lib.a"
        return function()
          return { body = ("%s %s %s %s"):format(a.name, from, a == again, a.runs) }
        end]],
      ["lib/a.lua"] = "runs = (runs or 0) + 1 return { name = ..., runs = runs }",
    }
    assert.equal("lib.a ./lib/a.lua true 1", flare:request({}).body)
  end)

  it("finds lib/init.lua, and gives true for a module without a value", function()
    local flare <close> = support.load {
      ["main.lua"] = "local v = require 'lib' return function() return { body = tostring(v) .. x } end",
      ["lib/init.lua"] = "x = 1",
    }
    assert.equal("true1", flare:request({}).body)
  end)

  it("works in a handler, and what it loads there is forgotten", function()
    local flare <close> = support.load {
      ["main.lua"] = "return function() return { body = tostring(package.loaded.lib) .. require 'lib' } end",
      ["lib.lua"] = "return 'lib'",
    }
    assert.equal("nillib", flare:request({}).body)
    assert.equal("nillib", flare:request({}).body)
  end)

  it("refuses to pack a script that requires what is not there, with file and line", function()
    local flare, message = support.try_load "local x\nx = require 'no.such'\nreturn print"
    assert.is_nil(flare)
    assert.matches("main%.lua:2: module 'no%.such' not found", message)
  end)

  it("raises a catchable error for a name that is only known in a handler", function()
    local response = support.answer "local ok, m = pcall(require, 'no' .. '.such') return { body = m }"
    assert.matches("^module 'no%.such' not found:\n\tno field package%.preload%['no%.such'%]", response.body)
  end)

  it("asks package.preload and package.loaded, which a script may fill", function()
    local response = support.answer [[
      package.preload.mine = function(name, place) return name .. place end
      package.loaded.other = "other"
      local mine, other = "mine", "other" -- the packer looks for names that are constant
      return { body = require(mine) .. require(other) }]]
    assert.equal("mine:preload:other", response.body)
  end)
end)

describe("an invocation", function()
  it("starts from the packed state: no global, upvalue, table, library or metatable survives", function()
    local flare <close> = support.load [[
      local count, list = 0, { 1 }
      total = 10
      return function()
        count, total = count + 1, total + 1
        list[#list + 1] = count
        string.mine = (string.mine or 0) + 1
        getmetatable("").__len2 = (getmetatable("").__len2 or 0) + 1
        package.loaded.mine = (package.loaded.mine or 0) + 1
        local seen = { count, total, #list, string.mine, getmetatable("").__len2, package.loaded.mine }
        return { body = table.concat(seen, " ") }
      end]]
    for _ = 1, 3 do assert.equal("1 11 2 1 1 1", flare:request({}).body) end
  end)
end)
