-- scripts_cache_spec.lua - flaron.cache: what is kept, for how long and for whom, in front of beam.fetch and of a handler.
local evaluate = require "evaluate"
local support = require "support"

local NOW = 1700000000
local DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
local MANIFEST = { ["flare.lua"] = [[return {
  modules = { "flaron.cache" }, writes_spark_kv = true, requires_raw_auth = true, requires_body = true,
  allowed_fetch_urls = { "*" }, max_fetch_requests = 100,
}]] }

describe("flaron.cache before a fetch", function()
  local flare, asked, answer

  before_each(function()
    flare = evaluate.open({ now = NOW }, MANIFEST)
    asked = {}
    flare.flare:stub_fetch("", function(question)
      asked[#asked + 1] = question
      local given = answer
      if type(given) == "function" then given = given(question) end
      if not given then return nil, "connection refused" end
      return given
    end)
  end)

  after_each(function() flare:close() end)

  local function keeps(cache_control, more)
    local headers = { ["cache-control"] = cache_control }
    for name, value in pairs(more or {}) do headers[name] = value end
    answer = { headers = headers, body = "page" }
  end

  -- Fetches: how, and the answer.
  local function fetch(url, options, settings)
    local code = "local s = require 'flaron.cache'.new { name = 'c', %s } return s:fetch(%q, %s)"
    local values = flare:run(code:format(settings or "", url or "https://o.example/", options or "nil"))
    return values[2], values[1]
  end

  local function hows(url, options, settings)
    local first = fetch(url, options, settings)
    return first .. " " .. fetch(url, options, settings)
  end

  it("keeps what says for how long, and no longer", function()
    keeps "max-age=60"
    local how, first = fetch()
    assert.equal("miss", how)
    assert.is_nil(first.headers.age)
    flare.flare:advance(59)
    how, first = fetch()
    assert.equal("hit", how)
    assert.same({ 200, "page", "59", "max-age=60" }, { first.status, first.body, first.headers.age, first.headers["cache-control"] })
    flare.flare:advance(1)
    assert.equal("miss", fetch())
    assert.equal(2, #asked)
  end)

  it("reads Cache-Control of answers as a shared cache does", function()
    local cases = {
      ["max-age=60"] = "hit", ["s-maxage=60"] = "hit", ["MAX-AGE=60"] = "hit", ['max-age="60"'] = "hit", ["public, max-age=60"] = "hit",
      ["max-age=0, s-maxage=60"] = "hit", ["must-revalidate, max-age=60"] = "hit", ["max-age=60, max-age=0"] = "hit",
      ["max-age=99999999999999999999"] = "hit",
      [', ,max-age=60,x="a, no-store"'] = "hit", ["no-store, must-understand, max-age=60"] = "hit",
      ["x=\"\\\", no-store\", max-age=60"] = "hit",
      ["max-age=60, s-maxage=0"] = "miss", ["no-store, max-age=60"] = "miss", ["private, max-age=60"] = "miss",
      ['private="set-cookie", max-age=60'] = "miss", ["no-cache, max-age=60"] = "miss", ["max-age=0"] = "miss", ["max-age=-1"] = "miss",
      ["max-age=60s"] = "miss", ["max-age"] = "miss", ["public"] = "miss", [""] = "miss", ["max-age=1.5"] = "miss",
      ["x=\"unended, max-age=60"] = "miss",
    }
    local n = 0
    for text, expected in pairs(cases) do
      n = n + 1
      keeps(text)
      assert.equal("miss " .. expected, hows("https://o.example/" .. n), text)
    end
  end)

  it("reads Expires, Date and Age", function()
    local cases = {
      [{ expires = "Tue, 14 Nov 2023 22:14:20 GMT", date = DATE }] = "hit",
      [{ expires = "Tue, 14 Nov 2023 22:14:20 GMT" }] = "hit",
      [{ expires = DATE, date = DATE }] = "miss", [{ expires = "0" }] = "miss", [{ expires = "soon" }] = "miss",
      [{ ["cache-control"] = "max-age=0", expires = "Tue, 14 Nov 2023 22:14:20 GMT" }] = "miss",
      [{ ["cache-control"] = "max-age=60", age = "59" }] = "hit", [{ ["cache-control"] = "max-age=60", age = "60" }] = "miss",
      [{ ["cache-control"] = "max-age=60", date = "Tue, 14 Nov 2023 22:12:20 GMT" }] = "miss",
      [{ ["cache-control"] = "max-age=60", date = "Tue, 14 Nov 2023 22:12:21 GMT" }] = "hit",
    }
    local n = 0
    for headers, expected in pairs(cases) do
      n = n + 1
      answer = { headers = headers, body = "" }
      assert.equal("miss " .. expected, hows("https://o.example/" .. n), tostring(n))
    end
    answer = { headers = { ["cache-control"] = "max-age=60", age = "10" }, body = "" }
    fetch "https://o.example/aged"
    flare.flare:advance(5)
    assert.equal("15", select(2, fetch "https://o.example/aged").headers.age)
  end)

  it("gives nothing of one visitor to another", function()
    local who = "{ headers = { %s = 'me' } }"
    for n, case in ipairs {
      { "max-age=60", "Authorization", "miss" }, { "max-age=60, public", "authorization", "hit" },
      { "s-maxage=60", "authorization", "hit" }, { "max-age=60, must-revalidate", "authorization", "hit" },
      { "max-age=60", "Cookie", "miss" }, { "max-age=60, public", "cookie", "hit" }, { "max-age=60, must-revalidate", "cookie", "miss" },
    } do
      keeps(case[1])
      local url = "https://o.example/" .. n
      assert.equal("miss " .. case[3], hows(url, who:format(case[2])), case[1] .. case[2])
      assert.equal(case[3], fetch(url), case[1])
    end
    keeps "max-age=60"
    assert.equal("miss", fetch "https://o.example/anybody")
    assert.equal("miss", fetch("https://o.example/anybody", who:format "cookie"))
    assert.equal("hit", fetch "https://o.example/anybody")
    keeps("max-age=60, public", { ["set-cookie"] = "a=b" })
    assert.equal("miss miss", hows "https://o.example/cookie")
    keeps("max-age=60", { vary = "cookie" })
    assert.equal("miss hit", hows("https://o.example/vary", "{ headers = { cookie = 'a' } }"))
    assert.equal("miss", fetch("https://o.example/vary", "{ headers = { cookie = 'b' } }"))
    assert.equal("miss", fetch "https://o.example/vary")
  end)

  it("keeps apart what Vary names, and nothing of Vary: *", function()
    answer = function(question)
      local headers = { ["cache-control"] = "max-age=60", vary = "Accept-Language, X" }
      return { headers = headers, body = question.headers["Accept-Language"] }
    end
    local function ask(language, x)
      return fetch(nil, ("{ headers = { ['Accept-Language'] = %s, x = %s } }"):format(language, x or "nil"))
    end
    assert.equal("miss", ask "'de'")
    assert.equal("miss", ask "'fr'")
    local how, german = ask "'de'"
    assert.same({ "hit", "de" }, { how, german.body })
    assert.equal("hit", ask "'fr'")
    assert.equal("hit", ask "' de '")
    assert.equal("miss", ask("'de'", "'1'"))
    assert.equal("miss", ask "'de, en'")
    assert.equal("hit", ask "'de,en'")
    keeps("max-age=60", { vary = "*" })
    assert.equal("miss miss", hows "https://o.example/star")
  end)

  it("asks whether a stale answer still holds", function()
    keeps("max-age=60", { etag = '"1"', ["last-modified"] = DATE, link = "old" })
    fetch()
    flare.flare:advance(61)
    answer = { status = 304, headers = { etag = 'W/"1"', ["cache-control"] = "max-age=10", link = "new" } }
    local how, page = fetch()
    assert.same({ "revalidated", 200, "page", "new" }, { how, page.status, page.body, page.headers.link })
    assert.same({ '"1"', DATE }, { asked[2].headers["if-none-match"], asked[2].headers["if-modified-since"] })
    assert.equal("hit", fetch())
    flare.flare:advance(11)
    keeps("max-age=60", { etag = '"2"' })
    assert.equal("miss", fetch())
    flare.flare:advance(61)
    answer = { status = 304, headers = { ["cache-control"] = "no-store" } }
    assert.equal("revalidated", fetch())
    keeps "no-store"
    assert.equal("miss", fetch())
    assert.is_nil(asked[#asked].headers["if-none-match"])
  end)

  it("asks anew when a 304 is about another answer", function()
    keeps("no-cache", { etag = '"1"' })
    fetch()
    answer = function(question)
      if question.headers["if-none-match"] then return { status = 304, headers = { etag = '"2"' } } end
      return { headers = { etag = '"2"' }, body = "other" }
    end
    local how, page = fetch()
    assert.same({ "miss", "other", 3 }, { how, page.body, #asked })
  end)

  it("gives a stale answer while one asks, once in a while", function()
    keeps "max-age=60, stale-while-revalidate=30"
    fetch()
    flare.flare:advance(70)
    flare:run(("require 'flaron.spark'.set(%q, '')"):format(next(flare.flare:contents "spark") .. ":lock"))
    local how, page = fetch()
    assert.same({ "stale", "70" }, { how, page.headers.age })
    flare:run "for _, key in ipairs(spark.list()) do if key:find 'lock' then spark.delete(key) end end"
    assert.equal("miss hit", hows())
    for _, key in ipairs(flare:value "return spark.list()") do assert.is_nil(key:find "lock") end
    flare.flare:advance(91)
    assert.equal("miss", fetch())
    keeps "max-age=60, must-revalidate, stale-while-revalidate=30"
    fetch "https://o.example/strict"
    flare.flare:advance(61)
    answer = nil
    local values = flare:run "return require 'flaron.cache'.new { name = 'c' }:fetch 'https://o.example/strict'"
    assert.is_nil(values[1])
    assert.equal("connection refused", values[2])
  end)

  it("gives a stale answer when the origin fails, as far as it may", function()
    for n, case in ipairs {
      { "max-age=60, stale-if-error=30", "", "stale" }, { "max-age=60", "stale_if_error = 30", "stale" },
      { "s-maxage=60, stale-if-error=30", "", "stale" }, { "max-age=60", "", false }, { "s-maxage=60", "stale_if_error = 30", false },
      { "max-age=60, must-revalidate", "stale_if_error = 30", false }, { "max-age=60, stale-if-error=5", "", false },
    } do
      for failure, what in pairs { [503] = { status = 503, headers = {}, body = "down" }, [0] = false } do
        local url = ("https://o.example/%d-%d"):format(n, failure)
        keeps(case[1])
        fetch(url, nil, case[2])
        flare.flare:advance(80)
        answer = what or function() return nil end
        local how, page = fetch(url, nil, case[2])
        assert.equal(case[3] or what and "miss" or "connection refused", how, case[1])
        assert.equal(case[3] and "page" or what and "down" or nil, page and page.body)
      end
    end
    answer = { status = 404, headers = {}, body = "" }
    assert.equal("miss", fetch "https://o.example/1-503")
  end)

  it("obeys Cache-Control of requests", function()
    keeps "max-age=60"
    fetch()
    flare.flare:advance(30)
    local function ask(text, url) return (fetch(url, ("{ headers = { ['cache-control'] = %q } }"):format(text))) end
    assert.equal("hit", ask "max-age=30")
    assert.equal("hit", ask "min-fresh=30")
    assert.equal("hit", ask "no-store")
    assert.equal("miss", ask("no-store", "https://o.example/n"))
    assert.equal("miss", fetch "https://o.example/n")
    assert.equal("hit", ask "only-if-cached")
    local _, page = fetch("https://o.example/none", "{ headers = { ['cache-control'] = 'only-if-cached' } }")
    assert.equal(504, page.status)
    for _, text in ipairs { "min-fresh=31", "max-age=29", "no-cache", "max-age=0" } do
      flare.flare:advance(60)
      keeps "max-age=60"
      fetch(nil, "{ headers = { ['cache-control'] = 'no-cache' } }")
      flare.flare:advance(30)
      assert.equal("miss", ask(text), text)
    end
    assert.equal("miss", (fetch(nil, "{ headers = { pragma = 'no-cache' } }")))
    assert.equal("hit", (fetch(nil, "{ headers = { ['cache-control'] = 'no-cache' } }", "obey_requests = false")))
    keeps "max-age=60, stale-if-error=1000"
    fetch "https://o.example/s"
    flare.flare:advance(100)
    assert.equal("stale", ask("max-stale", "https://o.example/s"))
    assert.equal("stale", ask("max-stale=40", "https://o.example/s"))
    assert.equal("miss", ask("max-stale=39", "https://o.example/s"))
  end)

  it("takes URLs for one that mean the same", function()
    keeps "max-age=60"
    local function same(one, other, settings)
      flare:run "for _, key in ipairs(spark.list()) do spark.delete(key) end"
      fetch(one, nil, settings)
      return fetch(other, nil, settings) == "hit"
    end
    assert.is_true(same("https://O.example:443", "HTTPS://o.example/#x"))
    assert.is_true(same("https://o.example/%7ea%2fb", "https://o.example/~a%2Fb"))
    assert.is_false(same("https://o.example/a%2Fb", "https://o.example/a/b"))
    assert.is_false(same("https://o.example/a", "https://o.example/A"))
    assert.is_false(same("https://o.example:444/", "https://o.example/"))
    assert.is_false(same("https://o.example/?a=1&b=2", "https://o.example/?b=2&a=1"))
    assert.is_true(same("https://o.example/?a=1&b=2", "https://o.example/?b=2&&a=1", "query = 'sorted'"))
    assert.is_false(same("https://o.example/?a=1&a=2", "https://o.example/?a=2&a=1", "query = 'sorted'"))
    assert.is_true(same("https://o.example/?a=1", "https://o.example/", "query = 'none'"))
    assert.is_true(same("https://o.example/?a=1&utm=3", "https://o.example/?x&a=1", "query = { 'a' }"))
    assert.is_false(same("https://o.example/?a=1", "https://o.example/?a=2", "query = { 'a' }"))
    assert.is_false(same("https://a.example/x", "https://b.example/x"))
    assert.is_true(same("https://a.example/x", "https://b.example/x", "host = false"))
    assert.is_true(same("https://a.example/1/x", "https://b.example/2/x", "key = function(url) return url:sub(-1) end"))
    assert.is_false(same("https://a.example/", "https://a.example/", "key = function() return false end"))
  end)

  it("keeps large bodies in parts, whole or not at all", function()
    local body = {}
    for n = 1, 30000 do body[n] = ("%06d"):format(n) end
    local large = table.concat(body)
    answer = { headers = { ["cache-control"] = "max-age=60" }, body = large }
    assert.equal("miss", fetch())
    local _, page = fetch()
    assert.is_true(page.body == large)
    assert.equal(4, #flare:value "return spark.list()")
    flare:run "for _, key in ipairs(spark.list()) do if key:find ':2$' then spark.delete(key) end end"
    assert.equal("miss", fetch())
    flare.flare:advance(61)
    assert.equal("miss hit", hows())
    assert.equal(4, #flare:value "return spark.list()") -- what was there before has gone
    answer = { headers = { ["cache-control"] = "max-age=60" }, body = ("x"):rep(65536) }
    assert.equal("miss hit", hows "https://o.example/64k")
    assert.equal("miss miss", hows("https://o.example/most", nil, "max_bytes = 65535"))
    answer.body = "\0\1" .. ("é"):rep(10)
    assert.equal("miss hit", hows "https://o.example/bytes")
    assert.equal(answer.body, select(2, fetch "https://o.example/bytes").body)
  end)

  it("does without a store that is small, full or closed", function()
    local small <close> = evaluate.open({ now = NOW, max_kv_value_bytes = 5000 }, { ["flare.lua"] =
      "return { modules = { 'flaron.cache' }, writes_spark_kv = true, allowed_fetch_urls = { '*' }, max_kv_value_bytes = 5000 }" })
    small.flare:stub_fetch("", { headers = { ["cache-control"] = "max-age=60" }, body = ("x"):rep(20000) })
    local code = "return require 'flaron.cache'.new { name = 'c' }:fetch 'https://o.example/'"
    assert.equal("miss", small:run(code)[2])
    local values = small:run(code)
    assert.same({ "hit", 20000 }, { values[2], #values[1].body })
    flare.flare:fail("spark_set", "quota")
    answer = { headers = { ["cache-control"] = "max-age=60" }, body = "page" }
    local _, response = flare:run(code)
    assert.response(response).has.log("error", "cache 'c': not kept:\tquota")
    assert.equal("miss", fetch())
  end)

  it("keeps nothing that lost bytes on its way, and no part", function()
    answer = { headers = { ["cache-control"] = "max-age=60" }, body = "a\xFFb" }
    assert.equal("miss miss", hows())
    keeps "max-age=60"
    assert.equal("bypass bypass", hows(nil, "{ headers = { range = 'bytes=0-1' } }"))
    answer.status = 206
    assert.equal("miss miss", hows "https://o.example/part")
  end)

  it("answers HEAD out of what GET kept, and forgets when something is changed", function()
    keeps "max-age=60"
    assert.equal("miss miss", hows(nil, "{ method = 'HEAD' }"))
    fetch()
    local how, page = fetch(nil, "{ method = 'HEAD' }")
    assert.same({ "hit", "" }, { how, page.body })
    answer.status = 500
    assert.equal("bypass", fetch(nil, "{ method = 'POST', body = 'x' }"))
    assert.equal("hit", fetch())
    answer.status = 204
    assert.equal("bypass", fetch(nil, "{ method = 'DELETE' }"))
    keeps "max-age=60"
    assert.equal("miss", fetch())
  end)

  it("forgets what an answer to a change names, if it is of the same origin", function()
    local function is_kept(url, named, header)
      keeps "max-age=60"
      fetch(url)
      answer = { status = 201, headers = { [header or "Location"] = named } }
      assert.equal("bypass", fetch("https://o.example/a/b/c?d", "{ method = 'POST', body = 'x' }"))
      keeps "max-age=60"
      return fetch(url) == "hit"
    end
    for named, url in pairs {
      ["x"] = "/a/b/x", ["../x?y"] = "/a/x?y", ["../../../x/./"] = "/x/", ["/x/../y#z"] = "/y", ["?x"] = "/a/b/c?x", ["#x"] = "/a/b/c?d",
      ["//O.example:443/x"] = "/x", ["https://o.example"] = "/", ["HTTPS://o.example/x/.."] = "/", [".."] = "/a/", ["."] = "/a/b/",
    } do
      assert.is_false(is_kept("https://o.example" .. url, named), named)
      assert.is_false(is_kept("https://o.example" .. url, named, "content-location"), named)
    end
    for _, named in ipairs { "https://p.example/x", "//p.example/x", "http://o.example/x", "https://o.example:444/x", "mailto:x", "" } do
      assert.is_true(is_kept("https://p.example/x", named), named)
      assert.is_true(is_kept("http://o.example/x", named), named)
    end
  end)

  it("forgets when it is told to", function()
    keeps "max-age=60"
    fetch()
    local purge = "return require 'flaron.cache'.new { name = 'c' }:purge 'https://O.example:443'"
    assert.is_true(flare:value(purge))
    assert.is_false(flare:value(purge))
    keeps("max-age=60", { vary = "accept" })
    assert.equal("miss hit", hows(nil, "{ headers = { accept = 'a' } }"))
    assert.is_true(flare:value(purge))
    assert.equal("miss", fetch(nil, "{ headers = { accept = 'b' } }"))
    assert.equal("miss", fetch(nil, "{ headers = { accept = 'a' } }"))
  end)

  it("answers a client's own conditions, and leaves out what is of one connection", function()
    keeps("max-age=60", { etag = '"1"', connection = "X-Hop, close", ["x-hop"] = "1", ["content-length"] = "4", link = "x" })
    local how, page = fetch(nil, [[{ headers = { ["If-None-Match"] = 'W/"0", W/"1"' } }]])
    assert.same({ "miss", 304, "" }, { how, page.status, page.body })
    assert.is_nil(asked[1].headers["if-none-match"])
    how, page = fetch()
    assert.same({ "hit", 200, "x" }, { how, page.status, page.headers.link })
    for _, name in ipairs { "connection", "x-hop", "content-length" } do assert.is_nil(page.headers[name]) end
    assert.equal(200, select(2, fetch(nil, [[{ headers = { ["if-none-match"] = '"2"' } }]])).status)
    assert.equal(304, select(2, fetch(nil, [[{ headers = { ["if-none-match"] = '*' } }]])).status)
    keeps("max-age=60", { ["last-modified"] = DATE })
    local since = "{ headers = { ['if-modified-since'] = %q } }"
    assert.equal(304, select(2, fetch("https://o.example/m", since:format(DATE))).status)
    assert.equal(200, select(2, fetch("https://o.example/m", since:format "Tue, 14 Nov 2023 22:13:19 GMT")).status)
    assert.equal(200, select(2, fetch("https://o.example/m", since:format "yesterday")).status)
  end)

  it("takes what is in the store for nothing when it is not its own", function()
    keeps "max-age=60"
    fetch()
    local key = next(flare.flare:contents "spark")
    for _, value in ipairs { "", "x", "5\n{", "2\n{}", "9999\n{}", "4\nnull", "2\n[]page" } do
      flare:run(("spark.set(%q, %q)"):format(key, value))
      assert.equal("miss", fetch(), value)
    end
  end)

  it("refuses options that make no sense", function()
    for code, message in pairs {
      ["new {}"] = "option 'name' of cache.new: missing", ["new { name = '1' }"] = "option 'name' of cache.new: '1' is not a letter",
      ["new { name = 'a', ttl = -1 }"] = "option 'ttl' of cache.new: -1 is not from 0 to 2147483647",
      ["new { name = 'a', query = 'x' }"] = "option 'query' of cache.new: \"exact\", \"sorted\", \"none\" or a list of names expected",
      ["new { name = 'a', query = { 1 } }"] = "option 'query' of cache.new: item 1: string expected, got number",
      ["new { name = 'a', tll = 1 }"] = "unknown option 'tll' of cache.new: did you mean 'ttl'?",
      ["new { name = 'a' }:fetch('https://o.example', { body = 1 })"] = "option 'body' of store:fetch: string expected, got number",
    } do
      assert.matches(message, flare:fault("require 'flaron.cache'." .. code), 1, true)
    end
  end)
end)

describe("flaron.cache before a handler", function()
  local main = [[
    local cache = require "flaron.cache"
    local flaron = require "flaron"
    local cookie, router = require "flaron.cookie", require "flaron.router"
    local pages, app = cache.new { name = "pages" }, router.new()
    local function count() return flaron.plasma.increment "calls" end
    app:use(function(req, next)
      if req.path:find "^/outer" then cookie.get "who" end
      return next()
    end)
    app:use(pages:middleware())
    app:get("/json", function() return { json = { n = count() }, headers = { ["Cache-Control"] = "max-age=60" } } end)
    app:get("/set", function()
      flaron.response.set_status(404)
      flaron.response.set_header("Cache-Control", "max-age=60")
      flaron.response.set_header("x-n", count())
      flaron.response.set_body("set")
    end)
    app:get("/plain", function() return { body = tostring(count()) } end)
    app:get("/cookie", function()
      cookie.set("a", "b")
      return { body = tostring(count()), headers = { ["cache-control"] = "public, max-age=60" } }
    end)
    local function personal(control)
      return function()
        return { body = ("%s %d"):format(cookie.get "who", count()), headers = { ["cache-control"] = control } }
      end
    end
    app:get("/mine", personal "max-age=60")
    app:get("/everybody", personal "public, max-age=60")
    app:get("/outer", function() return { body = tostring(count()), headers = { ["cache-control"] = "max-age=60" } } end)
    app:get("/bytes", function() return { body = "\xFF\0", headers = { ["cache-control"] = "max-age=60" } } end)
    app:get("/down", function()
      if flaron.request.header "x-fail" then error "the shelf is empty" end
      return { body = tostring(count()), headers = { ["cache-control"] = "max-age=60, stale-if-error=60" } }
    end)
    app:get("/pass", function() count() return flaron.PASS_THROUGH end)
    app:get("/wrong", function() return { staus = 1, headers = { ["cache-control"] = "max-age=60" } } end)
    app:post("/json", function() return { status = 204 } end)
    return app:handler()]]
  local flare

  before_each(function()
    flare = support.load(main, { now = NOW, requires_raw_auth = true, writes_spark_kv = true, writes_plasma_kv = true })
  end)

  after_each(function() flare:close() end)

  local function ask(path, headers, method)
    return assert(flare:request { url = "https://a.example" .. path, headers = headers, method = method })
  end

  it("answers what was kept, with Age, ETag and Cache-Status", function()
    local first = ask "/json"
    assert.same({ '{"n":1}', "application/json", "pages; fwd=miss; stored" },
      { first.body, first.headers["content-type"], first.headers["cache-status"] })
    flare:advance(10)
    local second = ask "/json"
    assert.same({ '{"n":1}', "application/json", "pages; hit; ttl=50", "10", first.headers.etag },
      { second.body, second.headers["content-type"], second.headers["cache-status"], second.headers.age, second.headers.etag })
    assert.matches('^"%x+"$', first.headers.etag)
    local third = ask("/json", { ["if-none-match"] = first.headers.etag })
    assert.same({ 304, "", "max-age=60" }, { third.status, third.body, third.headers["cache-control"] })
    assert.equal(204, ask("/json", nil, "POST").status)
    assert.is_true(ask("/json").headers["cache-status"]:find "stored" ~= nil)
  end)

  it("knows what a handler sets in flaron.response", function()
    for _, status in ipairs { "pages; fwd=miss; stored", "pages; hit; ttl=60" } do
      local answer = ask "/set"
      assert.same({ 404, "set", "1", status },
        { answer.status, answer.body, answer.headers["x-n"], answer.headers["cache-status"] })
    end
    assert.same({ "\xFF\0", "\xFF\0" }, { ask("/bytes").body, ask("/bytes").body })
  end)

  it("keeps nothing that does not say so, sets a cookie or is the origin's", function()
    assert.not_equal(ask("/plain").body, ask("/plain").body)
    assert.not_equal(ask("/cookie").body, ask("/cookie").body)
    assert.equal("a=b; Path=/; Secure; HttpOnly; SameSite=Lax", ask("/cookie").headers["set-cookie"])
    assert.same({ "pass_through", "pass_through" }, { ask("/pass").action, ask("/pass").action })
    assert.equal(500, ask("/wrong").status)
    assert.matches("unknown field 'staus'.*GET /wrong", support.log(ask "/wrong", "error"))
  end)

  it("keeps what was made for one visitor only when it says that all may have it", function()
    assert.equal("ada 1", ask("/mine", { cookie = "who=ada" }).body)
    assert.equal("eve 2", ask("/mine", { cookie = "who=eve" }).body)
    assert.equal("nil 3", ask("/mine").body)
    assert.equal("eve 4", ask("/mine", { cookie = "who=eve" }).body)
    assert.equal("ada 5", ask("/everybody", { cookie = "who=ada" }).body)
    assert.equal("ada 5", ask("/everybody").body)
    assert.not_equal(ask("/outer").body, ask("/outer").body)
  end)

  it("answers what is stale when the handler fails, and lets the error out else", function()
    ask "/down"
    flare:advance(90)
    local answer = ask("/down", { ["x-fail"] = "1" })
    assert.same({ 200, "1", "pages; hit; ttl=-30" }, { answer.status, answer.body, answer.headers["cache-status"] })
    assert.matches("cache 'pages': the handler failed:\tmain.lua:%d+: the shelf is empty", support.log(answer, "error"))
    flare:advance(60)
    answer = ask("/down", { ["x-fail"] = "1" })
    assert.equal(500, answer.status)
    assert.matches("main.lua:%d+: the shelf is empty\nstack traceback:.*in function <main.lua:%d+>", support.log(answer, "error"))
  end)

  it("goes before a handler without a router, too", function()
    local plain <close> = support.load([[
      local pages = require "flaron.cache".new { name = "p", ttl = 60, status = false, etag = false }
      local n = require "flaron".plasma
      return pages:handler(function() return { body = tostring(n.increment "n") } end)]],
      { now = NOW, writes_spark_kv = true, writes_plasma_kv = true })
    assert.equal("1", plain:request().body)
    local answer = plain:request()
    assert.equal("1", answer.body)
    assert.same({ nil, nil }, { answer.headers.etag, answer.headers["cache-status"] })
  end)

  it("says wrong arguments of the functions it watches as they are said without it", function()
    local watched <close> = evaluate.open({}, MANIFEST)
    local plain <close> = evaluate.open()
    for _, code in ipairs {
      "response.set_status(99)", "response.set_status()", "response.set_header('', 'x')", "response.set_header('a')",
      "response.set_header('a', 'b\\n')", "response.set_body({})", "response.set_body()", "request.header()", "request.header({})",
      "request.header('a\\0')",
    } do
      local both = ("return pcall(function()\n %s end)"):format(code)
      assert.same(plain:run(both), watched:run(both), code)
    end
    assert.is_nil(watched:value("return request.header(5)"))
  end)
end)
