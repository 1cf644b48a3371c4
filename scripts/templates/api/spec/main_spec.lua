local edge = require "flaron.edge"

local function url(path) return "https://example.com" .. path end

describe("the API", function()
  -- As it was loaded again before each `it`, its store too.
  local flare = assert(edge.load("main.lua", { spark = { ["item:1"] = '{"id":"1"}', other = "no item" } }))

  it("lists the items, and nothing else that is in the store", function()
    local response = flare:request { url = url "/items" }
    assert.response(response).has.status(200)
    assert.response(response).has.header("content-type", "application/json")
    assert.response(response).has.json { "1" }
  end)

  it("adds an item and says where it is", function()
    local response = flare:request { method = "POST", url = url "/items", body = '{"title":"flour"}' }
    assert.response(response).has.status(201)
    local found = flare:request { url = url(response.headers.location) }
    assert.response(found).has.status(200)
    assert.equal("flour", found.json().title)
  end)

  it("replaces an item", function()
    local response = flare:request { method = "PUT", url = url "/items/1", body = '{"id":"2"}' }
    assert.response(response).has.status(200)
    assert.response(response).has.json { id = "1" }
  end)

  it("removes an item", function()
    assert.equal(204, flare:request({ method = "DELETE", url = url "/items/1" }).status)
    assert.equal(404, flare:request({ url = url "/items/1" }).status)
    assert.equal("[]", flare:request({ url = url "/items" }).body)
  end)

  it("answers 400 to what is no JSON object", function()
    for _, body in ipairs { "", "{", "1", "[1]" } do
      assert.equal(400, flare:request({ method = "POST", url = url "/items", body = body }).status)
    end
  end)

  it("answers 404 and 405 to what it does not have", function()
    for _, path in ipairs { "/cake", "/items/other", "/items/%2e", "/items/1/2" } do
      assert.equal(404, flare:request({ url = url(path) }).status)
    end
    assert.equal(405, flare:request({ method = "DELETE", url = url "/items" }).status)
  end)
end)
