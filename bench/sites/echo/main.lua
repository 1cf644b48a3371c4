-- A WebSocket that sends back what comes, as a flare.
local flaron = require "flaron"
local ws = flaron.ws

return { ws_message = function() ws.send(ws.event_data()) end }
