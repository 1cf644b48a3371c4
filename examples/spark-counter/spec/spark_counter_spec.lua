local edge = require "flaron.edge"

describe("spark-counter", function()
  local function load(options) return assert(edge.load("main.lua", options)) end

  it("counts one more on each request", function()
    local flare <close> = load()
    for count = 1, 3 do
      local response = flare:request()
      assert.equal(200, response.status)
      assert.equal(("visits: %d\n"):format(count), response.body)
    end
    assert.same({ ["counter:visits"] = "3" }, flare:contents "spark")
  end)

  it("goes on from what the store holds", function()
    local flare <close> = load { spark = { ["counter:visits"] = "41" } }
    assert.equal("visits: 42\n", flare:request().body)
  end)

  it("begins at one when the store holds something else", function()
    local flare <close> = load { spark = { ["counter:visits"] = "not a number" } }
    assert.equal("visits: 1\n", flare:request().body)
  end)

  it("forgets after a minute without a visit", function()
    local flare <close> = load { now = 1700000000 }
    flare:request()
    flare:advance(59)
    assert.equal("visits: 2\n", flare:request().body)
    flare:advance(59) -- the second visit began a new minute
    assert.equal("visits: 3\n", flare:request().body)
    flare:advance(60)
    assert.equal("visits: 1\n", flare:request().body)
  end)

  it("answers 500 and logs why when the store refuses", function()
    local flare <close> = load { writes_spark_kv = false }
    local response = flare:request()
    assert.equal(500, response.status)
    assert.equal("the visit cannot be counted\n", response.body)
    assert.response(response).has.log("error", "spark.set:\tno capability")

    flare:fail("spark_set", 4)
    assert.response(flare:request()).has.log("error", "spark.set:\tquota")
  end)
end)
