-- websocket-echo: says welcome, sends every message back, and logs who leaves.
--
-- Each event is an invocation of its own, so no variable lives as long as the connection does. What belongs
-- to a connection goes into a store, under ws.conn_id().
local flaron = require "flaron"
local logging, ws = flaron.logging, flaron.ws

local GOING_AWAY, TOO_LARGE, INTERNAL = 1001, 1009, 1011 -- RFC 6455, 7.4

-- Sends, and closes the connection when that fails: a peer who waits for an answer should learn of it.
local function send(bytes)
  local ok, message = ws.send(bytes)
  if ok then return end
  logging.error(("%s: %d bytes not sent: %s"):format(ws.conn_id(), #bytes, message))
  ws.close(message == "too large" and TOO_LARGE or INTERNAL)
end

local function ws_open()
  send("welcome, " .. ws.conn_id())
end

local function ws_message()
  send(ws.event_data())
end

-- Nobody is there any more: nothing can be sent.
local function ws_close()
  local code = ws.close_code()
  logging.info(("%s left: %d%s"):format(ws.conn_id(), code, code == GOING_AWAY and " (going away)" or ""))
end

-- The same flare answers plain HTTP: who comes without an upgrade is told what is spoken here.
local function handle_request()
  return {
    status = 426,
    headers = { upgrade = "websocket", connection = "upgrade", ["content-type"] = "text/plain; charset=utf-8" },
    body = "this is a WebSocket: connect with ws:// or wss://\n",
  }
end

return { ws_open = ws_open, ws_message = ws_message, ws_close = ws_close, handle_request = handle_request }
