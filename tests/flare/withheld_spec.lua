-- withheld_spec.lua - what a missing right withholds from a flare is a warning line of the request, which says what to
-- do: once for a name.
local evaluate = require "evaluate"
local support = require "support"

-- The texts of a response's warnings.
local function warnings(response)
  local texts = {}
  for _, line in ipairs(response.logs) do
    if line.level == "warn" then texts[#texts + 1] = line.text end
  end
  return texts
end

-- The warnings of code with the rights of an empty flare.lua, unless another is given.
local function told(code, request, options, manifest)
  local flare <close> = evaluate.open(options, { ["flare.lua"] = manifest or "return {}" })
  local _, response = flare:run(code, request)
  return warnings(response)
end

describe("A body", function()
  local line = "request.body: 7 bytes are withheld: flare.lua has no requires_body = true"

  it("that is withheld is told once, with its bytes", function()
    assert.same({ line }, told("return request.body(), request.body()", { body = "a=1&b=2" }))
    assert.same({ line }, told("return request.body()", { body = "a=1&b=2" }, nil, "return { requires_body = false }"))
  end)

  it("of one byte is told as one", function()
    assert.same({ "request.body: 1 byte is withheld: flare.lua has no requires_body = true" },
      told("return request.body()", { body = "a" }))
  end)

  it("is told in each request anew", function()
    local flare <close> = evaluate.open(nil, { ["flare.lua"] = "return {}" })
    for _ = 1, 2 do
      local _, response = flare:run("return request.body()", { body = "a=1&b=2" })
      assert.same({ line }, warnings(response))
    end
  end)

  it("is told when a router's handler reads it", function()
    local flare <close> = support.load { ["flare.lua"] = "return {}", ["main.lua"] = [[
      local app = require("flaron.router").new()
      app:post("/", function(req) return { json = { req:form(), (req:json()), req:body() } } end)
      return app:handler()]] }
    assert.same({ line }, warnings(flare:request { method = "POST", body = "a=1&b=2" }))
  end)

  it("that is not there, not asked for, or granted is told of by nothing", function()
    assert.same({}, told "return request.body()")
    assert.same({}, told("return request.url()", { body = "x" }))
    assert.same({}, told("return request.body()", { body = "x" }, nil, "return { requires_body = true }"))
  end)

  it("over the limit is told with both numbers", function()
    assert.same({ "request.body: 11 bytes are withheld: a flare gets no body of more than 10" },
      told("return request.body()", { body = "0123456789a" }, { max_body = 10 }, "return { requires_body = true }"))
    local size = 10 * 1024 * 1024
    assert.same({ "request.body: 10485761 bytes are withheld: a flare gets no body of more than 10485760" },
      told("return request.body()", { body = ("x"):rep(size + 1) }, nil, "return { requires_body = true }"))
    assert.same({}, told("return #request.body()", { body = ("x"):rep(size) }, nil, "return { requires_body = true }"))
  end)
end)

describe("A header", function()
  local headers = { Cookie = "a=b", Authorization = "Bearer t", ["X-Flaron-Site"] = "s1", accept = "*/*" }

  it("that is withheld is told once, whatever its case, without its value", function()
    local lines = {
      'request.header "cookie": 3 bytes are withheld: flare.lua has no requires_raw_auth = true',
      'request.header "authorization": 8 bytes are withheld: flare.lua has no requires_raw_auth = true',
      'request.header "x-flaron-site": 2 bytes are withheld: flare.lua has no requires_raw_auth = true',
    }
    assert.same(lines, told([[
      for _, name in ipairs { "cookie", "Cookie", "AUTHORIZATION", "authorization", "X-Flaron-Site", "accept" } do
        request.header(name)
      end]], { headers = headers }))
  end)

  it("is told when a ready-made module reads it", function()
    local line = 'request.header "cookie": 3 bytes are withheld: flare.lua has no requires_raw_auth = true'
    for _, code in ipairs { "require('flaron.cookie').get 'a'", "require('flaron.session').new { secret = 'K' }:read()" } do
      local main = ("return function() return { body = tostring(%s) } end"):format(code)
      local flare <close> = support.load { ["flare.lua"] = "return {}", ["main.lua"] = main }
      assert.same({ line }, warnings(flare:request { headers = headers }))
    end
  end)

  it("that is not there, or granted, is told of by nothing", function()
    assert.same({}, told "return request.header 'cookie', request.header 'x-flaron-site'")
    assert.same({}, told("return request.header 'cookie'", { headers = headers }, nil, "return { requires_raw_auth = true }"))
  end)
end)

describe("A secret", function()
  local options = { secrets = { SET = "v", OTHER = "o", EMPTY = "" } }
  local manifest = "return { allowed_secrets = { 'SET', 'UNSET', 'EMPTY', 'A B' } }"

  it("that is not allowed is told apart from one that is not set, with the command that sets it", function()
    assert.same({
      "secret OTHER: not in allowed_secrets of flare.lua",
      "secret UNSET: not set: flaron-lua secret set UNSET",
      "secret EMPTY: not set: flaron-lua secret set EMPTY",
      "secret 'A B': not set: flaron-lua secret set 'A B'",
    }, told("for _, name in ipairs { 'SET', 'OTHER', 'UNSET', 'EMPTY', 'A B', 'UNSET' } do secrets.get(name) end", nil,
      options, manifest))
  end)

  it("is told once, whichever function asks for it", function()
    local flare <close> = evaluate.open(options, { ["flare.lua"] = manifest })
    for name, line in pairs { UNSET = "secret UNSET: not set: flaron-lua secret set UNSET",
      OTHER = "secret OTHER: not in allowed_secrets of flare.lua" } do
      for _, call in ipairs { "secrets.get(%q)", "crypto.hmac(%q, 'x')", "crypto.sign_jwt('HS256', %q, { a = 1 })",
        "crypto.encrypt_aes(%q, 'x')", "crypto.decrypt_aes(%q, 'eA==')" } do
        local code = call:format(name)
        local _, response = flare:run(code .. " return " .. code)
        assert.same({ line }, warnings(response))
      end
    end
  end)

  it("of a name that no terminal and no shell should get is shown without harm", function()
    assert.same({ "secret 'a?b??[31m': not in allowed_secrets of flare.lua" },
      told("return secrets.get \"a'b\\n\\27[31m\"", nil, options, manifest))
    assert.same({ ("secret %s...: not in allowed_secrets of flare.lua"):format(("k"):rep(100)) },
      told("return secrets.get(('k'):rep(101))", nil, options, manifest))
  end)

  it("of a flare without flare.lua is not set, and no more", function()
    local flare <close> = evaluate.open { secrets = { SET = "v" } }
    local _, response = flare:run "return secrets.get 'SET', secrets.get 'UNSET'"
    assert.same({ "secret UNSET: not set: flaron-lua secret set UNSET" }, warnings(response))
  end)
end)

describe("Writing without the capability", function()
  it("is told once for each function, with the key of flare.lua", function()
    local code = [[
      for _ = 1, 2 do
        spark.set("k", "v") spark.delete "k" spark.pull("edge", { "k" })
        plasma.set("k", "v") plasma.delete "k" plasma.increment "k" plasma.decrement "k"
      end]]
    local lines = {}
    for _, name in ipairs { "spark.set", "spark.delete", "spark.pull", "plasma.set", "plasma.delete", "plasma.increment",
      "plasma.decrement" } do
      lines[#lines + 1] = ("%s: no capability: flare.lua has no writes_%s_kv = true"):format(name, name:match "^%a+")
    end
    assert.same(lines, told(code))
    local granted = "return { writes_spark_kv = true, writes_plasma_kv = true }"
    assert.same({}, told("return spark.set('k', 'v'), plasma.set('k', 'v'), plasma.increment 'n'", nil, nil, granted))
  end)
end)

describe("Warnings of what is withheld", function()
  it("are no more than the lines of a log, and no lines of the flare's", function()
    local code = "for i = 1, 1000 do secrets.get('S' .. i) end logging.info 'mine'"
    local flare <close> = evaluate.open({ max_log_lines = 5 }, { ["flare.lua"] = "return {}" })
    local _, response = flare:run(code)
    assert.equal(6, #response.logs)
    assert.same({ level = "info", text = "mine" }, response.logs[6])
  end)
end)
