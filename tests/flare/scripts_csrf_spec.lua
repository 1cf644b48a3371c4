-- scripts_csrf_spec.lua - flaron.csrf: requests of one's own pages, forged ones, and what is told of them.
local evaluate = require "evaluate"
local support = require "support"

local NOW = 1700000000

describe("flaron.csrf", function()
  local flare

  setup(function()
    flare = evaluate.open({ requires_raw_auth = true, requires_body = true, secrets = { KEY = "s3cr3t-key", OLD = "old" }, now = NOW },
      { ["flare.lua"] = "return { modules = { 'flaron.csrf' }, allowed_secrets = { 'KEY', 'OLD', 'NONE' } }" })
  end)

  before_each(function() flare.flare:set_time(NOW) end)

  teardown(function() flare:close() end)

  local BOUND = "{ secret = 'KEY', session = function() return flaron.request.header 'x-id' end }"

  local function run(code, options, request)
    return flare:run(("local guard = require 'flaron.csrf'.new(%s) %s"):format(options or BOUND, code), request)
  end

  -- A token of the session `id`.
  local function make(id, options) return run("return guard:token()", options, { headers = { ["x-id"] = id or "ada" } })[1] end

  -- What check says: true, or the reason.
  local function check(headers, options, request)
    local all = { method = "POST", url = "https://shop.example/buy", headers = { ["x-id"] = "ada" } }
    for name, value in pairs(request or {}) do all[name] = value end
    for name, value in pairs(headers) do all.headers[name] = value end
    local values = run("return guard:check()", options, all)
    return values[1] or values[2]
  end

  it("takes a token of the session, by header or by the field of a form, and another each time", function()
    local one, two = make(), make()
    assert.are_not.equal(one, two)
    assert.matches("^%x+%.%x+%.%x+$", one)
    for _, token in ipairs { one, two } do
      assert.is_true(check { ["x-csrf-token"] = token })
      assert.is_true(check({ ["content-type"] = "application/x-www-form-urlencoded; charset=utf-8" }, nil,
        { body = "item=7&csrf_token=" .. token }))
    end
    local options = BOUND:gsub("}", ", field = 'f', header = 'x-f' }")
    assert.is_true(check({ ["x-f"] = one }, options))
    assert.is_true(check({ ["content-type"] = "application/x-www-form-urlencoded" }, options, { body = "f=" .. one }))
    assert.equal("no token", check({ ["x-csrf-token"] = one }, options))
  end)

  it("reads no token from a URL, nor from a body that is no form", function()
    local token = make()
    assert.equal("no token", check({}, nil, { url = "https://shop.example/buy?csrf_token=" .. token }))
    assert.equal("no token", check({ ["content-type"] = "text/plain" }, nil, { body = "csrf_token=" .. token }))
    assert.is_true(check({ ["x-mine"] = token },
      "{ secret = 'KEY', session = function() return 'ada' end, token = function() return flaron.request.header 'x-mine' end }"))
  end)

  it("lets methods pass that change nothing, whatever they have", function()
    for _, method in ipairs { "GET", "HEAD", "OPTIONS", "TRACE" } do
      assert.is_true(check({ ["sec-fetch-site"] = "cross-site" }, nil, { method = method }))
    end
    for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE", "PURGE" } do
      assert.equal("no token", check({}, nil, { method = method }), method)
    end
  end)

  it("refuses what browsers say is of another site, even with a good token", function()
    local token = make()
    local function ask(headers, options, url)
      headers["x-csrf-token"] = token
      return check(headers, options, { url = url })
    end
    for _, site in ipairs { "cross-site", "same-site", "SAME-ORIGIN", "x" } do
      assert.equal("cross-site", ask { ["sec-fetch-site"] = site }, site)
    end
    for _, site in ipairs { "same-origin", "none" } do assert.is_true(ask { ["sec-fetch-site"] = site }) end
    for _, origin in ipairs { "https://evil.example", "null", "http://shop.example", "https://shop.example:8443", "https://shop.example/",
      "https://shop.example.evil.com", "file://" } do
      assert.equal("cross-site", ask { origin = origin }, origin)
    end
    assert.is_true(ask { origin = "https://shop.example" })
    assert.is_true(ask({ origin = "https://shop.example" }, nil, "https://Shop.example:443/x"))
    assert.is_true(ask({ origin = "http://[::1]:8080" }, nil, "http://[::1]:8080/x"))
    assert.is_true(ask {}) -- no browser of today
    local options = BOUND:gsub("}", ", origins = { 'https://app.example' } }")
    assert.is_true(ask({ origin = "https://app.example", ["sec-fetch-site"] = "cross-site" }, options))
    assert.equal("cross-site", ask({ origin = "https://evil.example", ["sec-fetch-site"] = "cross-site" }, options))
  end)

  it("does not trust what a browser says instead of a token", function()
    assert.equal("no token", check { ["sec-fetch-site"] = "same-origin", origin = "https://shop.example" })
  end)

  it("refuses tokens of another session, changed ones, old ones and none", function()
    local token = make()
    assert.equal("forged", check { ["x-csrf-token"] = make "eve" })
    assert.equal("forged", check { ["x-csrf-token"] = make "ada:" })
    for i = 1, #token, 5 do
      local c = token:sub(i, i)
      local changed = token:sub(1, i - 1) .. (c == "0" and "1" or "0") .. token:sub(i + 1)
      assert.equal("forged", check { ["x-csrf-token"] = changed }, changed)
    end
    for _, text in ipairs { "x", ".", "..", "0.0.0", token .. "0", token:upper(), ("f"):rep(20) .. token, ("a"):rep(50000) } do
      assert.equal("forged", check { ["x-csrf-token"] = text }, text:sub(1, 60))
    end
    assert.equal("no token", check { ["x-csrf-token"] = "" })
    flare.flare:set_time(NOW + 43199)
    assert.is_true(check { ["x-csrf-token"] = token })
    flare.flare:set_time(NOW + 43200)
    assert.equal("expired", check { ["x-csrf-token"] = token })
  end)

  it("has no token without a session, nor takes one", function()
    assert.same({ nil, "no session", n = 2 }, run "return guard:token()")
    assert.equal("no session", check({ ["x-id"] = "", ["x-csrf-token"] = make() }))
    local fault = flare:fault "require 'flaron.csrf'.new({ secret = 'KEY', session = function() return 5 end }):token()"
    assert.matches("csrf: the session's id is a number, not a string", fault)
  end)

  it("takes ids of any bytes", function()
    local options = "{ secret = 'KEY', session = function() return 'a\\0:\\255' end }"
    assert.is_true(check({ ["x-csrf-token"] = make(nil, options) }, options))
    assert.equal("forged", check({ ["x-csrf-token"] = make(nil, options) }, (options:gsub("255", "254"))))
  end)

  it("signs by a new secret and takes what old ones signed", function()
    local old = BOUND:gsub("KEY", "OLD")
    local both = BOUND:gsub("}", ", old_secrets = { 'OLD' } }")
    assert.equal("forged", check { ["x-csrf-token"] = make("ada", old) })
    assert.is_true(check({ ["x-csrf-token"] = make("ada", old) }, both))
    assert.equal("forged", check({ ["x-csrf-token"] = make("ada", both) }, old))
    local none = BOUND:gsub("KEY", "NONE")
    assert.same({ nil, "no such secret", n = 2 }, run("return guard:token()", none, { headers = { ["x-id"] = "ada" } }))
    assert.equal("no such secret", check({ ["x-csrf-token"] = make() }, none))
  end)

  describe("without a session", function()
    local OWN = "{ secret = 'KEY' }"

    -- A token and the cookie that came with it.
    local function begin(options, headers)
      local values, response = run("return guard:token(), guard:token()", options or OWN, { headers = headers })
      local set = response.headers["set-cookie"]
      return values[1], set and set:match "^[^;]*", values[2], set
    end

    it("binds tokens to a signed cookie with the prefix __Host-", function()
      local token, pair, other, set = begin()
      assert.matches("^__Host%-csrf=%x+%.%x+; Path=/; Secure; HttpOnly; SameSite=Strict$", set)
      assert.is_true(check({ cookie = pair, ["x-csrf-token"] = token }, OWN))
      assert.is_true(check({ cookie = pair, ["x-csrf-token"] = other }, OWN))
      local _, again = begin(OWN, { cookie = pair })
      assert.is_nil(again)
    end)

    it("refuses tokens with another cookie, with none, and cookies that we did not sign", function()
      local token, pair = begin()
      local _, foreign = begin()
      assert.equal("no session", check({ ["x-csrf-token"] = token }, OWN))
      assert.equal("forged", check({ cookie = foreign, ["x-csrf-token"] = token }, OWN))
      local id = pair:match "=(%x+)"
      local moved = pair:gsub("Host", "Secure")
      for _, bad in ipairs { pair .. "0", "__Host-csrf=" .. id, "__Host-csrf=" .. id .. ".00", "__Host-csrf=x", moved } do
        assert.equal("no session", check({ cookie = bad, ["x-csrf-token"] = token }, OWN), bad)
        assert.truthy(select(2, begin(OWN, { cookie = bad })), bad)
      end
      -- a token is no cookie, and a cookie no token
      assert.equal("forged", check({ cookie = pair, ["x-csrf-token"] = pair:match "=(.*)" }, OWN))
    end)

    it("has one of its own for each name of a cookie", function()
      local _, pair = begin()
      local moved = pair:gsub("^[^=]*", "other")
      assert.truthy(select(2, begin("{ secret = 'KEY', cookie = 'other' }", { cookie = moved })))
    end)

    it("says that a secret is not there, and sets no cookie", function()
      local values, response = run("return guard:token()", "{ secret = 'NONE' }")
      assert.same({ nil, "no such secret", n = 2 }, values)
      assert.is_nil(response.headers["set-cookie"])
    end)
  end)

  it("is middleware that answers 403 with the reason, and names no secret", function()
    local app <close> = support.load({ ["main.lua"] = [[
      local app, sessions = require "flaron.router".new(), require "flaron.session".new { secret = "KEY" }
      local guard = require "flaron.csrf".new { secret = "KEY", session = function()
        local values = sessions:read()
        return values and values.id
      end }
      app:use(guard:middleware())
      app:get("/in", function() sessions:write { id = "ada" } end)
      app:get("/form", function() return { body = guard:token() } end)
      app:post("/buy", function() return { body = "bought" } end)
      return app:handler()]], ["flare.lua"] = "return { requires_raw_auth = true, allowed_secrets = { 'KEY' } }" },
      { secrets = { KEY = "s3cr3t-key" } })
    local function ask(method, path, headers)
      return app:request { method = method, url = "https://shop.example" .. path, headers = headers }
    end
    local pair = ask("GET", "/in").headers["set-cookie"]:match "^[^;]*"
    local token = ask("GET", "/form", { cookie = pair }).body
    assert.equal("bought", ask("POST", "/buy", { cookie = pair, ["x-csrf-token"] = token }).body)
    local refused = ask("POST", "/buy", { cookie = pair, ["x-csrf-token"] = token .. "0" })
    assert.equal(403, refused.status)
    assert.equal("forbidden: forged\n", refused.body)
    assert.equal("no-store", refused.headers["cache-control"])
    assert.same({}, refused.logs)
    assert.equal("forbidden: cross-site\n",
      ask("POST", "/buy", { cookie = pair, ["x-csrf-token"] = token, ["sec-fetch-site"] = "cross-site" }).body)

    local without <close> = support.load({ ["main.lua"] = [[
      local app = require "flaron.router".new()
      app:use(require "flaron.csrf".new({ secret = "KEY", session = function() return "x" end }):middleware())
      app:post("/", function() return { body = "done" } end)
      return app:handler()]], ["flare.lua"] = "return { requires_raw_auth = true, allowed_secrets = { 'KEY' } }" })
    local failed = without:request { method = "POST", url = "https://shop.example/", headers = { ["x-csrf-token"] = "0.0.0" } }
    assert.equal(403, failed.status)
    failed = without:request { method = "POST", url = "https://shop.example/", headers = { ["x-csrf-token"] = token } }
    assert.equal(500, failed.status)
    assert.matches("flaron%.csrf: the secret KEY is not set", support.log(failed, "error"))
  end)

  it("refuses options that make no sense", function()
    for options, message in pairs {
      ["{}"] = "option 'secret' of csrf.new: missing",
      ["{ secret = 'KEY', session = 'id' }"] = "option 'session' of csrf.new: function expected, got string",
      ["{ secret = 'KEY', session = print, cookie = 'x' }"] = "option 'cookie' of csrf.new: not with session",
      ["{ secret = 'KEY', origins = { 'https://a.example/' } }"] = "option 'origins' of csrf.new: 'https://a.example/' is not an origin",
      ["{ secret = 'KEY', origins = { 5 } }"] = "option 'origins' of csrf.new: item 1: string expected, got number",
      ["{ secret = 'KEY', old_secrets = { {} } }"] = "option 'old_secrets' of csrf.new: item 1: string expected, got table",
      ["{ secret = 'KEY', header = 'a b' }"] = "option 'header' of csrf.new: 'a b' is not a token",
      ["{ secret = 'KEY', cookie = 'a b' }"] = "the name is no token",
      ["{ secret = 'KEY', max_age = 0 }"] = "option 'max_age' of csrf.new: 0 is not from 1 to 4294967295",
      ["{ secret = 'KEY', sessions = print }"] = "unknown option 'sessions' of csrf.new: did you mean 'session'?",
    } do
      local fault = flare:fault(("require 'flaron.csrf'.new(%s)"):format(options))
      assert.truthy(fault:find(message, 1, true), fault)
    end
  end)
end)
