-- Ten seconds of valid requests with mistakes in them, over the network (tests/soak/network.mjs): dev lives, and answers others.
local serving = require "serving"
local support = require "support"

describe("flaron-lua dev", function()
  it("lives with mutated HTTP/1.1, HTTP/2 and WebSockets, and answers others meanwhile", function()
    local dev = serving.serve("tests/soak/flare", "--quiet --persist " .. support.folder())
    local code, out, errors = support.run("timeout 120 node tests/soak/network.mjs " .. dev.port .. " 10")
    local body = dev.curl "/good"
    dev.stop()
    assert.equal("good", body)
    assert.equal(0, code, out .. errors .. support.read(dev.log .. ".err"):sub(-2000))
    assert.matches("%d+ connections, %d+ good requests answered\n$", out)
  end)
end)
