local edge = require "flaron.edge"

describe("the flare", function()
  local flare

  before_each(function() flare = assert(edge.load "main.lua") end)
  after_each(function() flare:close() end)

  it("greets", function()
    local response = flare:request { url = "https://example.com/" }
    assert.equal(200, response.status)
    assert.equal("text/plain; charset=utf-8", response.headers["content-type"])
    assert.equal("Good day\n", response.body)
  end)

  it("greets in German who prefers it", function()
    local response = flare:request { url = "https://example.com?a=b", headers = { ["Accept-Language"] = "de-AT, en" } }
    assert.equal("Guten Tag\n", response.body)
    assert.equal("accept-language", response.headers.vary)
  end)

  it("answers 404 elsewhere, and logs what was asked", function()
    local response = flare:request { url = "https://example.com/cake?a=b" }
    assert.equal(404, response.status)
    assert.same({ { level = "warn", text = "nothing at\t/cake" } }, response.logs)
  end)
end)
