local edge = require "flaron.edge"

describe("the proxy", function()
  local flare = assert(edge.load("main.lua", { now = 1700000000 })) -- as it was loaded again before each `it`

  -- What the origin answers, whatever it is asked.
  local function origin(status, headers, body)
    flare:stub_fetch("", { status = status, headers = headers, body = body or "" })
  end

  local function ask(path, more)
    local request = { url = "https://my.site" .. (path or "/") }
    for name, value in pairs(more or {}) do request[name] = value end
    return flare:request(request)
  end

  it("asks the origin once for a page that may be kept", function()
    origin(200, { ["content-type"] = "text/html", ["cache-control"] = "max-age=60", etag = '"1"' }, "<p>hello</p>")
    local first = ask "/a?x=1&y=2"
    assert.equal("https://www.example.com/a?x=1&y=2", first.fetches[1].url)
    assert.response(first).has.header("x-cache", "miss")
    local second = ask "/a?y=2&x=1"
    assert.equal("<p>hello</p>", second.body)
    assert.response(second).has.header("x-cache", "hit")
    assert.response(second).has.header("x-content-type-options", "nosniff")
    assert.same({}, second.fetches)
    assert.response(ask("/a?x=1&y=2", { headers = { ["if-none-match"] = '"1"' } })).has.status(304)
  end)

  it("keeps nothing that is not to be kept", function()
    origin(200, { ["content-type"] = "text/html", ["cache-control"] = "private, max-age=60" }, "yours")
    ask()
    assert.response(ask()).has.header("x-cache", "miss")
    origin(200, { ["content-type"] = "text/html", ["set-cookie"] = "a=b" }, "yours")
    assert.equal("pass_through", ask().action)
  end)

  it("leaves to the origin what is no text, personal, or a change", function()
    for _, path in ipairs { "/a/b.PNG", "/login", "/account/7" } do assert.equal("pass_through", ask(path).action) end
    origin(200, { ["content-type"] = "image/png" }, "x")
    assert.equal("pass_through", ask("/picture").action)
    origin(200, { ["content-type"] = "text/html", ["cache-control"] = "max-age=60" }, "old")
    ask "/a"
    assert.equal("pass_through", ask("/a", { method = "POST" }).action)
    assert.response(ask "/a").has.header("x-cache", "miss")
  end)

  it("gives what is stale when the origin fails, and else 502", function()
    origin(200, { ["content-type"] = "text/html", ["cache-control"] = "max-age=60" }, "old")
    ask()
    flare:advance(100)
    origin(503, {}, "down")
    local answer = ask()
    assert.equal("old", answer.body)
    assert.response(answer).has.header("x-cache", "stale")
    flare:stub_fetch("", function() return nil, "connection refused" end)
    answer = ask "/b"
    assert.response(answer).has.status(502)
    assert.response(answer).has.log("error", "origin:\tconnection refused")
  end)
end)
