local edge = require "flaron.edge"

describe("the echo", function()
  local flare

  before_each(function() flare = assert(edge.load "main.lua") end)
  after_each(function() flare:close() end)

  it("says welcome to who connects", function()
    local answer = flare:event("open", { conn_id = "ann" })
    assert.same({ "welcome, ann; say bye to leave" }, answer.frames)
  end)

  it("sends a message back, and says whose it is", function()
    local answer = flare:event("message", { conn_id = "ann", data = "grüß dich" })
    assert.same({ "ann says: grüß dich" }, answer.frames)
    assert.is_nil(answer.close_code)
  end)

  it("closes the connection of who says bye", function()
    local answer = flare:event("message", { conn_id = "ann", data = "bye" })
    assert.same({}, answer.frames)
    assert.equal(1000, answer.close_code)
  end)

  it("logs who leaves", function()
    local answer = flare:event("close", { conn_id = "ann", close_code = 1001 })
    assert.same({ { level = "info", text = "ann\tleft:\t1001" } }, answer.logs)
  end)

  it("closes the connection when it cannot send", function()
    flare:fail("ws_send", 3)
    assert.equal(1011, flare:event("open").close_code)
  end)

  it("answers plain HTTP with 426", function()
    assert.equal(426, flare:request().status)
  end)
end)
