-- scripts_openresty_spec.lua - flaron.openresty: the order of phases and their ends, what it refuses and with which words, and
-- parts that a flare may lack. What scripts see of it as in nginx, examples/openresty/spec shows.
local support = require "support"

-- A flare whose handler has the phases in `text`, Lua of a table.
local function open(text, options)
  return support.load(('local ngx = require "flaron.openresty"\nlocal said = {}\nreturn ngx.handler {\n%s\n}'):format(text), options)
end

-- The answer to a request of a flare with these phases.
local function answer(text, request, options)
  local flare <close> = open(text, options)
  return assert(flare:request(request or { url = "https://example.com/a/b?x=1" }))
end

-- A flare whose content is what the header `script` says: one for many small checks.
local function open_any(options)
  return open([=[content = function()
    assert(load(require("flaron").request.header "script", "=main.lua", "t", setmetatable({ ngx = ngx }, { __index = _G })))()
  end]=], options)
end

local any = open_any { writes_spark_kv = true }

-- The answer when content is `text`.
local function run(text, flare)
  return assert((flare or any):request { url = "https://example.com/a/b?x=1", headers = { script = text } })
end

-- The body when content is `text`.
local function said(text, flare)
  local response = run(text, flare)
  assert.equal(200, response.status, support.log(response, "error"))
  return response.body
end

-- What goes wrong in `text`, without its place.
local function fault(text)
  return (said(("local good, message = pcall(function() %s end) ngx.print(message)"):format(text)):gsub("^main.lua:%d+: ", ""))
end

-- The first line of the error that start-up ends with.
local function refused(text)
  local source = 'local ngx = require "flaron.openresty"\nlocal handler = ngx.handler {\n%s\n}\nreturn handler'
  local _, message = support.try_load(source:format(text))
  return message:match "^[^\n]*"
end

