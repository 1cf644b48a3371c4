local edge = require "flaron.edge"

describe("the flare", function()
  local flare = assert(edge.load "main.lua") -- as it was loaded again before each `it`

  it("greets", function()
    local response = flare:request { url = "https://example.com/" }
    assert.response(response).has.status(200)
    assert.response(response).has.header("content-type", "text/plain; charset=utf-8")
    assert.response(response).has.body "Good day\n"
  end)

  it("greets in German who prefers it", function()
    local response = flare:request { url = "https://example.com?a=b", headers = { ["Accept-Language"] = "de-AT, en" } }
    assert.response(response).has.body "Guten Tag\n"
    assert.response(response).has.header("vary", "accept-language")
  end)

  it("answers 405 to other methods", function()
    local response = flare:request { method = "POST", path = "/" }
    assert.response(response).has.status(405)
    assert.response(response).has.header("allow", "GET, HEAD, OPTIONS")
  end)

  it("answers 404 elsewhere, and logs what was asked", function()
    local response = flare:request { url = "https://example.com/cake?a=b" }
    assert.response(response).has.status(404)
    assert.response(response).has.log("warn", "nothing at\t/cake")
  end)
end)
