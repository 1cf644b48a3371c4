local edge = require "flaron.edge"

describe("plasma-counter", function()
  local function load(options) return assert(edge.load("main.lua", options)) end

  it("counts one more on each request", function()
    local flare <close> = load()
    for count = 1, 3 do
      local response = flare:request()
      assert.equal(200, response.status)
      assert.equal(("visits on all edges: %d\n"):format(count), response.body)
    end
  end)

  it("goes on from what all edges have counted, beyond 32 bits", function()
    local flare <close> = load { plasma = { ["counter:visits"] = 5000000000 } }
    assert.equal("visits on all edges: 5000000001\n", flare:request().body)
  end)

  it("never writes the whole value, so that no edge overwrites another's visits", function()
    local flare <close> = load()
    assert.same({ plasma_increment = 1 }, (function(calls)
      return { plasma_increment = calls.plasma_increment, plasma_set = calls.plasma_set }
    end)(flare:request().calls))
  end)

  it("adds up what edges counted while they were cut off from each other", function()
    local cluster <close> = assert(edge.cluster(3))
    cluster:partition()
    for count = 1, 2 do
      for _, flare in ipairs(cluster) do
        assert.equal(("visits on all edges: %d\n"):format(count), flare:request().body)
      end
    end
    cluster:heal()
    cluster:gossip()
    assert.equal("visits on all edges: 7\n", cluster[1]:request().body)
  end)

  it("answers 500 and logs it when the increment is refused", function()
    local flare <close> = load()
    flare:fail("plasma_increment", true)
    local response = flare:request()
    assert.equal(500, response.status)
    assert.equal("the visit cannot be counted\n", response.body)
    assert.response(response).has.log("error", "plasma.increment:\trefused")

    flare:fail "plasma_increment"
    assert.equal("visits on all edges: 1\n", flare:request().body)
  end)

  it("answers 500 without the permission to write", function()
    local flare <close> = load { writes_plasma_kv = false }
    assert.equal(500, flare:request().status)
  end)

  it("answers 500 when the key holds a value that is no counter", function()
    local flare <close> = load { plasma = { ["counter:visits"] = "text" } }
    assert.equal(500, flare:request().status)
  end)
end)
