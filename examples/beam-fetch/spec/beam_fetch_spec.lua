local edge = require "flaron.edge"

describe("beam-fetch", function()
  local function load() return assert(edge.load "main.lua") end

  it("hands on status, type and body of the upstream", function()
    local flare <close> = load()
    flare:stub_fetch("^https://example%.com/$", {
      status = 201,
      headers = { ["CONTENT-TYPE"] = "text/x-ours", ["x-powered-by"] = "nobody's business" },
      body = "a <b> & \"c\" — zwölf\n",
    })
    local response = flare:request()
    assert.equal(201, response.status)
    assert.same({ ["content-type"] = "text/x-ours" }, response.headers)
    assert.equal("a <b> & \"c\" — zwölf\n", response.body)
  end)

  it("asks once, with the method and the headers it says", function()
    local flare <close> = load()
    local asked = {}
    flare:stub_fetch("", function(question)
      asked[#asked + 1] = question
      return { body = "ok" }
    end)
    flare:request { headers = { Accept = "text/html" } }
    flare:request()
    assert.equal(2, #asked)
    assert.same({ method = "GET", url = "https://example.com/", body = "", headers = { accept = "text/html" } },
      asked[1])
    assert.same({ accept = "*/*" }, asked[2].headers)
  end)

  it("hands on an upstream's error as it is", function()
    local flare <close> = load()
    flare:stub_fetch("", { status = 404, headers = { ["content-type"] = "text/html" }, body = "<h1>no</h1>" })
    local response = flare:request()
    assert.equal(404, response.status)
    assert.equal("<h1>no</h1>", response.body)
  end)

  it("calls a body without a type bytes", function()
    local flare <close> = load()
    flare:stub_fetch("", { body = "?" })
    assert.equal("application/octet-stream", flare:request().headers["content-type"])
  end)

  it("answers 502 and logs why when the fetch fails", function()
    local flare <close> = load()
    flare:stub_fetch("", function() return nil, "connection refused" end)
    local response = flare:request()
    assert.equal(502, response.status)
    assert.equal("no answer from upstream\n", response.body)
    assert.response(response).has.log("error", "fetch https://example.com/: connection refused")
  end)

  it("answers 502 when the host gives nothing, as after a time-out", function()
    local flare <close> = load()
    flare:fail("beam_fetch", true)
    local response = flare:request()
    assert.equal(502, response.status)
    assert.response(response).has.log("error", "fetch https://example.com/: fetch failed")
  end)

  it("follows no redirect to where it may not go", function()
    local flare <close> = load()
    flare:stub_fetch("^https://example%.com/", { status = 302, headers = { location = "https://evil.example/" } })
    flare:stub_fetch("evil", function() error "was asked" end)
    assert.equal(502, flare:request().status)
  end)
end)
