local edge = require "flaron.edge"

describe("websocket-echo", function()
  local function load(options) return assert(edge.load("main.lua", options)) end

  it("says welcome to who connects", function()
    local flare <close> = load()
    local answer = flare:event("open", { conn_id = "c-7" })
    assert.same({ "welcome, c-7" }, answer.frames)
    assert.is_nil(answer.close_code)
    assert.same({}, answer.logs)
  end)

  it("sends every message back to its connection", function()
    local flare <close> = load()
    for _, data in ipairs { "hello", "zwölf", "", "a\0b\255\254", ("x"):rep(1 << 20) } do
      local answer = flare:event("message", { conn_id = "c-7", data = data })
      assert.equal(1, #answer.frames)
      assert.is_true(answer.frames[1] == data)
      assert.is_nil(answer.close_code)
    end
  end)

  it("logs who leaves, and sends nothing", function()
    local flare <close> = load()
    local answer = flare:event("close", { conn_id = "c-7", close_code = 1000 })
    assert.same({}, answer.frames)
    assert.response(answer).has.log("info", "c-7 left: 1000")
    answer = flare:event("close", { conn_id = "c-8", close_code = 1001 })
    assert.response(answer).has.log("info", "c-8 left: 1001 (going away)")
  end)

  it("closes with 1009 when the message is too large to send", function()
    local flare <close> = load { max_ws_message = 8 }
    local answer = flare:event("message", { conn_id = "c-7", data = "nine byte" })
    assert.same({}, answer.frames)
    assert.equal(1009, answer.close_code)
    assert.response(answer).has.log("error", "c-7: 9 bytes not sent: too large")
  end)

  it("closes with 1011 when it cannot send", function()
    local flare <close> = load()
    flare:fail("ws_send", 3)
    local answer = flare:event("open", { conn_id = "c-7" })
    assert.equal(1011, answer.close_code)
    assert.response(answer).has.log("error", "c-7: 12 bytes not sent: send error")
  end)

  it("answers plain HTTP with 426", function()
    local flare <close> = load()
    local response = flare:request()
    assert.equal(426, response.status)
    assert.equal("websocket", response.headers.upgrade)
  end)
end)
