-- scripts_cookie_spec.lua - flaron.cookie: headers as browsers and attackers write them, and what it refuses to write.
local evaluate = require "evaluate"
local support = require "support"

describe("flaron.cookie", function()
  local flare

  setup(function()
    flare = evaluate.open({ requires_raw_auth = true }, { ["flare.lua"] = "return { modules = { 'flaron.cookie' } }" })
  end)

  teardown(function() flare:close() end)

  local function parse(header) return flare:value(("return require 'flaron.cookie'.parse(%q)"):format(header)) end
  local function call(arguments) return "require 'flaron.cookie'.serialize(" .. arguments .. ")" end
  local function serialize(arguments) return flare:value("return " .. call(arguments)) end
  local function fault(arguments) return flare:fault(call(arguments)) end

  local function says(words, message) assert.is_number(message:find(words, 1, true), message) end

  it("reads what browsers send", function()
    assert.same({ a = "1", b = "2" }, parse "a=1; b=2")
    assert.same({ a = "1", b = "2" }, parse "a=1;b=2;")
    assert.same({ a = "1", b = "2" }, parse "\t a = 1 \t;  b\t=\t2  ")
    assert.same({ a = "x y", b = "", c = '"', d = 'x"y"' }, parse 'a="x y"; b=""; c="; d=x"y"')
    assert.same({ a = "b=c==", ["name-with.dots_"] = "%20+" }, parse "a=b=c==; name-with.dots_=%20+")
    assert.same({ a = "first" }, parse "a=first; a=second")
    assert.same({ A = "1", a = "2" }, parse "A=1; a=2")
  end)

  it("reads nonsense without harm", function()
    for _, header in ipairs { "", ";", ";;;", "=", "=x", "novalue", " ; = ; x", "\0" } do assert.same({}, parse(header), header) end
    assert.same({ ["a\0"] = "\255\0" }, parse "a\0=\255\0")
    assert.same({ a = "1" }, parse(("x;"):rep(20000) .. "a=1"))
    assert.same({ __index = "1", __proto__ = "2" }, parse "__index=1; __proto__=2")
  end)

  it("takes no longer for blanks than for anything else", function()
    local blanks, begin = (" "):rep(60000), os.clock()
    assert.same({ a = "b" .. blanks .. "c" }, parse(blanks .. "a" .. blanks .. "=" .. blanks .. "b" .. blanks .. "c" .. blanks))
    assert.is_true(os.clock() - begin < 5)
  end)

  it("gets a cookie of the request, only when the host hands it over", function()
    local request = { headers = { cookie = 'id="7"; x=y' } }
    assert.same({ "7", nil, n = 2 }, flare:run("local c = require 'flaron.cookie' return c.get 'id', c.get 'ID'", request))
    local body = "return { body = tostring(require 'flaron.cookie'.get 'id') }"
    assert.equal("nil", support.answer(body, request).body)
    assert.equal("7", support.answer(body, request, { requires_raw_auth = true }).body)
  end)

  it("writes attributes", function()
    assert.equal("a=b; Path=/; Secure; HttpOnly; SameSite=Lax", serialize "'a', 'b'")
    assert.equal("a=; Path=/x; Domain=example.com; Max-Age=-5; Expires=Tue, 14 Nov 2023 22:13:20 GMT; SameSite=Strict",
      serialize("'a', '', { path = '/x', domain = 'example.com', max_age = -5, expires = 1700000000, secure = false, "
        .. "http_only = false, same_site = 'Strict' }"))
    assert.equal("a=b; Path=/; Secure; HttpOnly; SameSite=None", serialize "'a', 'b', { same_site = 'None' }")
    assert.equal("a=b; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
      serialize "'a', 'b', { same_site = 'None', partitioned = true }")
    assert.equal("a=b; Path=/; HttpOnly; SameSite=Lax", serialize "'a', 'b', { secure = false, partitioned = false }")
  end)

  it("writes every value that a cookie may have, so that it reads back the same", function()
    local value = {}
    for byte = 33, 126 do
      local c = string.char(byte)
      if not c:find '[",;\\]' then value[#value + 1] = c end
    end
    value = table.concat(value)
    assert.same({ v = value }, parse(serialize(("'v', %q"):format(value)):match "^[^;]*"))
  end)

  it("refuses values and names that would begin something else", function()
    for _, value in ipairs { "a b", "a;b", "a,b", 'a"b', "a\\b", "a\r\nb", "a\nb", "a\0b", "ä", "\127", "a\tb" } do
      says("the value has a character that a cookie may not have: encode it first",
        fault(("'n', %q"):format(value)))
    end
    for _, name in ipairs { "", "a b", "a=b", "a;b", "a\r\nb", "a\0", "ä", "a,b", "(a)" } do
      says("the name is no token", fault(("%q, 'v'"):format(name)))
    end
    says("bad argument #2 to 'cookie.serialize' (string expected, got number)", fault "'a', 1")
    says("bad argument #2 to 'cookie.serialize' (string expected, got nil)", fault "'a'")
    says("bad argument #1 to 'cookie.serialize' (string expected, got nil)", fault "nil, 'v'")
  end)

  it("refuses attributes that would begin something else, or that mean nothing", function()
    for _, text in ipairs { "/a;b", "/a\r\nset-cookie: x=y", "/a\0", "/ä" } do
      says("path has a character that may not stand there", fault(("'a', 'b', { path = %q }"):format(text)))
    end
    says("domain has a character", fault "'a', 'b', { domain = 'a;b' }")
    says("same_site is not Strict, Lax or None", fault "'a', 'b', { same_site = 'lax' }")
    says("same_site has a character", fault "'a', 'b', { same_site = 'Lax; Domain=x' }")
    says("path does not begin with '/'", fault "'a', 'b', { path = 'x' }")
    says("unknown option 'maxAge'", fault "'a', 'b', { maxAge = 1 }")
    says("max_age: integer expected, got float", fault "'a', 'b', { max_age = 1.5 }")
    says("max_age: integer expected, got string", fault "'a', 'b', { max_age = '1; x' }")
    says("secure: boolean expected, got number", fault "'a', 'b', { secure = 0 }")
  end)

  it("refuses what browsers would not keep", function()
    says("same_site = 'None' needs secure", fault "'a', 'b', { same_site = 'None', secure = false }")
    says("partitioned needs secure", fault "'a', 'b', { partitioned = true, secure = false }")
    says("the prefix __Secure- needs secure", fault "'__Secure-a', 'b', { secure = false }")
    for _, options in ipairs { "secure = false", "domain = 'x.y'", "path = '/x'" } do
      says("the prefix __Host- needs secure, the path '/' and no domain",
        fault(("'__Host-a', 'b', { %s }"):format(options)))
    end
    assert.equal("__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax", serialize "'__Host-a', 'b', { path = '/' }")
    for _, prefix in ipairs { "__host-", "__HOST-", "__hOsT-", "__host-http-" } do
      for _, options in ipairs { "secure = false", "domain = 'x.y'", "path = '/x'" } do
        says("the prefix __Host- needs secure, the path '/' and no domain", fault(("'%sa', 'b', { %s }"):format(prefix, options)))
      end
    end
    for _, prefix in ipairs { "__secure-", "__SECURE-", "__sEcure-" } do
      says("the prefix __Secure- needs secure", fault(("'%sa', 'b', { secure = false }"):format(prefix)))
      assert.matches("^" .. prefix:gsub("%p", "%%%0") .. "a=b; Path=/; Secure", serialize(("'%sa', 'b'"):format(prefix)))
    end
    for _, options in ipairs { "secure = false", "http_only = false" } do
      for _, prefix in ipairs { "__Http-", "__http-" } do
        says("the prefix __Http- needs secure and http_only", fault(("'%sa', 'b', { %s }"):format(prefix, options)))
      end
    end
    says("the prefix __Host-Http- needs http_only", fault "'__host-HTTP-a', 'b', { http_only = false }")
    assert.equal("__Host-Http-a=b; Path=/; Secure; HttpOnly; SameSite=Lax", serialize "'__Host-Http-a', 'b'")
    assert.equal("__hosta=b; Path=/x; HttpOnly; SameSite=Lax", serialize "'__hosta', 'b', { path = '/x', secure = false }")
    for _, seconds in ipairs { "1 << 60", "math.maxinteger", "math.mininteger", "253402300800", "-11644473601" } do
      says("expires is not from the year 1601 to 9999", fault(("'a', 'b', { expires = %s }"):format(seconds)))
    end
    for seconds, date in pairs { ["253402300799"] = "Fri, 31 Dec 9999 23:59:59 GMT", ["-11644473600"] = "Mon, 01 Jan 1601 00:00:00 GMT",
      ["-1"] = "Wed, 31 Dec 1969 23:59:59 GMT" } do
      assert.matches("; Expires=" .. date .. "; ", serialize(("'a', 'b', { expires = %s }"):format(seconds)), 1, true)
    end
    for _, domain in ipairs { "", ".", "..x", "a b", "a/b", "a:80", "[::1]", "a,b", "*.x", "x.", "x.y.", "x..y", "-x.y",
      "x.-y", "x-.y", "x.y-", ("x"):rep(64) .. ".y", ("x."):rep(127) .. "y", "https://x.y" } do
      says("domain is not the name of a host", fault(("'a', 'b', { domain = %q }"):format(domain)))
    end
    for _, domain in ipairs { "x", ".x.y", "a-b.c_d.1", "1.2.3.4", "X.Y", "xn--bcher-kva.x", "_a.b", ("x"):rep(63) .. ".y",
      ("x."):rep(126) .. "y" } do
      assert.matches("; Domain=" .. domain .. "; ", serialize(("'a', 'b', { domain = %q }"):format(domain)), 1, true)
    end
    says("path: longer than 1024 bytes", fault "'a', 'b', { path = '/' .. ('x'):rep(1024) }")
    local room = 4096 - #"a=; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert.equal(4096, #serialize(("'a', ('x'):rep(%d)"):format(room)))
    says("longer than the 4096 bytes that browsers keep", fault(("'a', ('x'):rep(%d)"):format(room + 1)))
  end)

  it("names the function and the line that called it", function()
    local answer = support.answer "\nlocal c = require 'flaron.cookie'\nc.set('a', 'b c')"
    assert.equal(500, answer.status)
    assert.matches("^main%.lua:5: bad cookie 'a' for 'cookie%.set' %(the value has", support.log(answer, "error"))
    assert.is_nil(answer.headers["set-cookie"])
  end)

  it("sets one cookie a response, and says so of a second", function()
    local answer = support.answer [[
      local cookie = require "flaron.cookie"
      cookie.set("a", "1")
      cookie.set("a", "2", { max_age = 9 })
      local _, one = pcall(cookie.set, "b", "3")
      local _, two = pcall(cookie.delete, "b")
      return { body = one .. "\n" .. two }]]
    assert.equal("a=2; Path=/; Max-Age=9; Secure; HttpOnly; SameSite=Lax", answer.headers["set-cookie"])
    for name in answer.body:gmatch "bad cookie 'b' for 'cookie%.(%l+)' %(the host sends one Set%-Cookie a response, and 'a' is set%)" do
      answer[name] = true
    end
    assert.is_true(answer.set and answer.delete)
  end)

  it("forgets in the next request what was set in this one", function()
    local flare_of_two <close> = support.load [[
      local flaron, cookie = require "flaron", require "flaron.cookie"
      return function() cookie.set(flaron.request.method(), "x") end]]
    for _, method in ipairs { "GET", "PUT" } do
      assert.matches("^" .. method .. "=x; ", flare_of_two:request({ method = method }).headers["set-cookie"])
    end
  end)

  it("deletes with the path and domain that it was set with, and changes no table of the caller", function()
    assert.equal("a=; Path=/x; Domain=d.e; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax",
      support.answer([[
        local options = { path = "/x", domain = "d.e", max_age = 50 }
        require "flaron.cookie".delete("a", options)
        assert(options.max_age == 50)]]).headers["set-cookie"])
  end)
end)
