-- scripts_security_headers_spec.lua - flaron.security_headers: the defaults, what changes and leaves them out, nonces.
local evaluate = require "evaluate"
local support = require "support"

describe("flaron.security_headers", function()
  local flare

  setup(function() flare = evaluate.open({}, { ["flare.lua"] = "return { modules = { 'flaron.security_headers' } }" }) end)

  teardown(function() flare:close() end)

  -- The headers that apply sets.
  local function apply(options, url)
    local code = ("require 'flaron.security_headers'.new(%s):apply()"):format(options or "")
    local _, response = flare:run(code, { url = url or "https://example.com/" })
    local headers = response.headers
    headers["content-type"], headers["content-length"] = nil, nil
    return headers
  end

  local defaults = {
    ["content-security-policy"] = "base-uri 'self'; default-src 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ["x-frame-options"] = "DENY", ["x-content-type-options"] = "nosniff",
    ["referrer-policy"] = "strict-origin-when-cross-origin",
    ["permissions-policy"] = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ["cross-origin-opener-policy"] = "same-origin", ["cross-origin-resource-policy"] = "same-origin",
    ["strict-transport-security"] = "max-age=31536000; includeSubDomains",
  }

  it("sets what OWASP advises", function() assert.same(defaults, apply()) end)

  it("sets Strict-Transport-Security over https alone", function()
    assert.is_nil(apply(nil, "http://example.com/https://x")["strict-transport-security"])
    assert.truthy(apply(nil, "HTTPS://example.com/")["strict-transport-security"])
    assert.equal("max-age=0", apply("{ hsts = 'max-age=0' }")["strict-transport-security"])
    assert.is_nil(apply("{ hsts = 'max-age=0' }", "http://example.com/")["strict-transport-security"])
  end)

  it("changes each header, or leaves it out", function()
    for option, name in pairs {
      csp = "content-security-policy", hsts = "strict-transport-security", frame_options = "x-frame-options",
      content_type_options = "x-content-type-options", referrer_policy = "referrer-policy", permissions_policy = "permissions-policy",
      opener_policy = "cross-origin-opener-policy", resource_policy = "cross-origin-resource-policy",
      embedder_policy = "cross-origin-embedder-policy",
    } do
      local expected = {}
      for header, value in pairs(defaults) do expected[header] = value end
      expected[name] = nil
      assert.same(expected, apply(("{ %s = false }"):format(option)), option)
      expected[name] = "some value"
      assert.same(expected, apply(("{ %s = 'some value' }"):format(option)), option)
    end
  end)

  it("puts directives in the place of those of the default", function()
    assert.equal("base-uri 'self'; default-src 'self'; form-action 'self'; img-src *; object-src 'none'; upgrade-insecure-requests",
      apply("{ csp = { ['frame-ancestors'] = false, ['img-src'] = '*', ['upgrade-insecure-requests'] = '' } }")["content-security-policy"])
    assert.is_nil(apply([[{ csp = { ["default-src"] = false, ["base-uri"] = false, ["form-action"] = false,
      ["frame-ancestors"] = false, ["object-src"] = false } }]])["content-security-policy"])
  end)

  it("can have browsers report alone", function()
    local headers = apply "{ csp = \"default-src 'none'\", report_only = true }"
    assert.equal("default-src 'none'", headers["content-security-policy-report-only"])
    assert.is_nil(headers["content-security-policy"])
  end)

  it("has one nonce an answer, and another in the next", function()
    local code = [[
      local shield = require "flaron.security_headers".new {
        csp = { ["script-src"] = "{nonce} 'strict-dynamic'", ["style-src"] = "{nonce}" },
      }
      local before = shield:nonce()
      shield:apply()
      return before, shield:nonce() ]]
    local seen = {}
    for _ = 1, 3 do
      local values, response = flare:run(code)
      local nonce = values[1]
      assert.equal(nonce, values[2])
      assert.matches("^[%w+/]+==$", nonce)
      assert.equal(24, #nonce)
      local csp = response.headers["content-security-policy"]
      assert.truthy(csp:find(("script-src 'nonce-%s' 'strict-dynamic'; style-src 'nonce-%s'"):format(nonce, nonce), 1, true), csp)
      assert.is_nil(seen[nonce])
      seen[nonce] = true
    end
  end)

  it("has another nonce in each invocation, also of a shield that was made at start-up", function()
    local page <close> = support.load [[
      local shield = require "flaron.security_headers".new { csp = "script-src {nonce}" }
      return function() shield:apply() return { body = shield:nonce() } end]]
    local one, two = page:request(), page:request()
    assert.equal(("script-src 'nonce-%s'"):format(one.body), one.headers["content-security-policy"])
    assert.are_not.equal(one.body, two.body)
  end)

  it("sends no page without a nonce when the host has no random bytes", function()
    local page <close> = support.load [[
      local shield = require "flaron.security_headers".new { csp = "script-src {nonce}" }
      return function() shield:apply() return { body = "page" } end]]
    page:fail("crypto_random_bytes", true)
    assert.equal(500, page:request().status)
  end)

  it("refuses what is no value of a header", function()
    for options, message in pairs {
      ["{ hsts = true }"] = "option 'hsts' of security_headers.new: string or false expected, got boolean",
      ["{ csp = 5 }"] = "option 'csp' of security_headers.new: string, table or false expected, got number",
      ["{ report_only = 1 }"] = "option 'report_only' of security_headers.new: boolean expected, got number",
      ["{ frame_option = false }"] = "unknown option 'frame_option' of security_headers.new: did you mean 'frame_options'?",
      ["{ hsts = 'a\\r\\nb: c' }"] = "option 'hsts' of security_headers.new: not a value of a header",
      ["{ csp = '' }"] = "option 'csp' of security_headers.new: not a value of a header",
      ["{ csp = { ['script-src'] = \"'self'; x\" } }"] = "option 'csp' of security_headers.new: script-src has a character that may not",
      ["{ csp = { ['script-src'] = true } }"] = "option 'csp' of security_headers.new: script-src: string or false expected, got boolean",
      ["{ csp = { script_src = '*' } }"] = "option 'csp' of security_headers.new: 'script_src' is not a directive",
      ["{ csp = { 'x' } }"] = "option 'csp' of security_headers.new: '1' is not a directive",
    } do
      local fault = flare:fault(("require 'flaron.security_headers'.new(%s)"):format(options))
      assert.equal(1, (fault:find(message, 1, true)), fault)
    end
  end)

  it("is middleware: what a handler sets takes the place", function()
    local app <close> = support.load [[
      local flaron, app = require "flaron", require "flaron.router".new()
      app:use(require "flaron.security_headers".new():middleware())
      app:get("/", function()
        flaron.response.set_header("x-frame-options", "SAMEORIGIN")
        return { headers = { ["referrer-policy"] = "no-referrer" }, body = "x" }
      end)
      return app:handler()]]
    local headers = app:request({ url = "https://example.com/" }).headers
    assert.equal("SAMEORIGIN", headers["x-frame-options"])
    assert.equal("no-referrer", headers["referrer-policy"])
    assert.equal("nosniff", headers["x-content-type-options"])
    assert.equal("nosniff", app:request({ url = "https://example.com/nowhere" }).headers["x-content-type-options"])
  end)
end)
