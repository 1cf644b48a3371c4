-- openresty_spec.lua - each script answers as it does in nginx, whose answers these are.
local edge = require "flaron.edge"

local function backend(request)
  local path = request.url:match "^https://backend%.example%.com/backend(/[^?]*)"
  if path == "/user" then
    return { status = 200, headers = { ["content-type"] = "application/json" }, body = '{"id":7}' }
  elseif path == "/orders" and request.method == "POST" then
    return { status = 200, body = "[1," .. #request.body .. "]" }
  end
  return { status = 404, body = "" }
end

describe("scripts of OpenResty", function()
  local flare

  setup(function()
    flare = assert(edge.load "main.lua")
    flare:stub_fetch("", backend)
  end)

  teardown(function() flare:close() end)

  local function ask(path, headers, method, body)
    local answer = assert(flare:request { url = "http://localhost" .. path, headers = headers, method = method, body = body })
    local lower = {}
    for name, value in pairs(answer.headers) do lower[name:lower()] = value end
    answer.headers = lower
    return answer
  end

  local function status(...) return ask(...).status end

  it("hello: says what was asked", function()
    local answer = ask "/hello?name=ada"
    assert.equal("hello, ada\nyou asked for /hello by GET\nhalf of 5 is 2.5, of 4 is 2\n", answer.body)
    assert.equal("text/plain; charset=utf-8", answer.headers["content-type"])
    assert.equal("yes", answer.headers["x-greeting"])
    assert.matches("^hello, stranger\nyou asked for /hello/a b ", ask("/hello/a%20b").body)
  end)

  it("notes: reads JSON, and leaves with what it said", function()
    local refused = ask "/notes"
    assert.equal(405, refused.status)
    assert.equal("POST", refused.headers.allow)
    assert.matches("<h1>405 Not Allowed</h1>", refused.body)
    assert.equal("default-src 'self'", refused.headers["content-security-policy"])
    assert.equal(400, status("/notes", nil, "POST"))
    assert.equal(400, status("/notes", nil, "POST", "{bad"))
    assert.equal(422, status("/notes", nil, "POST", "{}"))
    local made = ask("/notes", nil, "POST", '{"title":"buy","text":null}')
    assert.equal(201, made.status)
    assert.equal('{"title":"BUY"}\n', made.body)
    assert.equal("nosniff", made.headers["x-content-type-options"])
  end)

  it("api_key: stops who has none, and tells content who it is", function()
    local refused = ask "/whoami"
    assert.equal(401, refused.status)
    assert.equal('{"error":"no key"}\n', refused.body)
    assert.equal("you are ada\n", ask("/whoami", { ["x-api-key"] = "k-100" }).body)
    assert.equal("you are grace\n", ask("/whoami?KEY=k-200").body)
  end)

  it("api_key: lets pass to the upstream", function()
    assert.equal(401, status "/backend/user")
    assert.equal('{"id":7}', ask("/backend/user?key=k-100").body)
  end)

  it("basic_auth: asks for a password", function()
    local refused = ask "/private"
    assert.equal(401, refused.status)
    assert.equal('Basic realm="private"', refused.headers["www-authenticate"])
    assert.matches("<title>401 Authorization Required</title>", refused.body)
    assert.equal(200, status("/private", { authorization = "Basic YWRhOmVuZ2luZQ" }))
    assert.equal(403, status("/private/admin", { authorization = "Basic YWRhOmVuZ2luZQ==" }))
    for _, way in ipairs { "/query/../private", "/query/%2e%2e/private", "//private", "/%70rivate" } do
      assert.equal(400, status(way), way)
    end
    assert.equal(200, status("/private/admin", { authorization = "Basic Z3JhY2U6YnVnOjE5NDc=" }))
    assert.equal(401, status("/private", { authorization = "Basic !!" }))
  end)

  it("signed_url: takes links that were signed and have not ended", function()
    assert.equal(403, status "/download/a")
    assert.equal(403, status "/download/a?expires=4102444800&md5=x")
    assert.equal(200, status "/download/a?expires=4102444800&md5=675fdc0cf064f27d788cc3bf0d0fb386")
    assert.equal(410, status "/download/a?expires=1000&md5=423f1cd883ea9fe6666ff267009cff1e")
  end)

  it("rate_limit: counts in a shared dictionary", function()
    for left = 4, 0, -1 do
      local answer = ask("/limited", { ["x-client"] = "c" })
      assert.equal(200, answer.status)
      assert.equal(tostring(left), answer.headers["x-ratelimit-remaining"])
    end
    local refused = ask("/limited", { ["x-client"] = "c" })
    assert.equal(429, refused.status)
    assert.equal("60", refused.headers["retry-after"])
    assert.equal(200, status("/limited", { ["x-client"] = "d" }))
  end)

  it("counter: does with a dictionary what there is to do", function()
    local once = [[
flush
get nil
set true nil false
get x
add true nil false
add again false exists false
incr 42
incr missing nil not found
incr init 11 nil false
incr word nil not a number
replace true nil false
get true
replace missing false not found false
flags true nil false
get 1.5 7
ttl 0
ttl missing nil not found
4 a key, with: all kinds/of bytes, f, m, n
delete true nil false
get nil
set nil true nil false
get nil
]]
    assert.equal(once, ask("/counter").body)
    assert.equal(once, ask("/counter").body)
  end)

  it("page: is sent from its first piece on; security_headers comes before", function()
    local answer = ask "/page"
    assert.equal("<html><body>\n<h1>title</h1><p>1 of 2</p>\n<p>true nil null</p>\n</body></html>\n", answer.body)
    assert.equal(200, answer.status)
    assert.is_nil(answer.headers["x-powered-by"])
    assert.is_nil(answer.headers["x-late"])
    assert.equal("DENY", answer.headers["x-frame-options"])
    assert.equal("attempt to set ngx.status after sending out response headers", answer.logs[1].text)
    local gone = ask "/page?gone=1"
    assert.equal(410, gone.status)
    assert.equal("no-store", gone.headers["cache-control"])
  end)

  it("cache_headers: knows kinds of files", function()
    local style = ask "/static/a.css"
    assert.equal("public, max-age=31536000", style.headers["cache-control"])
    assert.equal("Mon, 06 Nov 1995 08:49:37 GMT", style.headers.expires)
    assert.equal("Accept-Encoding, Accept-Language", style.headers.vary)
    assert.equal("no-store", ask("/static/a").headers["cache-control"])
  end)

  it("banner: sees each piece of the body, and its end", function()
    local answer = ask "/banner"
    assert.equal("<!-- served at the edge -->\n<html><body>\n<h1>a better title</h1><p>1 of 2</p>\n<p>true nil null</p>\n"
      .. "</body></html>\n<!-- 105 bytes -->\n", answer.body)
    assert.equal("patience", answer.headers["x-powered-by"])
  end)

  it("moved: redirects", function()
    local cases = { ["/moved/home"] = { 301, "/" }, ["/moved/blog"] = { 301, "https://blog.example.com/" },
      ["/moved/ABC?x=1"] = { 302, "/moved/abc?x=1" }, ["/moved/abc/"] = { 308, "/moved/abc" } }
    for path, expected in pairs(cases) do
      local answer = ask(path)
      assert.same(expected, { answer.status, answer.headers.location })
      assert.matches(("<title>%d "):format(expected[1]), answer.body)
    end
    assert.equal(200, status "/moved/abc")
  end)

  it("ab_test: keeps visitors in their half", function()
    local first = ask "/ab"
    assert.equal("the new page\nb b\n", first.body)
    assert.equal("group=b; Path=/; Expires=Thu, 18-Nov-10 11:27:35 GMT", first.headers["set-cookie"])
    local again = ask("/ab", { cookie = "x=1; group=a" })
    assert.equal("the page as it was\na a\n", again.body)
    assert.equal("the new page\nb b\n", ask("/ab", { cookie = "GROUP= b" }).body)
    assert.is_nil(again.headers["set-cookie"])
  end)

  it("aggregate: asks the backend", function()
    assert.equal('["{\\"id\\":7}","application\\/json","[1,6]",200,404]\n', ask("/aggregate").body)
  end)

  it("form: shows what was sent", function()
    assert.matches("<form", ask("/form").body)
    assert.equal("<p>name: A B&lt;</p>\n<p>tags: 1, 2, true</p>\n<p>x: true</p>\n<p>y: </p>\n",
      ask("/form", nil, "POST", "name=A+B%3C&x&y=&tags=1&tags=2&=no&tags").body)
  end)

  it("query: reads and changes arguments", function()
    local answer = ask "/query/%20/x?a=1&b=%20x+y&c&a=2&=z&d=&A=9"
    assert.equal([[
err: nil
A = 9 (string)
a = 2 values, the first is 1
b =  x y (string)
c = true (boolean)
d =  (string)
args: a=1&b=%20x+y&c&a=2&=z&d=&A=9 is_args: ?
uri: /query/ /x
request_uri: /query/%20/x?a=1&b=%20x+y&c&a=2&=z&d=&A=9
arg_a: 1 arg_missing: nil
unknown variable: nil
q=a%20b%26c tag=x&tag=y%2Fz flag ]] .. "\nnow: page=2 2\n", answer.body)
    assert.matches("^err: truncated\n", ask("/query?" .. ("q=1&"):rep(11)).body)
  end)

  it("cors: answers a preflight", function()
    local answer = ask("/cors", { origin = "https://app.example.com" }, "OPTIONS")
    assert.equal(204, answer.status)
    assert.equal("", answer.body)
    assert.equal("https://app.example.com", answer.headers["access-control-allow-origin"])
    assert.equal("600", answer.headers["access-control-max-age"])
    assert.is_nil(answer.headers["content-type"])
    assert.is_nil(ask("/cors", { origin = "https://evil.example" }).headers["access-control-allow-origin"])
  end)

  it("toolbox: has the small functions", function()
    assert.equal([[
a%20b%2Bc%2Fd%3Fe%3Df%26g%25~%C3%A9'(x)*!%24%00%0A
a%20b+c/d%3Fe=f&g%25~%C3%A9'(x)*!$%00%0A
a b c/d%zz%4
aGVsbG8= aGVsbG8 ]] .. [[

hello hello nil
5d41402abc4b2a76b9719d911017c592 XUFAKrxLKna5cZ2REBfFkg==
qvTGHdzF6KLavt4PO0gs2a6pQ00=
907060870 907060870
'it\'s \"so\" \\ \n'
Sun, 06 Nov 1994 08:49:37 GMT | Wed, 09-Jan-19 10:57:33 GMT
784111777 nil
10 19 19 true true
0 -1 2 8 4 content false
22 x ytruenil

true false
]], ask("/toolbox").body)
  end)
end)
