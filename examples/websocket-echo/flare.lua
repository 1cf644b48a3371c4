return {
  name = "websocket-echo",
  websocket = true,
}
