local edge = require "flaron.edge"

describe("hello", function()
  it("answers with the method and the URL it was asked, as plain text", function()
    local flare <close> = assert(edge.load "main.lua")
    local response = flare:request { method = "DELETE", url = "https://example.com/a/b?c=d" }
    assert.equal(200, response.status)
    assert.equal("text/plain; charset=utf-8", response.headers["content-type"])
    assert.equal("hello from DELETE https://example.com/a/b?c=d\n", response.body)
  end)

  it("answers the next request with nothing left of the one before", function()
    local flare <close> = assert(edge.load "main.lua")
    flare:request { url = "https://example.com/first" }
    local second = flare:request { url = "https://example.com/second" }
    assert.equal("hello from GET https://example.com/second\n", second.body)
  end)

  it("writes nothing to the log", function()
    local flare <close> = assert(edge.load "main.lua")
    assert.same({}, flare:request().logs)
  end)
end)
