// dev.mjs - flaron-lua dev as the attacks see it: started afresh, its memory, its CPU time, whether it lives; and the good
// client, in a thread of its own, that asks it meanwhile. It knows no attack.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const EXE = `${process.env.NATIVE ?? "build/native"}/flaron-lua`;
const HZ = Number(spawnSync("getconf", ["CLK_TCK"]).stdout) || 100;
const MIB = 1 << 20;

/** A new folder under build/tmp. */
export function folder() {
  mkdirSync("build/tmp", { recursive: true });
  return mkdtempSync("build/tmp/attack");
}

const read = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** MiB that a process takes now, and took at most; undefined when it is gone. */
export function memory(pid) {
  const status = read(`/proc/${pid}/status`);
  const kib = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return status && kib("VmRSS") ? { now: kib("VmRSS") / 1024, peak: kib("VmHWM") / 1024 } : undefined;
}

/** Seconds of CPU time that a process took. */
export function cpu(pid) {
  const fields = read(`/proc/${pid}/stat`).split(") ")[1]?.split(" ");
  return fields ? (Number(fields[11]) + Number(fields[12])) / HZ : NaN;
}

/** Ports of 127.0.0.1 that a process listens on. */
export function ports(pid) {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    } catch {
      return undefined;
    }
  }));
  return read("/proc/net/tcp").split("\n").slice(1).map((line) => line.trim().split(/\s+/))
    .filter((f) => f[3] === "0A" && sockets.has(f[9])).map((f) => parseInt(f[1].split(":")[1], 16));
}

export class Dev {
  /** Starts dev on a flare; `words` are more of its arguments, `files` is the limit of its descriptors. */
  static async start({ flare = "tests/soak/flare", words = [], files, persist = folder() } = {}) {
    const dev = new Dev();
    dev.persist = persist;
    const all = ["dev", flare, "--port", "0", "--quiet", "--persist", persist, ...words];
    dev.process = files
      ? spawn("sh", ["-c", `ulimit -n ${files}; exec "$0" "$@"`, EXE, ...all], { stdio: ["ignore", "ignore", "pipe"] })
      : spawn(EXE, all, { stdio: ["ignore", "ignore", "pipe"] });
    dev.pid = dev.process.pid;
    dev.errors = "";
    dev.process.stderr.on("data", (data) => (dev.errors = (dev.errors + data).slice(-5000)));
    dev.process.on("exit", (code, signal) => (dev.ended = signal ?? code));
    for (let i = 0; i < 500 && dev.ended === undefined; i++) {
      dev.port = Number(/on https?:\/\/[\d.]+:(\d+)\//.exec(dev.errors)?.[1]);
      if (dev.port) return dev;
      await sleep(20);
    }
    throw new Error(`dev does not start: ${dev.errors}`);
  }

  async stop() {
    if (this.ended === undefined) this.process.kill("SIGINT");
    for (let i = 0; i < 400 && this.ended === undefined; i++) await sleep(20);
    if (this.ended === undefined) this.process.kill("SIGKILL");
    rmSync(this.persist, { recursive: true, force: true });
  }
}

/** An upstream that hangs, waits, and answers (faults.mjs); returns {url, stop}. */
export async function upstream() {
  const child = spawn("node", ["tests/soak/faults.mjs"], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve) => child.stdout.once("data", (data) => resolve(Number(data))));
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill("SIGKILL") };
}

/** Asks for a path; resolves to {status, body, ms}, or to {error, ms}. */
export function ask(port, path, { method = "GET", body = "", headers = "", ms = 30000, close = true } = {}) {
  return new Promise((resolve) => {
    const begin = performance.now();
    let received = "";
    const socket = connect(port, "127.0.0.1");
    const end = (error) => {
      clearTimeout(timer);
      socket.destroy();
      const [head, ...rest] = received.split("\r\n\r\n");
      const result = { ms: performance.now() - begin, status: Number(head.slice(9, 12)), body: rest.join("\r\n\r\n") };
      resolve(error && !result.status ? { ...result, error } : result);
    };
    const timer = setTimeout(() => end("no answer"), ms);
    socket.on("data", (data) => (received += data.toString("latin1")));
    socket.on("error", (error) => end(error.code));
    socket.on("close", () => end(received ? undefined : "closed"));
    const length = Buffer.byteLength(body, "latin1");
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}${close ? "Connection: close\r\n" : ""}${length ? `Content-Length: ${length}\r\n` : ""}\r\n`);
    if (length) socket.write(Buffer.from(body, "latin1"));
  });
}

/** The good client. `stop` returns {count, lost, median, longest} of what it asked since `mark`, in ms. */
export class Good {
  constructor(port, { patience = 10000 } = {}) {
    this.worker = new Worker(new URL(import.meta.url), { workerData: { port, patience } });
    this.ready = new Promise((resolve) => this.worker.once("message", resolve));
  }

  mark() {
    this.worker.postMessage("mark");
  }

  async stop() {
    const result = new Promise((resolve) => this.worker.once("message", resolve));
    this.worker.postMessage("stop");
    const samples = await result;
    await this.worker.terminate();
    const times = samples.map((s) => s.ms).sort((a, b) => a - b);
    return { count: times.length, lost: samples.filter((s) => s.lost).length, median: times[times.length >> 1] ?? NaN, longest: times.at(-1) ?? NaN };
  }
}

async function be_good({ port, patience }) {
  const PAUSE_MS = 10;
  let samples = [];
  let stopped = false;
  parentPort.on("message", (message) => (message === "mark" ? (samples = []) : (stopped = true)));
  for (let first = true; !stopped; first = false) {
    const answer = await ask(port, "/good", { ms: patience });
    samples.push({ ms: answer.ms, lost: answer.status !== 200 || answer.body !== "good" });
    if (first) parentPort.postMessage("ready");
    await sleep(PAUSE_MS);
  }
  parentPort.postMessage(samples);
}

if (!isMainThread && workerData?.patience) await be_good(workerData);

export { MIB };
