local edge = require "flaron.edge"

describe("the echo", function()
  local flare = assert(edge.load "main.lua") -- as it was loaded again before each `it`

  it("says welcome to who connects", function()
    local ann = flare:websocket()
    assert.equal(("welcome, %s; say bye to leave"):format(ann.conn_id), ann:receive())
  end)

  it("sends a message back, and says whose it is", function()
    local ann, bob = flare:websocket(), flare:websocket()
    assert.not_equal(ann.conn_id, bob.conn_id)
    bob:receive()
    bob:send "grüß dich"
    assert.equal(bob.conn_id .. " says: grüß dich", bob:receive())
    assert.is_nil(bob:receive())
  end)

  it("closes the connection of who says bye", function()
    local ann = flare:websocket()
    ann:send "bye"
    assert.equal(1000, ann.close_code)
  end)

  it("logs who leaves", function()
    local ann = flare:websocket()
    assert.response(ann:close(1001)).has.log("info", ann.conn_id .. "\tleft:\t1001")
  end)

  it("closes the connection when it cannot send", function()
    flare:fail("ws_send", 3)
    assert.equal(1011, flare:websocket().close_code)
  end)

  it("answers plain HTTP with 426", function()
    assert.response(flare:request()).has.status(426)
  end)
end)
