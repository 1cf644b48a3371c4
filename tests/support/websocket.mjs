// websocket.mjs - a client of WebSockets over raw bytes, for clients that send what they like. Nothing of what it
// receives is checked.
import { connect } from "node:net";

// A masked frame; `data`: bytes or a string, at most 125 bytes. The mask is 0, so the bytes stand in it as they are.
export const frame = (opcode, data, fin = true) =>
  Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | data.length, 0, 0, 0, 0]), Buffer.from(data, "latin1")]);

// Takes the first whole frame from `received`: [opcode, payload, the rest]; undefined: there is none yet.
function take(received) {
  if (received.length < 2) return undefined;
  const short = received[1] & 127, head = short === 126 ? 4 : 2;
  if (received.length < head) return undefined;
  const end = head + (short === 126 ? received.readUInt16BE(2) : short);
  return received.length < end ? undefined : [received[0] & 15, received.subarray(head, end), received.subarray(end)];
}

// Opens a WebSocket; `headers`: more lines of its request. `opened` is called when the answer's head is there, `framed` with the
// opcode and the payload of each frame, `seen` after what came was taken apart. Returns the socket.
export function open(port, { path = "/", headers = "", opened = () => {}, framed = () => {}, seen = () => {} }) {
  const socket = connect(port, "127.0.0.1");
  let received = Buffer.alloc(0), begun = false;
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${headers}` +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
    if (!begun) {
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) return;
      received = received.subarray(end + 4);
      begun = true;
      opened();
    }
    for (let one; (one = take(received)) !== undefined;) {
      received = one[2];
      framed(one[0], one[1]);
    }
    seen();
  });
  return socket;
}
