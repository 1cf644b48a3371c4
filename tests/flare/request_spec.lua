-- request_spec.lua - flaron.request: what a script sees of what was asked.
local evaluate = require "evaluate"
local support = require "support"

describe("request.method and request.url", function()
  it("give what was asked, whole", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 2, "DELETE", "https://example.com:8443/a/b?c=d&e=%20f" }, flare:run(
      "return request.method(), request.url()",
      { method = "DELETE", url = "https://example.com:8443/a/b?c=d&e=%20f" }))
  end)

  it("give a URL of 200 KiB", function()
    local flare <close> = evaluate.open()
    local url = "https://example.com/?" .. ("q"):rep(200 * 1024)
    assert.equal(url, flare:value("return request.url()", { url = url }))
  end)
end)

describe("request.header", function()
  it("finds a name in any case", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 3, "text/lua", "text/lua", "text/lua" }, flare:run(
      "return request.header 'content-type', request.header 'CONTENT-TYPE', request.header 'Content-Type'",
      { headers = { ["Content-Type"] = "text/lua" } }))
  end)

  it("gives one nil for a header that is not there", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1 }, flare:run "return request.header 'x-none'")
  end)

  it("gives nil for an empty header, which the host cannot hand over", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1 }, flare:run("return request.header 'x-empty'", { headers = { ["x-empty"] = "" } }))
  end)

  local secret = { Authorization = "Bearer t", Cookie = "a=b", ["X-Flaron-Site"] = "s" }
  local names = "return request.header 'authorization', request.header 'cookie', request.header 'x-flaron-site'"

  it("withholds Authorization, Cookie and X-Flaron-* by default", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 3 }, flare:run(names, { headers = secret }))
  end)

  it("gives them when the config has requires_raw_auth", function()
    local flare <close> = evaluate.open { requires_raw_auth = true }
    assert.same({ n = 3, "Bearer t", "a=b", "s" }, flare:run(names, { headers = secret }))
  end)

  it("takes a number for its text and refuses what is no string", function()
    local flare <close> = evaluate.open()
    assert.equal("seven", flare:value("return request.header(7)", { headers = { ["7"] = "seven" } }))
    assert.equal("bad argument #1 to 'request.header' (string expected, got no value)", flare:fault "request.header()")
    assert.equal("bad argument #1 to 'request.header' (string expected, got nil)", flare:fault "request.header(nil)")
    assert.equal("bad argument #1 to 'request.header' (string expected, got table)", flare:fault "request.header {}")
  end)
end)

describe("request.body", function()
  it("gives the bytes, as often as it is asked", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 2, "a\0b", "a\0b" }, flare:run("return request.body(), request.body()", { body = "a\0b" }))
  end)

  it("is the empty string when there is none", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 1, "" }, flare:run "return request.body()")
  end)

  it("is empty when the config has no requires_body", function()
    local flare <close> = evaluate.open { requires_body = false }
    assert.same({ n = 1, "" }, flare:run("return request.body()", { body = "there" }))
  end)

  it("is empty when it is over the host's limit, and whole when it is just that", function()
    local flare <close> = evaluate.open { max_body = 10 }
    assert.equal("0123456789", flare:value("return request.body()", { body = "0123456789" }))
    assert.equal("", flare:value("return request.body()", { body = "0123456789a" }))
  end)
end)

describe("flaron.request", function()
  it("is also require 'flaron.request'", function()
    local flare <close> = evaluate.open()
    assert.is_true(flare:value "return require 'flaron.request' == request")
  end)

  for _, name in ipairs { "method", "url", "body" } do
    it(("refuses %s outside of handlers, and names the line"):format(name), function()
      local source = "local request = require 'flaron'.request\n\nlocal x = request.%s()\nreturn print"
      local flare, message = support.try_load(source:format(name))
      assert.is_nil(flare)
      assert.matches("main%.lua:3: request%." .. name .. " cannot be called here", message)
    end)
  end
end)
