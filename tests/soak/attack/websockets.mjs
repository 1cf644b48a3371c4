// websockets.mjs - attacks by one WebSocket: more messages, pings and fragments than dev can handle, and a flare that
// sends more than its client takes. See ../attacks.mjs for what an attack is.
import { Socket, frame } from "../../support/strict/websocket.mjs";
import { pour, many } from "./pour.mjs";
import { sleep } from "../dev.mjs";

const KEY = Buffer.alloc(4); // a mask of zeros: nothing to compute for a message

async function opened(target, options) {
  const s = new Socket(target, { count: true, ...options });
  await s.until(() => s.status, 10000);
  if (s.status !== 101) throw new Error(`no WebSocket: ${s.status}`);
  return s;
}

function flood(total, { reads, headers } = {}) {
  return async ({ port, scale, pause }) => {
    const s = await opened({ port }, { changes: headers ? { "X-Large": "h".repeat(headers) } : {} });
    if (!reads) s.socket.pause();
    const taken = await pour(s.socket, many(frame(1, "x", { key: KEY })), total * scale);
    await pause(1000);
    s.socket.destroy();
    return `${(taken / 1e6).toFixed(1)} MB taken`;
  };
}

const goal = { peak: 64, longest: 50 };

export default {
  "ws-flood-unread": { what: "20 MB of messages of one byte, answers not read", goal, short: 0.05, run: flood(20e6) },
  "ws-flood-read": { what: "7.8 MB of messages of one byte, answers read", goal, short: 0.05, run: flood(7.8e6, { reads: true }) },
  "ws-flood-headers": { what: "4.1 MB of messages of one byte after a handshake with a header of 8 KB", goal, short: 0.05, run: flood(4.1e6, { headers: 8000 }) },
  "ws-flood-closed": { what: "3 MB of messages of one byte, and gone", goal, short: 0.1, async run({ port, scale, pause }) {
    const s = await opened({ port });
    await pour(s.socket, many(frame(1, "x", { key: KEY })), 3e6 * scale);
    s.socket.destroy();
  } },
  "ws-pings": { what: "60 MB of empty pings, answers not read", goal, short: 0.1, async run({ port, scale, pause }) {
    const s = await opened({ port });
    s.socket.pause();
    const taken = await pour(s.socket, many(frame(9, "", { key: KEY })), 60e6 * scale);
    await pause(1000);
    s.socket.destroy();
    return `${(taken / 1e6).toFixed(1)} MB taken`;
  } },
  "ws-fragments": { what: "one message in 8.5 million fragments of one byte", goal, short: 0.1, async run({ port, scale, pause }) {
    const s = await opened({ port });
    const size = frame(0, "x", { fin: false, key: KEY }).length;
    s.socket.write(frame(1, "x", { fin: false, key: KEY }));
    const taken = await pour(s.socket, many(frame(0, "x", { fin: false, key: KEY })), 8.5e6 * size * scale);
    await sleep(500);
    s.socket.destroy();
    return `${Math.round(taken / size)} fragments taken`;
  } },
  "ws-empty-fragments": { what: "one message in 8.5 million fragments of no bytes", goal, short: 0.1, async run({ port, scale, pause }) {
    const s = await opened({ port });
    const size = frame(0, "", { fin: false, key: KEY }).length;
    s.socket.write(frame(1, "x", { fin: false, key: KEY }));
    const taken = await pour(s.socket, many(frame(0, "", { fin: false, key: KEY })), 8.5e6 * size * scale);
    await sleep(500);
    s.socket.destroy();
    return `${Math.round(taken / size)} fragments taken`;
  } },
  "ws-flare-sends": { what: "a flare that sends 1,000 x 1 MiB, not read", goal, short: 1, async run({ port, pause }) {
    const s = await opened({ port });
    s.socket.pause();
    s.socket.write(frame(1, "many"));
    await pause(4000);
    s.socket.destroy();
  } },
  "ws-many-open": { what: "500 WebSockets with a message of 60 KB that is not finished", goal: { peak: 128, longest: 100 }, short: 0.2, async run({ port, scale, pause }) {
    const all = [];
    for (let i = 0; i < 500 * scale; i++) all.push(await opened({ port }));
    for (const s of all) s.socket.write(frame(2, Buffer.alloc(60000), { length: [127, 0, 0, 0, 0, 0, 15, 0, 0], key: KEY }));
    await pause(1000);
    for (const s of all) s.socket.destroy();
  } },
};
