local edge = require "flaron.edge"

local function url(path) return "https://example.com" .. path end

describe("the API", function()
  local flare

  before_each(function()
    flare = assert(edge.load("main.lua", { spark = { ["item:1"] = '{"id":"1"}', other = "no item" } }))
  end)
  after_each(function() flare:close() end)

  it("lists the items, and nothing else that is in the store", function()
    local response = flare:request { url = url "/items" }
    assert.equal(200, response.status)
    assert.equal("application/json", response.headers["content-type"])
    assert.equal('["1"]\n', response.body)
  end)

  it("adds an item and says where it is", function()
    local response = flare:request { method = "POST", url = url "/items", body = '{"title":"flour"}' }
    assert.equal(201, response.status)
    local found = flare:request { url = url(response.headers.location) }
    assert.equal(200, found.status)
    assert.matches('"title":"flour"', found.body, 1, true)
  end)

  it("replaces an item", function()
    local response = flare:request { method = "PUT", url = url "/items/1", body = '{"id":"2"}' }
    assert.equal(200, response.status)
    assert.equal('{"id":"1"}\n', response.body)
  end)

  it("removes an item", function()
    assert.equal(204, flare:request({ method = "DELETE", url = url "/items/1" }).status)
    assert.equal(404, flare:request({ url = url "/items/1" }).status)
    assert.equal("[]\n", flare:request({ url = url "/items" }).body)
  end)

  it("answers 400 to what is no JSON object", function()
    for _, body in ipairs { "", "{", "1", "[1]" } do
      assert.equal(400, flare:request({ method = "POST", url = url "/items", body = body }).status)
    end
  end)

  it("answers 404 and 405 to what it does not have", function()
    assert.equal(404, flare:request({ url = url "/cake" }).status)
    assert.equal(405, flare:request({ method = "DELETE", url = url "/items" }).status)
  end)
end)
