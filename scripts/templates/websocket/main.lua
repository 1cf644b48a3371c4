-- An echo over WebSockets that knows who speaks.
--
-- Each event is an invocation of its own: no variable lives as long as the connection does. ws.conn_id() stays
-- the same, so what belongs to a connection can be kept in a store under it.
local flaron = require "flaron"
local logging, ws = flaron.logging, flaron.ws

-- Sends; a peer who cannot be answered is told so by the end of the connection.
local function send(message)
  local ok, why = ws.send(message)
  if ok then return end
  logging.error(ws.conn_id(), "not sent:", why)
  ws.close(1011)
end

local function ws_open()
  send(("welcome, %s; say bye to leave"):format(ws.conn_id()))
end

local function ws_message()
  local message = ws.event_data()
  if message == "bye" then return ws.close() end
  send(("%s says: %s"):format(ws.conn_id(), message))
end

-- Nobody is there any more: nothing can be sent.
local function ws_close()
  logging.info(ws.conn_id(), "left:", ws.close_code())
end

-- Plain HTTP is told what is spoken here.
local function handle_request()
  return {
    status = 426,
    headers = { upgrade = "websocket", connection = "upgrade", ["content-type"] = "text/plain; charset=utf-8" },
    body = "this is a WebSocket: connect with ws:// or wss://\n",
  }
end

return { ws_open = ws_open, ws_message = ws_message, ws_close = ws_close, handle_request = handle_request }