describe("phases of flaron.openresty", function()
  it("come in nginx's order, the filters with the first byte and each piece", function()
    local response = answer [[
      rewrite = function() said[1] = ngx.get_phase() end,
      access = function() said[2] = ngx.get_phase() end,
      content = function() said[3] = ngx.get_phase() ngx.print "a" said[#said + 1] = "between" ngx.print "b" end,
      header_filter = function() said[#said + 1] = ngx.get_phase() .. ngx.status end,
      body_filter = function() said[#said + 1] = ngx.get_phase() .. ngx.arg[1] .. tostring(ngx.arg[2]) end,
      log = function() ngx.log(ngx.NOTICE, ngx.get_phase(), " ", table.concat(said, " ")) end]]
    assert.equal("ab", response.body)
    assert.equal("log rewrite access content header_filter200 body_filterafalse between body_filterbfalse body_filtertrue",
      response.logs[1].text)
  end)

  it("end where ngx.exit says, whatever pcall", function()
    assert.equal("before\n", said "ngx.say 'before' pcall(function() ngx.exit(ngx.OK) end) ngx.say 'after'")
    local closed = run [[local x <close> = setmetatable({}, { __close = function() ngx.log(ngx.ERR, "closed") end })
      ngx.exit(404)]]
    assert.equal(404, closed.status)
    assert.equal("closed", closed.logs[1].text)
    local passed = answer [[rewrite = function() ngx.exit(ngx.DECLINED) end, access = function() ngx.exit(ngx.OK) end,
      content = function() ngx.print "in" end]]
    assert.equal("in", passed.body)
    local out = answer [[access = function() ngx.print "no" end, content = function() ngx.print "in" end]]
    assert.equal("no", out.body)
    assert.equal(500, answer("access = function() ngx.exit(ngx.ERROR) end, content = function() end").status)
    assert.equal(200, run("ngx.exit(201)").status)
    assert.equal("", run("ngx.exit(204)").body)
  end)

  it("let the body filter change and end the body", function()
    assert.equal("A!", answer([[content = function() ngx.print "a" ngx.print "b" end,
      body_filter = function() ngx.arg[1] = { ngx.arg[1]:upper(), "!" } ngx.arg[2] = true end]]).body)
    assert.equal("b", answer([[content = function() ngx.print "a" ngx.print "b" end,
      body_filter = function() if ngx.arg[1] == "a" then ngx.arg[1] = nil end end]]).body)
  end)

  it("are a 500 with the script's own line when one has an error, also after output", function()
    local response = answer "content = function()\nngx.say 'x'\nerror 'boom' end"
    assert.equal(500, response.status)
    assert.equal("Internal Server Error", response.body)
    assert.matches("^main.lua:6: boom\n", support.log(response, "error"))
    assert.equal(500, run("coroutine.yield()").status)
  end)

  it("see the path as nginx reads it, and as it is written", function()
    local flare <close> = open "content = function() ngx.print(ngx.var.uri, ' ', ngx.var.request_uri) end"
    for path, uri in pairs { ["/a/%2e%2e/x//y/%41"] = "/x/y/A", ["/a/./b/../c/"] = "/a/c/", ["/a/.."] = "/", ["/a/."] = "/a/",
      ["/../../x"] = "/x", ["/a%3Fb%23c%25d%2Fe?q"] = "/a?b#c%d/e", ["/..a/b..c"] = "/..a/b..c", ["/%252e"] = "/%2e" } do
      assert.equal(uri .. " " .. path, flare:request({ url = "http://h" .. path }).body)
    end
  end)

  it("start anew with each request", function()
    local flare <close> = open "content = function() ngx.ctx.n = (ngx.ctx.n or 0) + 1 ngx.print(ngx.ctx.n, ngx.status) end"
    for _ = 1, 3 do assert.equal("10", flare:request().body) end
  end)

  it("may be modules, which run for each request", function()
    local flare <close> = support.load {
      ["main.lua"] = "return require('flaron.openresty').handler { content = 'app.content' }",
      ["app/content.lua"] = "local ngx = require 'flaron.openresty'\nn = (n or 0) + 1\nngx.print(n, ' ', ngx.var.uri)",
    }
    assert.equal("1 /", flare:request({ url = "http://h/" }).body)
    assert.equal("1 /x", flare:request({ url = "http://h/x" }).body)
    assert.matches("^main.lua:2: option 'content' of openresty.handler: module 'no.such' not found:", refused "content = 'no.such'")
  end)

  it("leave the request to the origin, as it came", function()
    assert.equal("pass_through", answer("access = function() end").action)
    assert.matches("ngx.req.set_header 'x%-a': what goes to the origin cannot be changed",
      support.log(answer "access = function() ngx.req.set_header('X-A', 1) end", "error"))
    assert.equal("main.lua:2: option 'body_filter' of openresty.handler: the origin's answer cannot be changed: name `upstream`, or "
      .. "give `content`", refused "body_filter = function() end")
  end)

  it("give the upstream the request as the script left it", function()
    local flare <close> = open [[
      rewrite = function()
        ngx.req.set_uri "/new path" ngx.req.set_uri_args { a = "1 2" } ngx.req.set_header("X_Group", 7)
        ngx.req.clear_header "User-Agent" ngx.req.set_method(ngx.HTTP_PUT)
        ngx.req.read_body() ngx.req.set_body_data "new"
      end,
      header_filter = function() ngx.header["X-Seen"] = ngx.status end,
      upstream = "https://backend.example.com/v1/"]]
    local asked
    flare:stub_fetch("", function(question)
      asked = question
      return { status = 201, body = "from there" }
    end)
    local response = flare:request { url = "https://h/old?b=2", headers = { ["user-agent"] = "me", accept = "text/html" } }
    assert.same({ "PUT", "https://backend.example.com/v1/new%20path?a=1%202", "new" }, { asked.method, asked.url, asked.body })
    assert.equal("7", asked.headers["x-group"])
    assert.equal("text/html", asked.headers.accept)
    assert.not_equal("me", asked.headers["user-agent"])
    assert.same({ 201, "from there", "201" }, { response.status, response.body, response.headers["X-Seen"] })
    flare:stub_fetch("", function() return nil end)
    assert.equal(502, flare:request({ url = "https://h/" }).status)
  end)
end)

describe("headers of ngx", function()
  it("begin no other header, as in nginx: control characters are encoded", function()
    local headers = run([[
      ngx.header["X-A"] = "a\r\nSet-Cookie: b\0\1\t\127c"
      ngx.header["X B\r:(c"] = "n"
      ngx.header["X-L"] = { "a\nb", "c" }
      ngx.header.x_got = ngx.header["X-A"]
      ngx.print "x"]]).headers
    assert.equal("a%0D%0ASet-Cookie: b%00%01\t%7Fc", headers["X-A"])
    assert.equal("n", headers["X%20B%0D%3A%28c"])
    assert.equal("a%0Ab, c", headers["X-L"])
    assert.equal(headers["X-A"], headers["x-got"])
    assert.equal('unsafe byte "0x0d" in redirect uri', fault "ngx.redirect '/a\\r\\nb: c'")
    assert.equal('unsafe byte "0x7f" in redirect uri', fault "ngx.redirect '/a\\127'")
  end)
end)

describe("times of ngx", function()
  it("are from 1970 to the year 9999, whatever is given", function()
    assert.equal("Thu, 01 Jan 1970 00:00:00 GMT|Thu, 01 Jan 1970 00:00:00 GMT|Fri, 31 Dec 9999 23:59:59 GMT|Fri, 31-Dec-99 23:59:59 GMT",
      said [[ngx.print(table.concat({ ngx.http_time(-1), ngx.http_time(0/0), ngx.http_time(1e18), ngx.cookie_time(1e18) }, "|"))]])
    assert.equal("bad argument #1 to 'http_time' (number expected, got nil)", fault "ngx.http_time(nil)")
  end)
end)

describe("flaron.openresty refuses", function()
  it("what a flare cannot do, with the way out", function()
    for name, words in pairs { socket = "flaron.beam", timer = "nothing runs after the answer", thread = "one call after the other",
      semaphore = "nothing beside it", worker = "flaron.spark", balancer = "`upstream` of ngx.handler", sleep = "429 or 503",
      exec = "call the function", on_abort = "not told", ssl = "TLS", pipe = "no processes", errlog = "flaron.logging" } do
      local message = fault(("return ngx.%s"):format(name))
      assert.equal(("ngx.%s: "):format(name), message:sub(1, #name + 6))
      assert.truthy(message:find(words, 1, true), message)
    end
    for _, code in ipairs { "ngx.req.socket()", "ngx.req.raw_header()", "ngx.resp.add_header('a', 'b')",
      "ngx.location.register()", "ngx.shared.d:lpush('a', 1)", "return ngx.var.remote_addr", "return ngx.var.ssl_protocol",
      "ngx.exit(444)", "ngx.exit(99)", "ngx.exit(600)", "ngx.status = 20", "ngx.nothing = 1",
      "ngx.header['Set-Cookie'] = { 'a=1', 'b=2' }", "for _ in pairs(ngx.req.get_headers()) do end",
      "ngx.location.capture '/x'", "ngx.location.capture('http://h/', { vars = {} })", "ngx.redirect('/x', 200)",
      "ngx.redirect '/a\\r\\nb: c'", "ngx.say(print)", "ngx.req.set_uri('/x', true)", "ngx.req.get_post_args()" } do
      assert.not_equal("", fault(code), code)
    end
  end)

  it("what nginx does not allow in a phase, and all outside of one", function()
    assert.equal("main.lua:5: ngx.say: API disabled in the context of header_filter_by_lua*",
      support.log(answer "content = function() end,\nheader_filter = function() ngx.say 'x' end", "error"):match "^[^\n]*")
    local _, message = support.try_load "local ngx = require 'flaron.openresty' ngx.say 'x'"
    assert.equal("main.lua:1: ngx.say: no request is here: call it in a phase that ngx.handler was given", message:match "^[^\n]*")
  end)

  it("options that make no sense", function()
    assert.equal("main.lua:2: unknown option 'contents' of openresty.handler: did you mean 'content'?", refused "contents = print")
    assert.equal("main.lua:2: option 'content' of openresty.handler: missing", refused "")
    assert.equal("main.lua:2: option 'content' of openresty.handler: function or string expected, got number", refused "content = 1")
    assert.matches("option 'upstream' of openresty.handler: 'ftp://x' is no URL", refused "upstream = 'ftp://x'")
  end)

  it("an exit in a coroutine of the script's own", function()
    assert.matches("ngx.exit in a coroutine", said "ngx.print(select(2, coroutine.resume(coroutine.create(ngx.exit), 403)))")
  end)
end)

describe("parts for flaron.openresty", function()
  it("are named when the flare lacks them", function()
    assert.equal('ngx.re: add "rex_pcre2" to `modules` in flare.lua', fault "ngx.re.match('a', 'b')")
    assert.equal('ngx.hmac_sha1: add "flaron.digest" to `modules` in flare.lua', fault "ngx.hmac_sha1('a', 'b')")
    assert.equal('ngx.md5: add "flaron.digest" to `modules` in flare.lua', fault "ngx.md5('\\255')")
    assert.equal("5d41402abc4b2a76b9719d911017c592", said "ngx.print(ngx.md5 'hello')")
  end)
end)

-- Text of a phase that writes what `code` gives, each value on a line.
local regex_script = [[
local re = ngx.re
local function line(...)
  local out = {}
  for n = 1, select("#", ...) do out[n] = tostring((select(n, ...))) end
  ngx.say(table.concat(out, " "))
end
local m = re.match("hello, 1234", "(?<word>\\w+), (\\d+)(x)?", "jo")
line(m[0], m[1], m[2], m[3], m.word)
local context = { pos = 9 }
line(re.match("hello, 1234", "[0-9]", "", context)[0], context.pos)
line(re.find("hello, 1234", "([0-9])([0-9])", "jo", nil, 2))
line(re.find("hello", "x"))
for one in re.gmatch("a1 b2", "[a-z](\\d)") do line(one[0], one[1]) end
line(re.sub("hello", "l(l)?", "[$0|${1}|$2|$$]"))
line(re.gsub("hello", "", "-"))
line(re.gsub("a\u{e9}b", "", "-", "u"))
line(re.gsub("HeLLo", "[a-z]", function(found) return "<" .. found[0] .. ">" end, "i"))
line(re.gsub("a", "a", "${x}"))
line(re.match("a", "("))
line((pcall(re.match, "a", "a", "q")))
line(re.match(("a"):rep(40) .. "!", "^(a+)+$"))]]

-- The part is built where its folder is.
if support.read "runtime/parts/pcre2/part.mk" then
  describe("ngx.re", function()
    it("gives what nginx does", function()
      local flare <close> = support.load {
        ["main.lua"] = "local ngx = require 'flaron.openresty'\nreturn ngx.handler { content = function()\n" .. regex_script .. "\nend }",
        ["flare.lua"] = "return { modules = { 'rex_pcre2' } }",
      }
      local body = flare:request().body
      local limit = body:match "[^\n]*\n$"
      assert.matches("^nil pcre_exec%(%) failed", limit)
      assert.equal([[
hello, 1234 hello 1234 false hello
2 10
9 9
nil
a1 1
b2 2
he[ll|l||$]o 1
-h-e-l-l-o- 6
-a-é-b- 4
<H><e><L><L><o> 5
nil nil failed to compile the replacement template
nil pcre_compile() failed: missing closing parenthesis in "("
false
]], (body:sub(1, -#limit - 1):gsub(" %(pattern offset: %d+%)", "")))
    end)
  end)
end

if support.read "runtime/parts/digest/part.mk" then
  describe("digests of ngx", function()
    it("take any bytes", function()
      local flare <close> = support.load {
        ["main.lua"] = [[
local ngx = require "flaron.openresty"
return ngx.handler { content = function()
  ngx.say(ngx.encode_base64(ngx.hmac_sha1("key\255", "The quick \0\255")), " ", ngx.md5 "\255\0")
  ngx.say(ngx.encode_base64(ngx.sha1_bin "\255\0"), " ", ngx.encode_base64(ngx.md5_bin "\255"))
end }]],
        ["flare.lua"] = "return { modules = { 'flaron.digest' } }",
      }
      assert.equal("BC88MI5v9Q2NbaM8kpdsuGwUxVY= e0e8bfafbb0689563b2fba789c97b3cc\n2jPkGVSZfCStMfbBhF4YUQs4T2c= AFlP1PQrpD/BygQnoFdilQ==\n",
        flare:request().body)
    end)
  end)
end

describe("ngx.shared", function()
  it("keeps any key apart from others, and dictionaries from each other", function()
    assert.equal("1 2 3 4 nil", said([[
      local a, b = ngx.shared["a:b"], ngx.shared.a
      a:set("c", 1) b:set("b:c", 2) b:set("x.y", 3) b:set("x_y", 4)
      ngx.print(a:get "c", " ", b:get "b:c", " ", b:get "x.y", " ", b:get "x_y", " ", (b:get "x.2ey"))]]))
  end)

  it("says why a key or a value is none, and what Spark refuses", function()
    assert.equal("nil key|empty key|key too long|bad value type", said([[
      local d, out = ngx.shared.d, {}
      out[1] = select(2, d:get()) out[2] = select(2, d:get "") out[3] = select(2, d:set(("k"):rep(300), 1))
      out[4] = select(2, d:set("k", {})) ngx.print(table.concat(out, "|"))]]))
    local refusing <close> = open_any { writes_spark_kv = false }
    assert.equal("false no capability", said("local done, why = ngx.shared.d:set('k', 1) ngx.print(done, ' ', why)", refusing))
  end)

  it("takes times to live and flags that are odd, as nginx does", function()
    assert.equal('10 7 315360000 5 4294967295 bad "exptime" argument', said([[
      local d = ngx.shared.d
      d:set("a", 10, 1e300) d:set("b", 5, 0, -1) d:set("n", 7, 0/0)
      local _, message = pcall(d.set, d, "c", 1, -1)
      ngx.print(table.concat({ tostring((d:get "a")), tostring((d:get "n")), d:ttl "a", table.concat({ d:get "b" }, " "),
        (message:gsub("^main.lua:%d+: ", "")) }, " "))]]))
  end)

  it("keeps numbers as they are, and a time to live through incr", function()
    assert.equal("integer float 60 0.1", said([[
      local d = ngx.shared.d
      d:set("i", 7) d:set("f", 0.1) d:set("t", 1, 59.5) d:incr("t", 1)
      ngx.print(math.type((d:get "i")), " ", math.type((d:get "f")), " ", d:ttl "t", " ", (d:get "f"))]]))
  end)
end)
