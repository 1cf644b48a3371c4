// faults.mjs - an upstream that does everything wrong, for soak.lua and attacks.mjs; prints its port.
//
// By the request's path: /hang never answers, /reset breaks off, /garbage is not an HTTP, /short promises more than it
// sends, /slow answers after half a second, anything else answers "fine".
import { createServer } from "node:net";

const answers = {
  hang: () => {},
  reset: (socket) => socket.resetAndDestroy(),
  garbage: (socket) => socket.end("\x00\xff nonsense\r\n\r\n\r\n"),
  short: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort"),
  slow: (socket) => setTimeout(() => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nslow"), 500),
  fine: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfine"),
};

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", (data) => {
    const name = /^\w+ \/(\w*)/.exec(data.toString("latin1"))?.[1];
    (answers[name] ?? answers.fine)(socket);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
