-- zlib_spec.lua - the part zlib: whole strings, lua-zlib's streams, checksums, bad input, limits. Compared with gzip's program.
local evaluate = require "evaluate"
local support = require "support"

describe("zlib", function()
  local flare

  setup(function() flare = evaluate.open({ cpu_ms = 20000 }, {}, { "zlib" }) end)
  teardown(function() flare:close() end)

  local function run(code, body) return (flare:run("local zlib = require 'zlib'; " .. code, { body = body })) end
  local function value(code, body) return run(code, body)[1] end

  local TEXT = ("The quick brown fox jumps over the lazy dog. "):rep(2000)
  local random = {}
  math.randomseed(7)
  for i = 1, 70000 do random[i] = string.char(math.random(0, 255)) end
  local NOISE = table.concat(random)

  local function zipped(text, words)
    local folder = support.folder()
    support.write(folder .. "/text", text)
    local _, out = support.run(("gzip -nc %s %s/text"):format(words or "", folder))
    return out
  end

  it("gives back what it took, at every level", function()
    for _, text in ipairs { "", "a", "\0", TEXT, NOISE } do
      for _, level in ipairs { "nil", "0", "1", "6", "9" } do
        assert.same({ n = 2, true, true }, run(("local text, level = request.body(), %s; return "):format(level) ..
          "zlib.gunzip(zlib.gzip(text, level)) == text, zlib.inflate(zlib.deflate(text, level)) == text", text))
      end
    end
  end)

  it("reads what gzip writes, members one after the other too, and gzip reads it", function()
    assert.equal(TEXT, value("return zlib.gunzip(request.body())", zipped(TEXT)))
    assert.equal(TEXT .. NOISE, value("return zlib.gunzip(request.body())", zipped(TEXT, "-9") .. zipped(NOISE)))
    local path = support.folder() .. "/out.gz"
    support.write(path, value("return zlib.gzip(request.body(), 9)", TEXT))
    local code, out = support.run("gzip -dc " .. path)
    assert.equal(0, code)
    assert.equal(TEXT, out)
  end)

  it("inflates what zlib of another make packed, cut at all places", function()
    local parts = {}
    for distance = 1, 40 do
      for _, length in ipairs { 3, 4, 7, 8, 9, 15, 16, 31, 100, 258, 300 } do
        local text = NOISE:sub(distance * 500 + length, distance * 500 + length + distance - 1)
        parts[#parts + 1] = text:rep(length // distance + 2):sub(1, distance + length)
      end
    end
    local text = table.concat(parts) .. NOISE:sub(1, 33000) .. table.concat(parts, "", 1, 200)
    assert.equal(text, value([[
      local packed = request.body()
      local whole = zlib.gunzip(packed)
      for _, step in ipairs { 1, 7, 8, 9, 4099 } do
        local feed, out = zlib.inflate(), {}
        for at = 1, #packed, step do out[#out + 1] = feed(packed:sub(at, at + step - 1)) end
        assert(table.concat(out) == whole, step)
      end
      return whole]], zipped(text)))
  end)

  it("says what is wrong, at every place where the data ends", function()
    assert.is_true(value [=[
      for _, names in ipairs { { "gzip", "gunzip" }, { "deflate", "inflate" } } do
        local whole = zlib[names[1]](("abc"):rep(50) .. "xyz")
        for size = 0, #whole - 1 do
          local got, message = zlib[names[2]](whole:sub(1, size))
          assert(got == nil and message == "cut off", size)
        end
        for _, tail in ipairs { "\0", "x", whole:sub(1, 1) == "\31" and "\30" or whole } do
          local got, message = zlib[names[2]](whole .. tail)
          assert(got == nil and message == "trailing data", message)
        end
      end
      return true]=])
    for _, code in ipairs { "zlib.gunzip 'no gzip at all'", "zlib.inflate 'no zlib at all'", "zlib.inflate(zlib.gzip 'x')",
      "zlib.gunzip(zlib.deflate 'x')", "zlib.inflate((zlib.deflate('hello'):gsub('.$', '\\0')))" } do
      assert.same({ n = 2, nil, "broken data" }, run("return " .. code))
    end
  end)

  it("never traps on a changed byte", function()
    assert.is_true(value([[
      local whole, text = zlib.gzip(request.body()), request.body()
      for at = 1, #whole do
        for _, mask in ipairs { 1, 0x80, 0xff } do
          local changed = whole:sub(1, at - 1) .. string.char(whole:byte(at) ~ mask) .. whole:sub(at + 1)
          local got, message = zlib.gunzip(changed)
          assert(got == text or (got == nil and type(message) == "string"), at) -- the header has fields that say nothing
          pcall(zlib.inflate(-15), changed:sub(11))
        end
      end
      return true]], TEXT:sub(1, 300) .. NOISE:sub(1, 100)))
  end)

  it("limits what inflating may make", function()
    local bomb = zipped(("\0"):rep(64 << 20), "-9")
    assert.same({ n = 2, nil, "too large" }, run("return zlib.gunzip(request.body())", bomb))
    assert.same({ n = 2, nil, "too large" }, run("return zlib.gunzip(request.body(), 1000)", zipped(TEXT)))
    assert.equal(#TEXT, value(("return #zlib.gunzip(request.body(), %d)"):format(#TEXT), zipped(TEXT)))
    assert.same({ n = 2, nil, "too large" }, run(("return zlib.gunzip(request.body(), %d)"):format(#TEXT - 1), zipped(TEXT)))
    assert.same({ n = 2, nil, "too large" }, run(("return zlib.gunzip(request.body(), %d)"):format(#TEXT), zipped(TEXT) .. zipped "a"))
    assert.matches("too large$", value("return (select(2, pcall(zlib.inflate(), request.body())))", bomb))
    assert.matches("not enough memory", value("return (select(2, pcall(zlib.gunzip, request.body(), 1 << 40)))", bomb))
    assert.equal(TEXT, value("return zlib.gunzip(request.body())", zipped(TEXT)))
  end)

  it("has lua-zlib's streams", function()
    assert.same({ n = 1, true }, run([[
      local text, deflate, pieces = request.body(), zlib.deflate(), {}
      local eof, bytes_in, bytes_out
      for at = 1, #text, 777 do
        pieces[#pieces + 1], eof = deflate(text:sub(at, at + 776))
        assert(eof == false)
      end
      pieces[#pieces + 1], eof, bytes_in, bytes_out = deflate("", "finish")
      local packed = table.concat(pieces)
      assert(eof == true and bytes_in == #text and bytes_out == #packed)
      assert(zlib.inflate(packed) == text)
      local inflate, got = zlib.inflate(), {}
      for at = 1, #packed, 10 do got[#got + 1], eof = inflate(packed:sub(at, at + 9)) end
      assert(eof and table.concat(got) == text)
      local _, message = pcall(inflate, "x")
      assert(message:find "the stream has ended")
      assert(zlib.inflate()(zlib.gzip(text)) == text) -- either format
      assert(zlib.inflate(-15)(zlib.deflate(9, -15)(text, "finish")) == text) -- and none
      local sync = zlib.deflate(1)
      assert(zlib.inflate()(sync("half", "sync")) == "half")
      local a, b = zlib.deflate(), zlib.deflate() -- streams share nothing
      local one, two = a "one", b "two"
      assert(zlib.inflate(one .. a("", "finish")) == "one" and zlib.inflate(two .. b("", "finish")) == "two")
      return true]], TEXT))
    assert.same({ n = 3, 1, 2, 13 }, run "return zlib.version()")
  end)

  it("has checksums of a string and of pieces", function()
    assert.same({ n = 6, 0xcbf43926, 0x091e01de, 0, 1, 0xcbf43926, 0x091e01de }, run [[
      local crc, adler = zlib.crc32(), zlib.adler32()
      crc "1234"; adler "1234"
      return zlib.crc32 "123456789", zlib.adler32 "123456789", zlib.crc32 "", zlib.adler32 "", crc "56789",
        zlib.adler32("56789", zlib.adler32 "1234")]])
    assert.is_true(value([[
      local text = request.body()
      for size = 0, 300 do
        local piece, byte_by_byte = text:sub(size + 1, 2 * size), zlib.crc32()
        for at = 1, size do byte_by_byte(piece:sub(at, at)) end
        assert(byte_by_byte "" == zlib.crc32(piece), size)
      end
      return true]], NOISE:sub(1, 600)))
  end)

  it("raises for an argument of another kind", function()
    local function failure(code) return value("return (select(2, pcall(function() " .. code .. " end)))") end
    assert.matches("#1 to 'gzip' %(string expected, got nil%)", failure "zlib.gzip(nil)")
    assert.matches("#2 to 'gzip' %(level is not from %-1 to 9%)", failure "zlib.gzip('x', 10)")
    assert.matches("#2 to 'gunzip' %(limit is negative%)", failure "zlib.gunzip('x', -1)")
    assert.matches("#1 to 'inflate' %(no such window%)", failure "zlib.inflate(3)")
    assert.matches("#2 to 'deflate' %(no such window%)", failure "zlib.deflate(6, 100)")
    assert.matches("invalid option 'now'", failure "zlib.deflate()('x', 'now')")
    assert.matches("userdata of a C function has been replaced",
      failure "local f = zlib.deflate(); debug.setupvalue(f, 1, io.stdout); f 'x'")
  end)

  it("begins each invocation with a stream as it was packed", function()
    local started <close> = support.load [[
      local flaron, zlib = require "flaron", require "zlib"
      local deflate = zlib.deflate()
      local first = deflate "begun at start-up, "
      return function() return { body = zlib.inflate(first .. deflate(flaron.request.body(), "finish")) } end]]
    for _, body in ipairs { "one", "two", "three" } do
      assert.equal("begun at start-up, " .. body, started:request({ body = body }).body)
    end
  end)
end)
