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
    assert.same({ path = "//x", scheme = "a", host = "h" }, parse "a://h//x")
    assert.same({ path = "/a[b]|c", query = "d[]={e}|^`", fragment = "{f}" }, parse "/a[b]|c?d[]={e}|^`#{f}")
  end)

  it("refuses what is no URL", function()
    for _, text in ipairs { "http://", "http:///x", "http://:80/", "http://h:x/", "http://h:65536/", "http://h:-1/", "http://h:80:80/",
      "http://h: 80/", "http://a b/", "http://h/\r\nx", "http://h/\0", "http://[::1/", "http://[::1]x/", "http://a[b]/", "http://u@/",
      "http://h:99999999999999999999/", "http:x", "https:/x", "HTTPS:", "ws:/x", "wss:x", "ftp:x/y", "///x", "////x" } do
      assert.same({ n = 2, [2] = "not a URL" }, run(("parse(%q)"):format(text)), text)
    end
    assert.matches("bad argument #1 to 'url.parse' %(string expected, got nil%)$", flare:fault "require 'flaron.url'.parse(nil)")
  end)

  it("refuses what stands in neither standard's URLs where it stands", function()
    local everywhere = '\\"<> \t\r\n\0\1\127\128\255é'
    local wrong = { userinfo = everywhere .. "[]{}|^`", host = everywhere .. "{}|^`@", path = everywhere .. "{}^`", query = everywhere,
      fragment = everywhere .. "`" }
    local shape = { userinfo = "http://a%sz@h/", host = "http://a%sz/", path = "http://h/a%sz", query = "http://h/?a%sz",
      fragment = "http://h/#a%sz" }
    for part, characters in pairs(wrong) do
      for c in characters:gmatch(utf8.len(characters) and utf8.charpattern or ".") do
        local text = shape[part]:gsub("%%s", function() return c end)
        if not (part == "host" and c == "@") then assert.same({ n = 2, [2] = "not a URL" }, run(("parse(%q)"):format(text)), text) end
      end
      for _, c in ipairs { "%", "%4", "%zz", "%4z", "%%41", "%é" } do
        local text = shape[part]:gsub("%%s", function() return c end)
        assert.same({ n = 2, [2] = "not a URL" }, run(("parse(%q)"):format(text)), text)
      end
    end
    for _, host in ipairs { "a%2fb", "a%2Fb", "a%5cb", "a%40b", "a%00b", "a%20b", "a%3ab", "a%23b", "a%3Fb", "a%2541", "a%C3%BC", "a%7cb",
      "0x7f.1", "127.1", "1", "256.0.0.1", "01.2.3.4", "1.2.3.4.", "1.2.3.4.5", "a.0x1", "0X", "[1:2]", "[::1::2]", "[1:2:3:4:5:6:7:8:9]",
      "[12345::]", "[::1.2.3]", "[::256.1.1.1]", "[:1]", "[1:]", "[:::]", "[]", "[v1.x]", "[::1%25lo]" } do
      assert.same({ n = 2, [2] = "not a URL" }, run(("parse %q"):format("http://" .. host .. "/")), host)
      assert.matches("host: not a host$", flare:fault(("require 'flaron.url'.build { scheme = 'http', host = %q }"):format(host)))
    end
  end)

  it("gives the host that is asked: decoded, addresses in their one form", function()
    for host, read in pairs { ["%41.C%6fm"] = "a.com", ["a%2eb"] = "a.b", ["127.0.0.1"] = "127.0.0.1", ["[0:0:0:0:0:0:0:1]"] = "[::1]",
      ["[::]"] = "[::]", ["[::FFFF:127.0.0.1]"] = "[::ffff:7f00:1]", ["[1:0:0:2:0:0:0:3]"] = "[1:0:0:2::3]",
        ["[1:0:2:3:4:5:6:7]"] = "[1:0:2:3:4:5:6:7]",
      ["[001:0::0:2:0:0:3]"] = "[1::2:0:0:3]", ["a!$&'()*+,;=~_b"] = "a!$&'()*+,;=~_b", ["1.a"] = "1.a", ["a.b."] = "a.b." } do
      assert.equal(read, parse("http://" .. host .. "/").host, host)
    end
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
    assert.equal("http://h/a%0D%0Ab%3Fc%23d?e%23f#g%23", value("build { scheme = 'http', host = 'h', path = 'a\\r\\nb?c#d', "
      .. "query = 'e#f', fragment = 'g#' }"))
    assert.equal("?a=1&b=%26%3D%23&b=y", value "build { query = { b = { '&=#', 'y' }, a = 1 } }")
    assert.equal("http://u%40v@h/", value "build { scheme = 'http', host = 'h', userinfo = 'u%40v' }")
    assert.equal("/x", value "build { path = '/x', query = {} }")
    assert.equal("http://u%40v%2F:w@h/%25zz%25?%25#%254", value("build { scheme = 'http', host = 'h', userinfo = 'u@v/:w', "
      .. "path = '/%zz%', query = '%', fragment = '%4' }"))
    assert.equal("https://h:65535//x", value "build { scheme = 'https', host = 'h', port = 65535, path = '//x' }")
    for parts, message in pairs {
      ["path = '//evil.com/x'"] = "path: it begins with '//', and there is no host",
      ["path = '//', query = 'x'"] = "path: it begins with '//', and there is no host",
      ["scheme = 'https', path = '//evil.com'"] = "path: it begins with '//', and there is no host",
      ["scheme = 'foo', path = '///x'"] = "path: it begins with '//', and there is no host",
      ["path = 'a:b'"] = "path: it begins with what is read as a scheme",
      ["path = 'javascript:alert(1)'"] = "path: it begins with what is read as a scheme",
      ["scheme = 'https', path = '/evil.com'"] = "host: a URL of https has one",
      ["scheme = 'HTTP', path = 'evil.com'"] = "host: a URL of http has one",
      ["scheme = 'wss'"] = "host: a URL of wss has one",
      ["port = 80, path = '/'"] = "port: there is no host",
      ["userinfo = 'u', path = '/'"] = "userinfo: there is no host",
      ["host = 'h', port = 65536"] = "port: not a port",
      ["host = 'h', port = 70000"] = "port: not a port",
      ["host = 'h', port = -1"] = "port: not a port",
      ["host = 'h', port = 80.5"] = "port: not a port",
      ["host = 'h', port = ''"] = "port: not a port",
      ["host = 'h', scheme = ''"] = "scheme: not a scheme",
      ["host = 'h', scheme = '1a'"] = "scheme: not a scheme",
      ["host = 'h', scheme = 'a:'"] = "scheme: not a scheme",
      ["host = 'é.de'"] = "host: not a host",
    } do
      assert.equal(message, flare:fault("require 'flaron.url'.build { " .. parts .. " }"), parts)
    end
    for part, text in pairs { host = "a/b", scheme = "ja va", port = "80/x" } do
      assert.matches(("%s: not a %s$"):format(part, part),
        flare:fault(("require 'flaron.url'.build { %s = %q, path = '/' }"):format(part, text)))
    end
    for _, host in ipairs { "a@b", "a:b", "a?b", "a#b", "", "a b", "a\r\n", "[::1", "[x]" } do
      assert.matches("host: not a host$", flare:fault(("require 'flaron.url'.build { host = %q }"):format(host)))
    end
    assert.matches("a name in the query is a number, not a string$", flare:fault "require 'flaron.url'.build { query = { 'x' } }")
  end)

  -- Of 10,000 texts and 10,000 tables of parts, made of what can go wrong: how many were URLs, and the first that was
  -- another after the way there and back.
  it("means by build(parse(u)) u, and by parse(build(parts)) the parts", function()
    local urls, built, fault = table.unpack((flare:run [=[
      local url = require "flaron.url"
      local words = { "a", "B", "z.com", "1", "255", "1.2.3.4", "0x1", ".", "..", "/", "//", "\\", ":", "@", "?", "#", "%2f", "%2F",
        "%41", "%", "%4",
        "%zz", "[", "]", "[::1]", "[1:0::2]", ";", "=", "&", "+", ",", "!", "$", "'", "(", ")", "*", "-", "_", "~", "|", "^", "{", "}",
        "`",
        '"', "<", ">", " ", "\t", "\0", "\r\n", "\127", "\200", "é", "http:", "foo:", ":80", ":65536", "xn--a" }
      math.randomseed(7)
      local function any(list) return list[math.random(#list)] end
      local function text(most)
        local parts = {}
        for n = 1, math.random(0, most) do parts[n] = any(words) end
        return table.concat(parts)
      end
      -- The parts of a URL as they are meant: decoded.
      local function meaning(parts)
        local path = parts.path or ""
        if parts.host and path:sub(1, 1) ~= "/" then path = "/" .. path end
        local host = parts.host and assert(url.parse("//" .. parts.host)).host
        local all = {}
        for n, part in ipairs { parts.scheme and parts.scheme:lower() or false, parts.userinfo or false, host or false,
          math.tointeger(parts.port) or false, path, parts.query or false, parts.fragment or false } do
          all[n] = type(part) == "string" and "=" .. url.decode(part) or tostring(part)
        end
        return table.concat(all, "\n")
      end
      local function check(parts)
        local good, u = pcall(url.build, parts)
        if not good then return false end
        local read = url.parse(u)
        if not read or meaning(read) ~= meaning(parts) then return nil, u end
        if url.build(read) ~= u and parts.host == read.host and parts.scheme == read.scheme then return nil, u end
        return true
      end
      local urls, built = 0, 0
      for _ = 1, 10000 do
        local u = any { "", "//", "http://", "https://h", "foo:", "/" } .. text(6)
        local parts = url.parse(u)
        if parts then
          urls = urls + 1
          if not check(parts) then return urls, built, u end
        end
        local good, fault = check {
          scheme = any { nil, "http", "HTTPS", "foo", "a+b", "1", "a:" } or any { "foo", "https" },
          userinfo = any { false, false, text(3) } or nil,
          host = any { false, "h", "A.b", "%41b", "[::1]", "1.2.3.4", text(2) } or nil,
          port = any { false, false, 0, 80, 65535, 65536, math.random(0, 99999) } or nil,
          path = any { "", "/", "//x", "x:y", text(5), "/" .. text(5), text(5) }, query = any { false, text(4) } or nil,
          fragment = any { false, text(4) } or nil,
        }
        if good == nil then return urls, built, fault end
        if good then built = built + 1 end
      end
      return urls, built]=]))
    assert.is_nil(fault)
    assert.is_true(urls > 1000 and built > 1000, urls .. " " .. built)
  end)
end)
