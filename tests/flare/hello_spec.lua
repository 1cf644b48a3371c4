-- The smallest flare, from source to answer.
local support = require "support"

describe("a flare", function()
  it("answers with what its handler set", function()
    local flare <close> = support.load "examples/hello/"
    local response = flare:request { method = "PUT", url = "https://example.com/a?b=c" }
    assert.equal(200, response.status)
    assert.equal("hello from PUT https://example.com/a?b=c\n", response.body)
    assert.equal("text/plain; charset=utf-8", response.headers["content-type"])
    assert.equal("respond", response.action)
    assert.same({}, response.logs)
  end)
end)
