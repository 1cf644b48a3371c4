// clients.mjs - attacks by many clients: those who leave, who are slow, who make fetches hang, who use descriptors up, and
// strangers at the port of gossip. See ../attacks.mjs for what an attack is.
import { connect } from "node:net";
import { cpu, ports, sleep } from "../dev.mjs";

/** Connections that each send `first`, then `again` every 100 ms; returns their sockets. */
async function crowd(port, count, first = "", { again = "", reads = true } = {}) {
  const sockets = [];
  for (let i = 0; i < count; i++) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    if (reads) socket.resume();
    else socket.pause();
    if (first) socket.write(first);
    sockets.push(socket);
    if (i % 50 === 49) await sleep(5);
  }
  if (again) {
    const timer = setInterval(() => sockets.forEach((s) => s.destroyed || s.write(again)), 100);
    sockets.end = () => clearInterval(timer);
  }
  await sleep(200);
  return sockets;
}

function leave(sockets) {
  sockets.end?.();
  for (const s of sockets) s.destroy();
}

/** Notes which share of a core dev takes for 3 seconds. */
async function watch(pid, result) {
  const before = cpu(pid);
  await sleep(3000);
  result.share = (cpu(pid) - before) / 3;
}

const goal = { peak: 256, longest: 100 };

function hanging(count) {
  return async ({ port, upstream, scale, pause }) => {
    const sockets = await crowd(port, Math.ceil(count * scale), `GET /fetch?${upstream}/hang HTTP/1.1\r\nHost: x\r\n\r\n`);
    await pause(2000);
    leave(sockets);
  };
}

/** What dev's CPU time is to be at most while nobody can be served: shares of a core. */
const idle = (share) => (result) => (result.share > share ? `${Math.round(result.share * 100)}% of a core for nothing` : undefined);

export default {
  "gone-cpu": { what: "200 clients that ask for 0.5 s of CPU time, and close", goal, short: 0.2, async run({ port, scale, pause }) {
    leave(await crowd(port, 200 * scale, "GET /spin HTTP/1.1\r\nHost: x\r\n\r\n"));
    await pause(2000);
  } },
  "gone-waiting": { what: "200 clients that ask for a fetch of 0.5 s, and close", goal, short: 0.5, async run({ port, upstream, scale, pause }) {
    leave(await crowd(port, 200 * scale, `GET /fetch?${upstream}/slow HTTP/1.1\r\nHost: x\r\n\r\n`));
    await pause(1000);
  } },
  "gone-large": { what: "200 clients that ask for 10 MiB, and close", goal, short: 0.2, async run({ port, scale, pause }) {
    leave(await crowd(port, 200 * scale, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", { reads: false }));
    await pause(1000);
  } },
  "fetches-hang-63": { what: "63 fetches that hang", goal, short: 1, run: hanging(63) },
  "fetches-hang-64": { what: "64 fetches that hang", goal, short: 1, run: hanging(64) },
  "fetches-hang-1000": { what: "1,000 fetches that hang", goal, short: 0.3, run: hanging(1000) },
  "slow-heads": { what: "500 clients that send a head byte by byte", goal, short: 0.5, async run({ port, scale, pause }) {
    const sockets = await crowd(port, 500 * scale, "GET / HTTP/1.1\r\nHost: x\r\n", { again: "X" });
    await pause(2000);
    leave(sockets);
  } },
  "slow-bodies": { what: "500 clients that send a body byte by byte", goal, short: 0.5, async run({ port, scale, pause }) {
    const sockets = await crowd(port, 500 * scale, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", { again: "x" });
    await pause(2000);
    leave(sockets);
  } },
  "slow-readers": { what: "100 clients that ask for 10 MiB, and read nothing", goal, short: 1, async run({ port, pause }) {
    const sockets = await crowd(port, 100, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", { reads: false });
    await pause(3000);
    leave(sockets);
  } },
  "large-bodies": { what: "40 clients that promise 64 MiB and send 10 MiB each", goal: { peak: 640, longest: 100 }, short: 0.25, async run({ port, scale, pause }) {
    const sockets = await crowd(port, 40 * scale, `POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: ${64 << 20}\r\n\r\n`);
    const piece = Buffer.alloc(1 << 20);
    for (let i = 0; i < 10; i++) {
      for (const s of sockets) if (!s.destroyed) s.write(piece);
      await sleep(50);
    }
    await pause(1500);
    leave(sockets);
  } },
  "large-heads": { what: "500 clients that send a header of 200 KB and no end", goal, short: 0.2, async run({ port, scale, pause }) {
    const sockets = await crowd(port, 500 * scale, `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(200000)}`);
    await pause(1500);
    leave(sockets);
  } },
  "pipelined": { what: "100,000 requests at once on one connection, answers not read", goal, short: 0.2, async run({ port, scale, pause }) {
    const [socket] = await crowd(port, 1, "", { reads: false });
    for (let i = 0; i < 100 * scale && !socket.destroyed; i++) socket.write("GET /good HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000));
    await pause(2000);
    socket.destroy();
  } },
  "descriptors": { what: "150 clients at a dev that may have 100 descriptors", files: 100, served: false, goal: { peak: 64, judge: idle(0.2) }, short: 1, async run({ port, pid, result }) {
    const sockets = await crowd(port, 150);
    await watch(pid, result);
    leave(sockets);
    return `${Math.round(result.share * 100)}% of a core`;
  } },
  "gossip-strangers": { what: "150 strangers at the port of gossip, at 100 descriptors", files: 100, words: ["--edges", "2"], goal: { peak: 64, longest: 5000, judge: idle(0.2) }, short: 1, async run({ port, pid, result, dev }) {
    const own = /http:\/\/[\d.]+:(\d+)/g;
    const http = new Set([...dev.errors.matchAll(own)].map((m) => Number(m[1])));
    const gossip = ports(pid).filter((p) => !http.has(p) && p !== port);
    const sockets = [];
    for (const p of gossip) sockets.push(...(await crowd(p, 150)));
    await watch(pid, result);
    leave(sockets);
    return `${Math.round(result.share * 100)}% of a core`;
  } },
  "gossip-bytes": { what: "150 strangers that send 1 MB each to the port of gossip", words: ["--edges", "2"], goal: { peak: 64, longest: 100 }, short: 1, async run({ port, pid, dev, pause }) {
    const http = new Set([...dev.errors.matchAll(/http:\/\/[\d.]+:(\d+)/g)].map((m) => Number(m[1])));
    const gossip = ports(pid).filter((p) => !http.has(p) && p !== port);
    const piece = Buffer.concat([Buffer.from([0, 0, 15, 0]), Buffer.alloc(1 << 20)]);
    const sockets = [];
    for (const p of gossip) sockets.push(...(await crowd(p, 150, piece)));
    await pause(3000);
    leave(sockets);
    return `${gossip.length} ports`;
  } },
};

