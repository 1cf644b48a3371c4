-- ws_spec.lua - flaron.ws and the ws handlers: events, frames, closing.
local evaluate = require "evaluate"
local support = require "support"

describe("a ws event", function()
  local flare

  setup(function() flare = evaluate.open { max_log_line = 1 << 20 } end)
  teardown(function() flare:close() end)

  it("tells its type, its connection and its data", function()
    local ask = "return ws.event_type(), ws.conn_id(), ws.event_data(), ws.event_text(), ws.close_code()"
    assert.same({ n = 5, "open", "c-1", "", "", 0 }, flare:event("open", ask, { conn_id = "c-1" }))
    assert.same({ n = 5, "message", "c-2", "hé\0", "hé\0", 0 },
      flare:event("message", ask, { conn_id = "c-2", data = "hé\0" }))
    assert.same({ n = 5, "close", "c-1", "", "", 1001 },
      flare:event("close", ask, { conn_id = "c-1", close_code = 1001 }))
  end)

  it("has the request that opened the connection", function()
    assert.same({ n = 2, "GET", "https://example.com/socket?a=b" },
      flare:event("open", "return request.method(), request.url()", { url = "https://example.com/socket?a=b" }))
  end)

  it("is not there in handle_request", function()
    assert.same({ n = 4, nil, nil, "", 0 },
      flare:run "return (ws.conn_id()), (ws.event_type()), ws.event_data(), ws.close_code()")
  end)

  it("sends frames in order, empty ones too", function()
    local values, response = flare:event("message", "return ws.send 'a\\0', ws.send_text 'b', ws.send '', ws.send(5)")
    assert.same({ n = 4, true, true, true, true }, values)
    assert.same({ "a\0", "b", "", "5" }, response.frames)
    assert.is_nil(response.close_code)
  end)

  it("closes with 1000, or with a code", function()
    for code, expected in pairs { [""] = 1000, ["nil"] = 1000, ["1001"] = 1001, ["4999"] = 4999, ["1000"] = 1000 } do
      local values, response = flare:event("message", ("return ws.close(%s)"):format(code))
      assert.same({ n = 0 }, values)
      assert.equal(expected, response.close_code)
    end
  end)

  it("refuses close codes that RFC 6455 does not let an endpoint send", function()
    for _, code in ipairs { "999", "5000", "0", "-1", "1004", "1005", "1006", "1015", "2999" } do
      assert.equal(("bad argument #1 to 'ws.close' (%s is no code to close with: 1000 to 1003, 1007 to 1014 or 3000 to 4999 "
        .. "expected)"):format(code), flare:fault(("ws.close(%s)"):format(code)))
    end
    assert.equal("bad argument #1 to 'ws.close' (number expected, got string)", flare:fault "ws.close 'now'")
  end)

  it("refuses frames that are no strings", function()
    assert.equal("bad argument #1 to 'ws.send' (string expected, got nil)", flare:fault "ws.send(nil)")
    assert.equal("bad argument #1 to 'ws.send_text' (string expected, got table)", flare:fault "ws.send_text {}")
    assert.equal("bad argument #1 to 'ws.send' (string expected, got no value)", flare:fault "ws.send()")
  end)
end)

it("a connection of 10,000 events takes the memory of its first", function()
  local flare <close> = support.load [[
    local flaron = require "flaron"
    return { ws_message = function() flaron.ws.send(flaron.ws.event_data():upper()) end }]]
  local memory
  for i = 1, 10000 do
    local response = flare:event("message", { conn_id = "c", data = "event " .. i })
    memory = memory or response.memory
    if response.frames[1] ~= "EVENT " .. i or response.memory ~= memory then
      error(("event %d: %q, %d bytes of memory, not %d"):format(i, tostring(response.frames[1]), response.memory, memory))
    end
  end
end)

