// say.mjs - a client of a WebSocket that says one text after the other, each when the last one was answered, and prints each
// message that comes in a line. It ends when the last one is answered, or after 4 s.
//
//   node say.mjs PORT GREETED TEXT...    GREETED: how many messages come before anything is said
import { frame, open } from "./websocket.mjs";

const [port, greeted, ...texts] = process.argv.slice(2);
let wanted = Number(greeted);

const socket = open(port, {
  framed: (_, payload) => {
    console.log(payload.toString());
    wanted--;
  },
  seen: () => {
    if (wanted > 0) return;
    if (texts.length === 0) process.exit(0);
    socket.write(frame(1, Buffer.from(texts.shift())));
    wanted = 1;
  },
});
socket.on("close", () => process.exit(1));
setTimeout(() => process.exit(1), 4000);
