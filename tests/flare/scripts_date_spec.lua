-- scripts_date_spec.lua - flaron.date: dates of HTTP and ISO 8601 both ways, and texts that are not dates.
local evaluate = require "evaluate"

describe("flaron.date", function()
  local flare

  setup(function()
    flare = evaluate.open({ now = 1700000000 }, { ["flare.lua"] = "return { modules = { 'flaron.date' } }" })
  end)

  teardown(function() flare:close() end)

  local function call(name, arguments) return flare:run(("return require 'flaron.date'.%s(%s)"):format(name, arguments)) end
  local function http(text, now) return call("parse_http", now and ("%q, %d"):format(text, now) or ("%q"):format(text)) end
  local function iso(text, offset) return call("parse_iso", offset and ("%q, %d"):format(text, offset) or ("%q"):format(text)) end

  it("agrees with os.date on every day that it is asked for, and reads back what it wrote", function()
    assert.equal("good", flare:value [[
      local date, state = require "flaron.date", 1
      local function random(low, high)
        state = state * 6364136223846793005 + 1442695040888963407
        return low + (state >> 1) % (high - low + 1)
      end
      local function check(s)
        local text = os.date("!%a, %d %b ", s) .. ("%04d"):format(os.date("!*t", s).year) .. os.date("! %H:%M:%S GMT", s)
        if date.http(s) ~= text or date.parse_http(text) ~= s then error(text .. " " .. date.http(s)) end
        local asctime = os.date("!%a %b %e %H:%M:%S ", s) .. ("%04d"):format(os.date("!*t", s).year)
        if date.parse_http(asctime) ~= s then error(asctime) end
        local ms, offset = random(0, 999), random(-1439, 1439)
        local _, iso = pcall(date.iso, s, ms, offset)
        local a, b, c = date.parse_iso(iso)
        if not iso:find "0 to 9999" and (a ~= s or b ~= ms or c ~= offset) then error(iso) end
      end
      for _ = 1, 3000 do check(random(-62167219200, 253402300799)) end
      for year = 1896, 2104 do -- the days around the ends of February and of the year
        local march = os.time { year = year, month = 3, day = 1, hour = 0 }
        for _, days in ipairs { -61, -60, -59, -2, -1, 0, 1, 305, 306 } do check(march + days * 86400) check(march + days * 86400 - 1) end
      end
      return "good"]])
  end)

  it("writes the first and the last second of its years, and nothing beyond", function()
    assert.equal("Sat, 01 Jan 0000 00:00:00 GMT", call("http", "-62167219200")[1])
    assert.equal("Fri, 31 Dec 9999 23:59:59 GMT", call("http", "253402300799")[1])
    assert.equal("9999-12-31T23:59:59Z", call("iso", "253402300799")[1])
    assert.equal("0000-01-01T00:00:00+00:01", call("iso", "-62167219260, nil, 1")[1])
    for _, arguments in ipairs { "http(253402300800)", "http(-62167219201)", "http(math.maxinteger)", "iso(math.mininteger)",
      "iso(253402300800)", "iso(253402300799, nil, 1)", "iso(-62167219200, nil, -1)" } do
      assert.equal(("bad argument #1 to 'date.%s' (not in the years 0 to 9999)"):format(arguments:match "%l+"),
        flare:fault("require 'flaron.date'." .. arguments))
    end
    assert.equal("bad argument #2 to 'date.iso' (1000 is not from 0 to 999)", flare:fault "require 'flaron.date'.iso(0, 1000)")
    assert.equal("bad argument #3 to 'date.iso' (1440 is not from -1439 to 1439)", flare:fault "require 'flaron.date'.iso(0, 0, 1440)")
    assert.equal("bad argument #1 to 'date.http' (number has no integer representation)", flare:fault "require 'flaron.date'.http(1.0)")
  end)

  it("reads the three forms of RFC 9110, in any case", function()
    for _, text in ipairs { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
      "Sun Nov 06 08:49:37 1994", "sun, 06 nov 1994 08:49:37 gmt", "SUNDAY, 06-NOV-94 08:49:37 GMT",
      "Mon, 06 Nov 1994 08:49:37 GMT" } do
      assert.same({ 784111777, n = 1 }, http(text), text)
    end
    assert.same({ 1483228800, n = 1 }, http "Sat, 31 Dec 2016 23:59:60 GMT")
  end)

  it("takes a year of two digits for the latest that is not more than 50 years ahead", function()
    local function year(digits, now, day)
      local seconds = http(("Monday, %s-%s 00:00:00 GMT"):format(day or "01-Jan", digits), now)[1]
      return os.date("!*t", seconds).year
    end
    local function at(y, month, day) return os.time { year = y, month = month, day = day, hour = 0 } - os.time { year = 1970, month = 1,
      day = 1, hour = 0 } end
    assert.equal(2073, year("73"))
    assert.equal(1974, year("74"))
    assert.equal(2023, year("23"))
    assert.equal(2000, year("00"))
    assert.equal(2101, year("01", at(2099, 6, 1)))
    assert.equal(2049, year("49", at(1999, 6, 1)))
    assert.equal(1950, year("50", at(1999, 6, 1)))
    assert.equal(2073, year("73", at(2023, 11, 14), "14-Nov"))
    assert.equal(1973, year("73", at(2023, 11, 14), "15-Nov"))
  end)

  it("reads no other text as a date of HTTP", function()
    for _, text in ipairs { "", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
      " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 06 Nov 1994 23:59:61 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "Xxx, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 94",
      "Sun, 06 Nov 1994\00008:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 +0000", "1994-11-06T08:49:37Z", ("x"):rep(100000) } do
      assert.same({ nil, "not a date", n = 2 }, http(text), text:sub(1, 60))
    end
  end)

  it("writes offsets and milliseconds", function()
    assert.equal("2023-11-14T22:13:20Z", call("iso", "1700000000")[1])
    assert.equal("2023-11-14T22:13:20.007Z", call("iso", "1700000000, 7")[1])
    assert.equal("2023-11-15T22:12:20+23:59", call("iso", "1700000000, nil, 1439")[1])
    assert.equal("2023-11-13T22:14:20.999-23:59", call("iso", "1700000000, 999, -1439")[1])
  end)

  it("reads what RFC 3339 and ISO 8601 write", function()
    for text, expected in pairs {
      ["1985-04-12T23:20:50.52Z"] = { 482196050, 520, 0 }, ["1996-12-19T16:39:57-08:00"] = { 851042397, 0, -480 },
      ["1990-12-31T23:59:60Z"] = { 662688000, 0, 0 }, ["1990-12-31T15:59:60-08:00"] = { 662688000, 0, -480 },
      ["1937-01-01T12:00:27.87+00:20"] = { -1041337173, 870, 20 }, ["2023-11-14t22:13:20z"] = { 1700000000, 0, 0 },
      ["2023-11-14 22:13:20,1239999Z"] = { 1700000000, 123, 0 }, ["20231114T221320.5+0130"] = { 1699994600, 500, 90 },
      ["20231114T2213Z"] = { 1699999980, 0, 0 }, ["20231114"] = { 1699920000, 0, 0 }, ["2023-11-14T22:13-01"] = { 1700003580, 0, -60 },
      ["2023-11-14T22:13:20-00:00"] = { 1700000000, 0, 0 }, ["0000-02-29T00:00:00Z"] = { -62162121600, 0, 0 },
    } do
      expected.n = 3
      assert.same(expected, iso(text), text)
    end
    assert.same({ 1699996400, 0, 60, n = 3 }, iso("2023-11-14T22:13:20", 60))
    assert.same({ 1699916400, 0, 60, n = 3 }, iso("2023-11-14", 60))
    assert.same({ 1700000000, 0, 0, n = 3 }, iso("2023-11-14T22:13:20Z", 60))
  end)

  it("reads no other text as a date of ISO 8601", function()
    for _, text in ipairs { "", "2023", "2023-11", "2023-1-1", "2023-11-14T", "2023-11-14T22Z", "2023-11-14T22:13:20+1",
      "2023-13-01T00:00:00Z", "2023-00-01T00:00:00Z", "2023-02-29T00:00:00Z", "2100-02-29", "2023-11-14T24:00:00Z", "2023-11-14T22:13:60Z",
      "1990-12-31T23:59:60+01:00",
      "2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20+01:60", "2023-11-14T22:13:20.Z", "2023-11-14T221320Z", "20231114T22:13:20Z",
      "2023-11-14T22:13:20+0100", "20231114T221320+01:00", "2023-1114", "2023-11-14Z", "2023-11-14T22:13:20ZZ", "2023-11-14T22:13:20Z ",
      "2023-W46-2", "2023-318", "+2023-11-14", "2023-11-14T22:13:20 Z", "2023-11-14  22:13Z", "2023-11-14T22:13:20+01:", "²023-11-14" } do
      assert.same({ nil, "not a date", n = 2 }, iso(text), text)
    end
    for _, text in ipairs { "2023-11-14T22:13:20", "20231114T2213", "2023-11-14 22:13:20.5" } do
      assert.same({ nil, "no offset", n = 2 }, iso(text), text)
    end
  end)
end)
