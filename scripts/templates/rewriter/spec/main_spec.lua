local edge = require "flaron.edge"

local PAGE = { url = "https://my.site/a?b=c", headers = { accept = "text/html,*/*" } }

describe("the rewriter", function()
  local flare

  before_each(function() flare = assert(edge.load "main.lua") end)
  after_each(function() flare:close() end)

  -- What the origin answers, whatever it is asked.
  local function origin(answer) flare:stub_fetch("", answer) end

  it("changes links, and adds a line at the end", function()
    origin {
      headers = { ["content-type"] = "text/html; charset=utf-8" },
      body = '<body><a href="http://a.example/">a</a></body>',
    }
    local response = flare:request(PAGE)
    assert.equal("text/html; charset=utf-8", response.headers["content-type"])
    assert.equal('<body><a href="https://a.example/">a</a><p>Changed at the edge.</p>\n</body>', response.body)
  end)

  it("asks the origin for the path and the query", function()
    local asked
    flare:stub_fetch("", function(question)
      asked = question.url
      return { status = 404, headers = { ["content-type"] = "text/html" }, body = "no" }
    end)
    assert.equal(404, flare:request(PAGE).status)
    assert.equal("https://www.example.com/a?b=c", asked)
  end)

  it("leaves to the origin what is no page", function()
    assert.equal("pass_through", flare:request({ method = "POST" }).action)
    assert.equal("pass_through", flare:request({ headers = { accept = "image/png" } }).action)
    origin { headers = { ["content-type"] = "application/json" }, body = "{}" }
    assert.equal("pass_through", flare:request(PAGE).action)
  end)

  it("answers 502 and logs why when the origin does not answer", function()
    flare:stub_fetch("", function() return nil, "connection refused" end)
    local response = flare:request(PAGE)
    assert.equal(502, response.status)
    assert.same({ { level = "error", text = "origin:\tconnection refused" } }, response.logs)
  end)
end)
