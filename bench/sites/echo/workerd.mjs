// A WebSocket that sends back what comes, in workerd.
export default {
  fetch(request) {
    if (request.headers.get("upgrade") !== "websocket") return new Response("", { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener("message", (event) => server.send(event.data));
    return new Response(null, { status: 101, webSocket: client });
  },
};
