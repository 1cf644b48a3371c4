// say.mjs - a client of a WebSocket that says one text after the other, each when the last one was answered, and prints each
// message that comes in a line. It ends when the last one is answered, or after 4 s.
//
//   node say.mjs PORT GREETED TEXT...    GREETED: how many messages come before anything is said
import { connect } from "node:net";

const [port, greeted, ...texts] = process.argv.slice(2);
const socket = connect(port, "127.0.0.1");
let received = Buffer.alloc(0), open = false, wanted = Number(greeted);

function next() {
  if (wanted > 0) return;
  if (texts.length === 0) process.exit(0);
  const data = Buffer.from(texts.shift());
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | data.length, 0, 0, 0, 0]), data]));
  wanted = 1;
}

// The first whole frame's payload, which is taken out; undefined: there is none yet.
function take() {
  if (received.length < 4) return undefined;
  const short = received[1] & 127, head = short === 126 ? 4 : 2;
  const size = short === 126 ? received.readUInt16BE(2) : short;
  if (received.length < head + size) return undefined;
  const payload = received.subarray(head, head + size);
  received = received.subarray(head + size);
  return payload.toString();
}

socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
socket.on("close", () => process.exit(1));
setTimeout(() => process.exit(1), 4000);
socket.on("data", (data) => {
  received = Buffer.concat([received, data]);
  if (!open) {
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    received = received.subarray(end + 4);
    open = true;
  }
  for (let text; (text = take()) !== undefined; wanted--) console.log(text);
  next();
});
