-- The manifest: what the flare is called, and what it may do.
return {
  name = "{{name}}",
  websocket = true, -- it has ws_open, ws_message and ws_close
}
