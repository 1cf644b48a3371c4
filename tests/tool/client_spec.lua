-- client_spec.lua - flare:client(): cookies as RFC 6265 has them, redirects as RFC 9110, 15.4 has them. It is native Lua, the same for
-- every engine.
local edge = require "flaron.edge"

local T0 = 1700000000

-- A flare that sets the cookie, status and location of the query's fields, and says what it was asked.
local SOURCE = [[
local flaron = require "flaron"
local url = require "flaron.url"
return function()
  local request = flaron.request
  local fields = url.query(url.parse(request.url()).query)
  local headers = { ["set-cookie"] = fields.cookie, location = fields.to }
  return { status = tonumber(fields.status), headers = headers, body = table.concat({
    request.method(), request.url(), request.header "cookie" or "-", request.header "authorization" or "-",
    request.header "content-type" or "-", request.header "accept" or "-", request.body() }, "|") }
end]]

local MANIFEST = "return { requires_body = true, requires_raw_auth = true }"

describe("flare:client", function()
  local flare = assert(edge.load({ ["main.lua"] = SOURCE, ["flare.lua"] = MANIFEST }, { now = T0 }))

  -- The parts of what the flare was asked.
  local function asked(answer)
    local method, url, cookie, authorization, content_type, accept, body = answer.body:match(("([^|]*)|"):rep(6) .. "(.*)")
    return { method = method, url = url, cookie = cookie, authorization = authorization, type = content_type, accept = accept, body = body }
  end

  -- What is sent to `url` after `from` set a cookie.
  local function sent(cookie, from, url)
    local client = flare:client()
    client:request { url = from, query = { cookie = cookie } }
    return asked(client:request { url = url }).cookie
  end

  it("sends what an answer set, until it is over or taken back", function()
    local client = flare:client()
    assert.equal("-", asked(client:request { path = "/" }).cookie)
    client:request { path = "/", query = { cookie = "id=7; Max-Age=60" } }
    assert.equal("https://localhost/me", asked(client:request { path = "/me" }).url)
    assert.equal("id=7", asked(client:request()).cookie)
    client:request { path = "/", query = { cookie = "id=8; Max-Age=60" } }
    assert.equal("id=8", asked(client:request()).cookie)
    flare:advance(59)
    assert.equal("id=8", asked(client:request()).cookie)
    flare:advance(1)
    assert.equal("-", asked(client:request()).cookie)
    client:request { path = "/", query = { cookie = "a=1" } }
    client:request { path = "/", query = { cookie = "a=; Max-Age=0" } }
    assert.equal("-", asked(client:request()).cookie)
  end)

  it("keeps clients apart", function()
    local one, two = flare:client(), flare:client()
    one:request { query = { cookie = "a=1" } }
    assert.same({ "a=1", "-" }, { asked(one:request()).cookie, asked(two:request()).cookie })
  end)

  local shared = flare:client { cookies = { a = "1" } }
  for n = 1, 2 do
    it("begins each test with the cookies that a client was made with, " .. n, function()
      assert.equal("a=1", asked(shared:request { query = { cookie = "b=2" } }).cookie)
      assert.equal("a=1; b=2", asked(shared:request()).cookie)
    end)
  end

  it("reads dates as RFC 6265 does, and takes Max-Age before them", function()
    local at = { -- all are 2023-11-14 22:14:20, a minute after the clock
      "Tue, 14 Nov 2023 22:14:20 GMT", "Tuesday, 14-Nov-23 22:14:20 GMT", "Tue Nov 14 22:14:20 2023", "14 nov 2023 22:14:20",
      "22:14:20, 2023, 14, November",
    }
    for _, date in ipairs(at) do
      local client = flare:client()
      client:request { query = { cookie = "a=1; Expires=" .. date } }
      assert.equal(T0 + 60, client:cookies()[1].expires, date)
    end
    for _, date in ipairs { "soon", "31 Feb 2024 00:00:00", "14 Nov 1600 22:14:20", "14 Nov 2023 24:00:00", "14 Nov 2023" } do
      local client = flare:client()
      client:request { query = { cookie = "a=1; Expires=" .. date } }
      assert.same({ "1", nil }, { client:cookie "a", client:cookies()[1].expires }, date)
    end
    assert.equal("a=1", sent("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://e.com/", "https://e.com/"))
    assert.equal("-", sent("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://e.com/", "https://e.com/"))
    assert.equal("-", sent("a=1; Expires=Thu, 01 Jan 69 00:00:00 GMT; Max-Age=-1", "https://e.com/", "https://e.com/"))
    local client = flare:client()
    client:request { query = { cookie = "a=1; Expires=Fri, 01 Mar 2024 00:00:00 GMT" } }
    assert.equal(1709251200, client:cookies()[1].expires)
  end)

  it("matches paths", function()
    local cases = {
      { "a=1; Path=/shop", "/", "/shop", "a=1" }, { "a=1; Path=/shop", "/", "/shop/cart", "a=1" },
      { "a=1; Path=/shop", "/", "/shopping", "-" }, { "a=1; Path=/shop/", "/", "/shop", "-" }, { "a=1; Path=/shop", "/", "/", "-" },
      { "a=1", "/shop/cart", "/shop/pay", "a=1" }, { "a=1", "/shop/cart", "/shop", "a=1" }, { "a=1", "/shop/cart", "/", "-" },
      { "a=1", "/shop", "/", "a=1" }, { "a=1; Path=shop", "/a/b", "/a/c", "a=1" }, { "a=1; Path=", "/a/b", "/c", "-" },
      { "a=1; Path=/x; Path=/", "/a/b", "/c", "a=1" },
    }
    for n, case in ipairs(cases) do
      assert.equal(case[4], sent(case[1], "https://e.com" .. case[2], "https://e.com" .. case[3]), "case " .. n)
    end
  end)

  it("matches domains", function()
    local cases = {
      { "a=1", "e.com", "e.com", "a=1" }, { "a=1", "e.com", "www.e.com", "-" },
      { "a=1; Domain=e.com", "e.com", "www.e.com", "a=1" }, { "a=1; domain=.E.Com", "www.e.com", "e.com", "a=1" },
      { "a=1; Domain=e.com", "www.e.com", "note.com", "-" }, { "a=1; Domain=e.com", "thee.com", "thee.com", "-" },
      { "a=1; Domain=www.e.com", "e.com", "www.e.com", "-" }, { "a=1; Domain=com", "e.com", "e.com", "-" },
      { "a=1; Domain=localhost", "localhost", "localhost", "a=1" }, { "a=1; Domain=localhost", "localhost", "a.localhost", "-" },
      { "a=1; Domain=0.0.1", "127.0.0.1", "127.0.0.1", "-" }, { "a=1; Domain=127.0.0.1", "127.0.0.1", "127.0.0.1", "a=1" },
      { "a=1; Domain=", "e.com", "e.com", "a=1" }, { "a=1", "e.com:8443", "E.com", "a=1" }, { "a=1", "u@e.com", "e.com", "a=1" },
    }
    for n, case in ipairs(cases) do
      assert.equal(case[4], sent(case[1], "https://" .. case[2] .. "/", "https://" .. case[3] .. "/"), "case " .. n)
    end
  end)

  it("sends secure cookies over HTTPS alone", function()
    assert.equal("a=1", sent("a=1; Secure", "https://e.com/", "https://e.com/"))
    assert.equal("-", sent("a=1; Secure", "https://e.com/", "http://e.com/"))
    assert.equal("a=1", sent("a=1; Secure", "http://e.com/", "https://e.com/"))
  end)

  it("sends longer paths first, then the older, and passes over what has no name", function()
    local client = flare:client()
    for _, cookie in ipairs { "b=1; Path=/", "a=2; Path=/", "c=3; Path=/x", "nameless", "=x", "b=4; Path=/" } do
      client:request { path = "/x/y", query = { cookie = cookie } }
    end
    assert.equal("c=3; b=4; a=2", asked(client:request { path = "/x/y" }).cookie)
    assert.same({ "4", "2", nil }, { client:cookie "b", client:cookie "a", client:cookie "x" })
    local first = client:cookies()[1]
    assert.same({ name = "b", value = "4", domain = "localhost", host_only = true, path = "/", secure = false, http_only = false }, first)
    client:request { query = { cookie = "d = \"x y\" ; HttpOnly; SameSite=Lax; Secure" } }
    assert.same({ '"x y"', true, "Lax", true }, { client:cookie "d", client:cookies()[4].http_only, client:cookies()[4].same_site,
      client:cookies()[4].secure })
  end)

  it("has headers, cookies and a URL of its own, and takes cookies by hand", function()
    local client = flare:client { url = "http://e.com/ignored", headers = { Accept = "text/html" }, cookies = { a = "1" } }
    assert.same({ url = "http://e.com/x", accept = "text/html", cookie = "a=1" },
      (function(a) return { url = a.url, accept = a.accept, cookie = a.cookie } end)(asked(client:request { path = "/x" })))
    assert.equal("*/*", asked(client:request { headers = { accept = "*/*" } }).accept)
    assert.is_true(client:set_cookie "b=2; Path=/b")
    assert.is_true(client:set_cookie("c=3", "https://other.com/"))
    assert.is_false(client:set_cookie("d=4; Domain=e.com", "https://other.com/"))
    assert.equal("b=2; a=1", asked(client:request { path = "/b" }).cookie)
    assert.equal("c=3", asked(client:request { url = "https://other.com/" }).cookie)
    client:clear()
    assert.equal("a=1", asked(client:request { path = "/b" }).cookie)
  end)

  it("posts forms, and follows no redirect that nobody asked to follow", function()
    local client = flare:client()
    local answer = client:request { path = "/", query = { status = 303, to = "/next", cookie = "a=1" }, form = { x = 1 } }
    assert.same({ 303, "https://localhost/?cookie=a%3D1&status=303&to=%2Fnext", {} }, { answer.status, answer.url, answer.redirects })
    assert.same({ "POST", "x=1" }, { asked(answer).method, asked(answer).body })
    local next_one = client:follow()
    assert.same({ 200, "https://localhost/next", answer }, { next_one.status, next_one.url, next_one.redirects[1] })
    assert.same({ "GET", "a=1", "-", "" }, { asked(next_one).method, asked(next_one).cookie, asked(next_one).type, asked(next_one).body })
    assert.has_error(function() client:follow() end, "the answer, 200, leads nowhere: there is nothing to follow")
    assert.has_error(function() flare:client():follow() end, "the client has not asked for anything yet")
  end)

  it("changes the method as RFC 9110 says", function()
    local cases = {
      { 301, "POST", "GET" }, { 302, "POST", "GET" }, { 303, "POST", "GET" }, { 307, "POST", "POST" }, { 308, "POST", "POST" },
      { 301, "PUT", "PUT" }, { 302, "DELETE", "DELETE" }, { 303, "PUT", "GET" }, { 303, "HEAD", "HEAD" }, { 301, "GET", "GET" },
      { 303, "GET", "GET" }, { 307, "PATCH", "PATCH" },
    }
    for _, case in ipairs(cases) do
      local status, method, changed = table.unpack(case)
      local answer = flare:client { follow = true }:request { method = method, query = { status = status, to = "/n" },
        headers = { ["Content-Type"] = "text/plain", Accept = "x/y" }, body = "text" }
      local kept = method == changed
      assert.same({ changed, kept and "text" or "", kept and "text/plain" or "-", "x/y" },
        { asked(answer).method, asked(answer).body, asked(answer).type, asked(answer).accept }, status .. " " .. method)
    end
    for _, status in ipairs { 200, 201, 300, 304, 305, 404 } do
      assert.equal(status, flare:client { follow = true }:request { query = { status = status, to = "/n" } }.status)
    end
  end)

  it("resolves where an answer leads", function()
    local cases = {
      { "/n?x=1", "https://e.com/n?x=1" }, { "n", "https://e.com/a/n" }, { "./n/", "https://e.com/a/n/" },
      { "../n", "https://e.com/n" }, { "../../../n", "https://e.com/n" }, { "//f.com/n", "https://f.com/n" },
      { "http://f.com", "http://f.com/", "http://f.com" },
      { "n/./m/../o", "https://e.com/a/n/o" }, { "..", "https://e.com/" }, { "/", "https://e.com/" },
      { "n#part", "https://e.com/a/n", "https://e.com/a/n#part" },
    }
    for _, case in ipairs(cases) do
      local answer = flare:client { follow = 1 }:request { url = "https://e.com/a/b", query = { status = 302, to = case[1] } }
      assert.same({ case[2], case[3] or case[2] }, { asked(answer).url, answer.url }, case[1])
    end
    local client = flare:client { url = "https://e.com/" }
    local answer = client:request { url = "https://e.com/a/b#top", query = { status = 302, to = "c" }, follow = true }
    assert.equal("https://e.com/a/c#top", answer.url)
  end)

  it("takes credentials to no other origin", function()
    local function follow(to)
      local client = flare:client { url = "https://e.com", cookies = { a = "1" } }
      return asked(client:request {
        query = { status = 307, to = to }, headers = { Authorization = "Basic eA==", Accept = "x/y" }, follow = true,
      })
    end
    local same, other = follow "/n", follow "https://f.com/n"
    assert.same({ "Basic eA==", "a=1", "x/y" }, { same.authorization, same.cookie, same.accept })
    assert.same({ "-", "-", "x/y" }, { other.authorization, other.cookie, other.accept })
    assert.equal("-", follow("http://e.com/n").authorization)
    local client = flare:client { url = "https://e.com", headers = { authorization = "Bearer x", accept = "x/y" }, follow = true }
    assert.equal("Bearer x", asked(client:request { query = { status = 302, to = "/n" } }).authorization)
    local left = asked(client:request { query = { status = 302, to = "https://f.com/n" } })
    assert.same({ "-", "x/y" }, { left.authorization, left.accept })
  end)

  it("ends a circle", function()
    local looping = assert(edge.load { ["main.lua"] = [[
      return function() return { status = 302, headers = { location = "/again" } } end]] })
    assert.has_error(function() looping:client():request { follow = true } end,
      "more than 20 redirects: https://localhost/again leads to https://localhost/again")
    assert.has_error(function() looping:client { follow = 2 }:request() end,
      "more than 2 redirects: https://localhost/again leads to https://localhost/again")
    assert.equal(302, looping:client { follow = 2 }:request { follow = false }.status)
    local odd = flare:client { follow = true }
    assert.error_matches(function() odd:request { query = { status = 302, to = "mailto:a@e.com" } } end,
      "leads to 'mailto:a@e%.com', which no client asks for")
  end)

  it("opens connections with its cookies", function()
    local chat = assert(edge.load({ ["main.lua"] = [[
      local flaron = require "flaron"
      return { handle_request = function() return { headers = { ["set-cookie"] = "id=7" } } end,
        ws_open = function() flaron.ws.send(flaron.request.header "cookie" or "-") end }]], ["flare.lua"] = MANIFEST }))
    local client = chat:client()
    assert.equal("-", client:websocket():receive())
    client:request()
    assert.equal("id=7", client:websocket { path = "/room" }:receive())
  end)

  it("says what is wrong at the spec's line", function()
    local client = flare:client()
    local function refuses(message, f)
      local good, said = pcall(f)
      assert.is_false(good)
      assert.matches("client_spec%.lua:%d+: " .. message:gsub("%p", "%%%0") .. "$", said)
    end
    refuses("unknown field 'fllow' of client:request: did you mean 'follow'?", function() client:request { fllow = true } end)
    refuses("unknown field 'cookies' of client:request", function() client:request { cookies = { a = "1" } } end)
    refuses("unknown field 'colour' of flare:client", function() flare:client { colour = 1 } end)
    refuses("'follow' is true, false, or how many redirects at most", function() client:request { follow = -1 } end)
    refuses("a client sends cookies of its own: client:set_cookie gives it others",
      function() client:request { headers = { Cookie = "a=1" } } end)
    refuses("bad argument #1 to 'set_cookie' (string expected, got nil)", function() client:set_cookie() end)
    refuses("bad argument #2 to 'set_cookie' (a whole URL expected)", function() client:set_cookie("a=1", "/x") end)
    refuses("call it client:request(...), with a colon", function() client.request { path = "/" } end)
    refuses("call it flare:client(...), with a colon", function() flare.client {} end)
  end)
end)
