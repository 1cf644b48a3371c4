-- scripts_url_spec.lua - flaron.url: what it takes apart and puts together, and what hostile URLs come to.
local evaluate = require "evaluate"

describe("flaron.url", function()
  local flare

  setup(function()
    flare = evaluate.open({}, { ["flare.lua"] = "return { modules = { 'flaron.url' } }" })
  end)

  teardown(function() flare:close() end)

  local function run(call) return flare:run("return require 'flaron.url'." .. call) end
  local function value(call) return run(call)[1] end

  local function parse(text) return value(("parse(%q)"):format(text)) end

  it("takes every part of a URL", function()
    assert.same({ scheme = "https", userinfo = "a:b", host = "example.com", port = 8080, path = "/p/q;r", query = "x=1&y=?/",
      fragment = "f#g?h" }, parse "HTTPS://a:b@EXAMPLE.com:8080/p/q;r?x=1&y=?/#f#g?h")
    assert.same({ scheme = "http", host = "h", path = "/" }, parse "http://h")
    assert.same({ scheme = "http", host = "h", path = "/", query = "" }, parse "http://h?")
    assert.same({ scheme = "http", host = "h", path = "/", fragment = "" }, parse "http://h#")
    assert.same({ scheme = "http", host = "h", path = "/" }, parse "http://h:/")
    assert.same({ scheme = "http", host = "[2001:db8::1]", port = 1, path = "/" }, parse "http://[2001:DB8::1]:1/")
    assert.same({ scheme = "http", userinfo = "u@v", host = "h", path = "/" }, parse "http://u@v@h/")
    assert.same({ scheme = "mailto", path = "a@b.c" }, parse "mailto:a@b.c")
    assert.same({ host = "cdn.example.com", path = "/x" }, parse "//cdn.example.com/x")
    assert.same({ path = "a/b:c" }, parse "a/b:c")
    assert.same({ path = "", query = "q" }, parse "?q")
    assert.same({ path = "" }, parse "")
    assert.same({ path = "/ü\255" }, parse "/ü\255")
  end)

  it("refuses what is no URL", function()
    for _, text in ipairs { "http://", "http:///x", "http://:80/", "http://h:x/", "http://h:65536/", "http://h:-1/", "http://h:80:80/",
      "http://h: 80/", "http://a b/", "http://h/\r\nx", "http://h/\0", "http://[::1/", "http://[::1]x/", "http://a[b]/", "http://u@/",
      "http://h:99999999999999999999/" } do
      assert.same({ n = 2, [2] = "not a URL" }, run(("parse(%q)"):format(text)), text)
    end
    assert.matches("flaron/url.lua:%d+: ", flare:fault "require 'flaron.url'.parse(nil)")
  end)

  it("decodes and encodes", function()
    assert.equal("/\0%+ %zz%", value "decode '%2F%00%25+%20%zz%'")
    assert.equal("%00%FF%C3%BC%2B%20%25~-._aZ9", value "encode '\\0\\255ü+ %~-._aZ9'")
    assert.equal("7", value "encode(7)")
    assert.is_true(value "decode(require 'flaron.url'.encode(('x\\0\\200%/'):rep(9))) == ('x\\0\\200%/'):rep(9)")
  end)

  it("reads queries: duplicates, empty fields, nonsense", function()
    local result = run "query 'a=1&&b&=c&d=x=y&a=2&%61=3&e+f=g+h&=&k=%zz%4'"
    assert.same({ a = "1", b = "", [""] = "c", d = "x=y", ["e f"] = "g h", k = "%zz%4" }, result[1])
    assert.same({ { "a", "1" }, { "b", "" }, { "", "c" }, { "d", "x=y" }, { "a", "2" }, { "a", "3" }, { "e f", "g h" }, { "", "" },
      { "k", "%zz%4" } }, result[2])
    assert.same({ {}, {}, n = 2 }, run "query(nil)")
    assert.same({ {}, {}, n = 2 }, run "query ''")
    assert.same({ "1", n = 1 }, flare:run [[
      local fields = require "flaron.url".query "__index=1&__gc=2"
      return fields.__index]])
  end)

  it("reads a query of 100,000 fields", function()
    assert.same({ 100000, "9", n = 2 }, flare:run [[
      local text = {}
      for i = 1, 100000 do text[i] = "f" .. i .. "=" .. i % 10 end
      local fields, all = require "flaron.url".query(table.concat(text, "&"))
      return #all, fields.f99999]])
  end)

  it("builds what it takes apart", function()
    for _, text in ipairs { "https://a:b@example.com:8080/p/q;r?x=1&y=?/#f", "http://h/", "//h/x", "/a%20b?c", "mailto:a@b.c", "?q", "",
      "http://[::1]:1/?" } do
      assert.equal(text, value(("build(require 'flaron.url'.parse(%q))"):format(text)))
    end
  end)

  it("builds URLs that nothing gets into", function()
    assert.equal("http://h/a%0D%0Ab%3Fc%23d?e%23f#g%23", value("build { scheme = 'http', host = 'h', path = 'a\\r\\nb?c#d', query = 'e#f', "
      .. "fragment = 'g#' }"))
    assert.equal("?a=1&b=%26%3D%23&b=y", value "build { query = { b = { '&=#', 'y' }, a = 1 } }")
    assert.equal("http://u%40v@h/", value "build { scheme = 'http', host = 'h', userinfo = 'u%40v' }")
    assert.equal("/x", value "build { path = '/x', query = {} }")
    for part, text in pairs { host = "a/b", scheme = "ja va", port = "80/x" } do
      assert.matches(("%s: not a %s$"):format(part, part),
        flare:fault(("require 'flaron.url'.build { %s = %q, path = '/' }"):format(part, text)))
    end
    for _, host in ipairs { "a@b", "a:b", "a?b", "a#b", "", "a b", "a\r\n", "[::1", "[x]" } do
      assert.matches("host: not a host$", flare:fault(("require 'flaron.url'.build { host = %q }"):format(host)))
    end
    assert.matches("a name in the query is a number, not a string$", flare:fault "require 'flaron.url'.build { query = { 'x' } }")
  end)
end)
