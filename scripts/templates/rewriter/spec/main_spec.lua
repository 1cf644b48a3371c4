local edge = require "flaron.edge"

local PAGE = { url = "https://my.site/a?b=c", headers = { accept = "text/html,*/*" } }

describe("the rewriter", function()
  local flare = assert(edge.load "main.lua") -- as it was loaded again before each `it`

  -- What the origin answers, whatever it is asked.
  local function origin(answer) flare:stub_fetch("", answer) end

  it("changes links, and adds a line at the end", function()
    origin {
      headers = { ["content-type"] = "text/html; charset=utf-8" },
      body = '<body><a href="http://a.example/">a</a></body>',
    }
    local response = flare:request(PAGE)
    assert.response(response).has.header("content-type", "text/html; charset=utf-8")
    assert.equal('<body><a href="https://a.example/">a</a><p>Changed at the edge.</p>\n</body>', response.body)
  end)

  it("asks the origin for the path and the query", function()
    origin { status = 404, headers = { ["content-type"] = "Text/HTML;charset=UTF-8" }, body = "no" }
    local response = flare:request(PAGE)
    assert.response(response).has.status(404)
    assert.equal("https://www.example.com/a?b=c", response.fetches[1].url)
  end)

  it("leaves to the origin what is no page", function()
    assert.equal("pass_through", flare:request({ method = "POST" }).action)
    assert.equal("pass_through", flare:request({ headers = { accept = "image/png" } }).action)
    for _, kind in ipairs { "application/json", "text/html-template", "" } do
      origin { headers = { ["content-type"] = kind }, body = "{}" }
      assert.equal("pass_through", flare:request(PAGE).action)
    end
  end)

  it("answers 502 and logs why when the origin does not answer", function()
    flare:stub_fetch("", function() return nil, "connection refused" end)
    local response = flare:request(PAGE)
    assert.response(response).has.status(502)
    assert.response(response).has.log("error", "origin:\tconnection refused")
  end)
end)