describe("ws.send's refusals", function()
  it("are 1, send limit", function()
    local flare <close> = evaluate.open { max_ws_sends = 2 }
    local values, response = flare:event("message", "ws.send 'a' ws.send 'b' return ws.send 'c'")
    assert.same({ n = 3, nil, "send limit", 1 }, values)
    assert.same({ "a", "b" }, response.frames)
  end)

  it("are 1 beyond the bytes of all messages, too, which a shorter one may still be within", function()
    local flare <close> = evaluate.open { max_ws_bytes = 10 }
    local values, response = flare:event("message", "return ws.send 'sixsix', ws.send 'fivee', ws.send 'four', ws.send '', ws.send 'x'")
    assert.same({ n = 6, true, nil, true, true, nil, "send limit" }, { n = 6, table.unpack(values, 1, 6) })
    assert.same({ "sixsix", "four", "" }, response.frames)
  end)

  it("are 2, too large", function()
    local flare <close> = evaluate.open { max_ws_message = 4 }
    local values, response = flare:event("message", "return ws.send 'four', ws.send '5five'")
    assert.same({ n = 4, true, nil, "too large", 2 }, values)
    assert.same({ "four" }, response.frames)
  end)

  it("are 3, send error, on a connection that is closed or not there", function()
    local flare <close> = evaluate.open()
    assert.same({ n = 3, nil, "send error", 3 }, flare:event("message", "ws.close() return ws.send 'x'"))
    assert.same({ n = 3, nil, "send error", 3 }, flare:run "return ws.send 'x'")
  end)

  it("are unknown when the host has a code that the ABI does not", function()
    local flare <close> = evaluate.open()
    flare.flare:fail("ws_send", 99)
    assert.same({ n = 3, nil, "unknown error", 99 }, flare:run "return ws.send 'x'")
  end)
end)

describe("a flare with ws handlers", function()
  it("exports those that the script has, and only those", function()
    local flare <close> = support.load [[
      local ws = require "flaron".ws
      return { ws_message = function() ws.send "m" end }]]
    assert.same({ "m" }, flare:event("message", {}).frames)
    assert.has_error(function() flare:event("open", {}) end, "the flare has no ws_open")
    assert.has_error(function() flare:request {} end, "the flare has no handle_request")
  end)

  it("may have them as globals", function()
    local flare <close> = support.load [[
      local ws = require "flaron".ws
      function ws_open() ws.send "welcome" end
      function ws_message() ws.send(ws.event_data()) end
      function ws_close() require "flaron".logging.info(ws.close_code()) end]]
    assert.same({ "welcome" }, flare:event("open", {}).frames)
    assert.same({ "hello" }, flare:event("message", { data = "hello" }).frames)
    assert.equal("1006", support.log(flare:event("close", { close_code = 1006 }), "info"))
  end)

  it("logs an error with its traceback and closes with 1011; the next event is as if nothing was", function()
    local flare <close> = support.load [[
      local ws = require "flaron".ws
      return { ws_message = function()
        if ws.event_data() == "bad" then error "broken" end
        ws.send "good"
      end }]]
    local response = flare:event("message", { data = "bad" })
    assert.equal(1011, response.close_code)
    assert.same({}, response.frames)
    assert.matches("^main%.lua:3: broken\nstack traceback:", support.log(response, "error"))
    response = flare:event("message", { data = "ok" })
    assert.same({ "good" }, response.frames)
    assert.is_nil(response.close_code)
  end)

  it("keeps nothing between events but what it stores", function()
    local flare <close> = support.load [[
      local flaron = require "flaron"
      local count = 0
      return { ws_message = function()
        count = count + 1
        flaron.ws.send(count .. " " .. flaron.plasma.increment "count")
      end }]]
    assert.same({ "1 1" }, flare:event("message", {}).frames)
    assert.same({ "1 2" }, flare:event("message", {}).frames)
  end)

  it("may do everything else there too", function()
    local flare <close> = support.load([[
      local flaron = require "flaron"
      return { ws_message = function()
        local parts = { flaron.crypto.hash("md5", ""), flaron.secrets.get "s", flaron.beam.fetch("http://a/").body }
        flaron.spark.set("k", "v")
        flaron.ws.send(table.concat(parts, " ") .. flaron.spark.get "k")
      end }]], { secrets = { s = "S" } })
    flare:stub_fetch("", { body = "B" })
    assert.same({ "d41d8cd98f00b204e9800998ecf8427e S Bv" }, flare:event("message", {}).frames)
  end)
end)
