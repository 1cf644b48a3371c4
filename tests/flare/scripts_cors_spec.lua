-- scripts_cors_spec.lua - flaron.cors: whose pages may read what, preflights, and policies that make no sense.
local evaluate = require "evaluate"
local support = require "support"

describe("flaron.cors", function()
  local flare

  setup(function() flare = evaluate.open({}, { ["flare.lua"] = "return { modules = { 'flaron.cors' } }" }) end)

  teardown(function() flare:close() end)

  -- What apply answers, and the headers that it set.
  local function apply(options, headers, method)
    local values, response = flare:run(("return require 'flaron.cors'.new(%s):apply()"):format(options),
      { method = method, headers = headers })
    response.headers["content-type"], response.headers["content-length"] = nil, nil
    return values[1], response.headers
  end

  local function preflight(options, origin, headers)
    local all = { origin = origin, ["access-control-request-method"] = "PUT" }
    for name, value in pairs(headers or {}) do all[name] = value end
    return apply(options, all, "OPTIONS")
  end

  -- The origin that is allowed to one that asks.
  local function allowed(origins, origin)
    local _, headers = apply(("{ origins = %s }"):format(origins), { origin = origin })
    return headers["access-control-allow-origin"]
  end

  it("allows the origins of a list, as they are written, and no other", function()
    local list = "{ 'https://a.example', 'http://B.example:8080', 'http://[::1]:3000' }"
    for _, origin in ipairs { "https://a.example", "http://b.example:8080", "http://[::1]:3000" } do
      assert.equal(origin, allowed(list, origin))
    end
    for _, origin in ipairs { "http://a.example", "https://a.example:8443", "https://a.example.evil.com", "https://xa.example",
      "https://b.example", "null", "https://a.example/", "https://A.example", "https://a.example\t", "" } do
      assert.is_nil(allowed(list, origin), origin)
    end
  end)

  it("allows the origins that stars stand for: whole labels in front, or any port", function()
    local list = "{ 'https://*.app.example', 'http://localhost:*' }"
    for _, origin in ipairs { "https://x.app.example", "https://y.x-1.app.example", "http://localhost:3000" } do
      assert.equal(origin, allowed(list, origin))
    end
    for _, origin in ipairs { "https://app.example", "https://evilapp.example", "https://.app.example", "https://x.appzexample",
      "https://x.app.example.evil.com", "https://evil.com/x.app.example", "https://evil.com#.app.example", "http://x.app.example",
      "https://x.app.example:1", "http://localhost", "http://localhost:x", "http://localhost:1.evil.com", "http://xlocalhost:1" } do
      assert.is_nil(allowed(list, origin), origin)
    end
  end)

  it("asks a function, whose answer must be true", function()
    local ask = "function(origin) return origin == 'https://yes.example' or origin == 'https://text.example' and 'yes' end"
    assert.equal("https://yes.example", allowed(ask, "https://yes.example"))
    assert.is_nil(allowed(ask, "https://text.example"))
    assert.is_nil(allowed(ask, "https://no.example"))
    assert.is_nil(allowed("function() return true end", "null"))
    assert.is_nil(allowed("function() error 'not asked without an origin' end", nil))
  end)

  it("allows all with a star, and says nothing of Vary, since the answer is the same for all", function()
    for _, origin in ipairs { "https://a.example", "null" } do
      assert.same({ ["access-control-allow-origin"] = "*" }, select(2, apply("{ origins = '*' }", { origin = origin })))
    end
    assert.same({ ["access-control-allow-origin"] = "*" }, select(2, apply "{ origins = '*' }"))
  end)

  it("says Vary: Origin whoever asks, or a cache would hand out what was allowed to another", function()
    for _, origin in ipairs { "https://a.example", "https://b.example", false } do
      local _, headers = apply("{ origins = { 'https://a.example' } }", { origin = origin or nil })
      assert.equal("Origin", headers.vary)
    end
    assert.equal("Origin", select(2, apply("{ origins = function() return false end }")).vary)
  end)

  it("sends credentials and exposed headers to allowed origins alone", function()
    local options = "{ origins = { 'https://a.example' }, credentials = true, exposed = { 'x-total', 'etag' } }"
    assert.same({
      vary = "Origin", ["access-control-allow-origin"] = "https://a.example", ["access-control-allow-credentials"] = "true",
      ["access-control-expose-headers"] = "x-total, etag",
    }, select(2, apply(options, { origin = "https://a.example" })))
    assert.same({ vary = "Origin" }, select(2, apply(options, { origin = "https://b.example" })))
  end)

  it("answers a preflight", function()
    local vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    local answer, headers = preflight("{ origins = { 'https://a.example' }, credentials = true, exposed = { 'etag' } }",
      "https://a.example", { ["access-control-request-headers"] = "content-type,x-a" })
    assert.same({ status = 204, headers = {
      vary = vary, ["access-control-allow-methods"] = "GET, HEAD, POST, PUT, PATCH, DELETE", ["access-control-max-age"] = "600",
      ["access-control-allow-headers"] = "content-type,x-a",
    } }, answer)
    assert.equal("https://a.example", headers["access-control-allow-origin"])
    assert.equal("true", headers["access-control-allow-credentials"])
    assert.is_nil(headers["access-control-expose-headers"])
    answer = preflight("{ origins = '*', methods = { 'GET', 'PURGE' }, headers = { 'x-a' }, max_age = 0 }", "https://a.example",
      { ["access-control-request-headers"] = "x-b" })
    assert.same({ vary = vary, ["access-control-allow-methods"] = "GET, PURGE", ["access-control-max-age"] = "0",
      ["access-control-allow-headers"] = "x-a" }, answer.headers)
    assert.is_nil(preflight("{ origins = '*', headers = {} }", "https://a.example").headers["access-control-allow-headers"])
  end)

  it("repeats no headers that a preflight asks for but names", function()
    for _, asked in ipairs { "x: y", "a;b", "a b\"", "(", "\1", "ä", "," } do
      local answer = preflight("{ origins = '*' }", "https://a.example", { ["access-control-request-headers"] = asked })
      assert.is_nil(answer.headers["access-control-allow-headers"], asked)
    end
  end)

  it("answers a preflight of another origin with 403 and no permission", function()
    local answer, headers = preflight("{ origins = { 'https://a.example' } }", "https://b.example")
    assert.equal(403, answer.status)
    assert.equal("origin not allowed\n", answer.body)
    for name in pairs(answer.headers) do assert.is_nil(name:find "access%-control") end
    assert.is_nil(headers["access-control-allow-origin"])
  end)

  it("takes for a preflight only what is one", function()
    assert.is_nil((apply("{ origins = '*' }", { origin = "https://a.example" }, "OPTIONS")))
    assert.is_nil((apply("{ origins = '*' }", { ["access-control-request-method"] = "PUT" }, "OPTIONS")))
    assert.is_nil((preflight("{ origins = '*' }", "https://a.example") or {}).body)
    assert.is_nil((apply("{ origins = '*' }", { origin = "https://a.example", ["access-control-request-method"] = "PUT" }, "POST")))
  end)

  it("refuses policies that make no sense", function()
    for options, message in pairs {
      ["{}"] = "option 'origins' of cors.new: missing",
      ["{ origins = {} }"] = "option 'origins' of cors.new: the list is empty",
      ["{ origins = 'https://a.example' }"] = "option 'origins' of cors.new: a list, a function or \"*\" expected",
      ["{ origins = true }"] = "option 'origins' of cors.new: string, table or function expected, got boolean",
      ["{ origins = { 5 } }"] = "option 'origins' of cors.new: item 1: string expected, got number",
      ["{ origins = { 'a.example' } }"] = "'a.example': it has no scheme, such as https://",
      ["{ origins = { 'https://a.example/' } }"] = "'https://a.example/': an origin ends with its host or port",
      ["{ origins = { 'https://a.example:443' } }"] = "browsers leave the port out when it is the scheme's own",
      ["{ origins = { 'null' } }"] = "'null' is what any sandboxed frame sends",
      ["{ origins = { 'https://*' } }"] = "a star stands for whole labels in front",
      ["{ origins = { 'https://*a.example' } }"] = "a star stands for whole labels in front",
      ["{ origins = { 'https://a.*' } }"] = "a star stands for whole labels in front",
      ["{ origins = { '*' } }"] = "'*': it has no scheme",
      ["{ origins = '*', credentials = true }"] = "option 'credentials' of cors.new: never with origins = \"*\": name the origins",
      ["{ origins = '*', methods = { 'A B' } }"] = "option 'methods' of cors.new: 'A B' is not a token",
      ["{ origins = '*', headers = { 'x\\r\\ny' } }"] = "option 'headers' of cors.new: 'x\r\ny' is not a token",
      ["{ origins = '*', headers = 'x' }"] = "option 'headers' of cors.new: a list or \"*\" expected",
      ["{ origins = '*', exposed = { '*' } }"] = "option 'exposed' of cors.new: '*' means nothing here: name them",
      ["{ origins = '*', max_age = -1 }"] = "option 'max_age' of cors.new: -1 is not from 0 to 2147483647",
      ["{ origins = '*', max_age = 1.5 }"] = "option 'max_age' of cors.new: integer expected, got float",
      ["{ origins = '*', origin = 'x' }"] = "unknown option 'origin' of cors.new: did you mean 'origins'?",
    } do
      local fault = flare:fault(("require 'flaron.cors'.new(%s)"):format(options))
      assert.truthy(fault:find(message, 1, true), fault)
    end
  end)

  it("names the line of who asks for such a policy", function()
    local _, message = support.try_load "\n\nrequire 'flaron.cors'.new { origins = '*', credentials = true }"
    assert.matches("main%.lua:3: option 'credentials' of cors%.new: never with", message)
  end)

  it("is middleware: preflights meet no route, and a Vary of a handler is kept", function()
    local app <close> = support.load [[
      local app = require "flaron.router".new()
      app:use(require "flaron.cors".new({ origins = { "https://a.example" } }):middleware())
      app:put("/x", function() return { headers = { Vary = "Accept" }, json = { 1 } } end)
      app:get("/all", function() return { headers = { vary = "*" } } end)
      app:get("/has", function() return { headers = { vary = "accept, origin" } } end)
      app:get("/none", function() return { body = "x" } end)
      return app:handler()]]
    local function ask(method, path, headers)
      return app:request { method = method, url = "https://e.example" .. path, headers = headers or { origin = "https://a.example" } }
    end
    local answer = ask("OPTIONS", "/x", { origin = "https://a.example", ["access-control-request-method"] = "PUT" })
    assert.equal(204, answer.status)
    assert.equal("GET, HEAD, POST, PUT, PATCH, DELETE", answer.headers["access-control-allow-methods"])
    assert.matches("^Origin, Access", answer.headers.vary)
    answer = ask("PUT", "/x")
    assert.equal("[1]", answer.body)
    assert.equal("https://a.example", answer.headers["access-control-allow-origin"])
    assert.equal("Accept, Origin", answer.headers.vary)
    assert.equal("*", ask("GET", "/all").headers.vary)
    assert.equal("accept, origin", ask("GET", "/has").headers.vary)
    assert.equal("Origin", ask("GET", "/none").headers.vary)
    assert.equal("https://a.example", ask("GET", "/nowhere").headers["access-control-allow-origin"])
    assert.equal(403, ask("OPTIONS", "/x", { origin = "https://b.example", ["access-control-request-method"] = "PUT" }).status)
  end)
end)
