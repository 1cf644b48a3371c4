// dap.mjs - a client of the Debug Adapter Protocol, by hand, for tests/tool/debug: it starts `flaron-lua debug`, asks, and waits
// for events. It knows the protocol's frames and nothing of what is debugged.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { withSanitizer } from "./sanitizer.mjs";

const WAIT_MS = 8000;
const executable = `${process.env.NATIVE ?? "build/native"}/flaron-lua`;

/** A promise that fails with a sentence when it takes too long. */
function inTime(promise, what) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`no ${what} within ${WAIT_MS} ms`)), WAIT_MS); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Writes files, by their paths, into a new folder, which is gone when this process ends. */
export function project(files) {
  const folder = mkdtempSync(join(tmpdir(), "flaron-debug-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** The number of the line of a file that ends with the comment "--@ MARK". */
export function mark(path, name) {
  const lines = readFileSync(path, "utf8").split("\n");
  const at = lines.findIndex((line) => line.endsWith(`--@ ${name}`));
  if (at < 0) throw new Error(`${path} has no line with the mark ${name}`);
  return at + 1;
}

export class Client {
  /** Starts `flaron-lua debug WORDS`, or speaks with one that listens on `port`. `native`: it starts a Lua that loads flaron.edge. */
  constructor(words = [], { port, native } = {}) {
    this.seq = 0;
    this.waiting = new Map();
    this.events = [];
    this.listeners = [];
    this.all = [];
    this.errors = "";
    this.input = Buffer.alloc(0);
    if (port) {
      this.socket = connect(port, "127.0.0.1");
      [this.to, this.from] = [this.socket, this.socket];
      this.ended = new Promise((resolve) => this.socket.on("close", resolve));
    } else {
      this.process = spawn(executable, ["debug", ...words], { stdio: "pipe", env: native ? withSanitizer : process.env });
      [this.to, this.from] = [this.process.stdin, this.process.stdout];
      this.process.stderr.on("data", (data) => { this.errors += data; });
      this.ended = new Promise((resolve) => this.process.on("close", (code, signal) => resolve(signal ?? code)));
    }
    this.to.on("error", () => {});
    this.from.on("data", (data) => this.#read(data));
  }

  #read(data) {
    this.input = Buffer.concat([this.input, data]);
    for (;;) {
      const end = this.input.indexOf("\r\n\r\n");
      const head = end < 0 ? null : /^Content-Length: (\d+)$/.exec(this.input.subarray(0, end));
      if (!head || this.input.length < end + 4 + Number(head[1])) return;
      const message = JSON.parse(this.input.subarray(end + 4, end + 4 + Number(head[1])));
      this.input = this.input.subarray(end + 4 + Number(head[1]));
      this.all.push(message);
      if (process.env.DAP_TRACE) console.error("<", JSON.stringify(message).slice(0, 600));
      if (message.type === "response") {
        this.waiting.get(message.request_seq)?.(message);
        this.waiting.delete(message.request_seq);
      } else {
        this.events.push(message);
        this.listeners.splice(0).forEach((listener) => listener());
      }
    }
  }

  /** Sends bytes as they are. */
  raw(bytes) { this.to.write(bytes); }

  /** Sends a message in its frame. */
  send(message) {
    const body = Buffer.from(JSON.stringify(message));
    if (process.env.DAP_TRACE) console.error(">", body.toString().slice(0, 600));
    this.raw(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  }

  /** Sends a request; its whole response. */
  ask(command, args) {
    const seq = ++this.seq;
    const response = new Promise((resolve) => this.waiting.set(seq, resolve));
    this.send({ seq, type: "request", command, arguments: args });
    return inTime(response, `response to ${command}`);
  }

  /** Sends a request; the body of its response, which must be a good one. */
  async request(command, args) {
    const response = await this.ask(command, args);
    if (!response.success) throw new Error(`${command}: ${response.message}`);
    return response.body;
  }

  /** Sends a request that must be refused; the message. */
  async refused(command, args) {
    const response = await this.ask(command, args);
    if (response.success) throw new Error(`${command} was not refused: ${JSON.stringify(response.body)}`);
    return response.message;
  }

  /** The body of the next event of this name that nobody took, and that is so. */
  async event(name, isIt = () => true) {
    const take = () => {
      const at = this.events.findIndex((event) => event.event === name && isIt(event.body));
      return at < 0 ? null : this.events.splice(at, 1)[0];
    };
    const waits = (async () => {
      for (;;) {
        const found = take();
        if (found) return found.body ?? {};
        await new Promise((resolve) => this.listeners.push(resolve));
      }
    })();
    return inTime(waits, `event ${name}`);
  }

  /** All that the events `output` said so far, of a category. */
  output(category) {
    return this.all.filter((m) => m.event === "output" && (!category || m.body.category === category)).map((m) => m.body.output).join("");
  }

  /** Begins a session up to configurationDone. `breakpoints`: for each file a list of marks, lines or SourceBreakpoints. */
  async launch(args, { breakpoints = {}, functions, data, filters = [], filterOptions, command = "launch" } = {}) {
    this.capabilities = await this.request("initialize", { adapterID: "flaron-lua", linesStartAt1: true, columnsStartAt1: true,
      pathFormat: "path", supportsVariableType: true, supportsVariablePaging: true });
    const launched = this.ask(command, { project: this.folder, ...args });
    await Promise.race([this.event("initialized"), launched.then((r) => { if (!r.success) throw new Error(r.message); return new Promise(() => {}); })]);
    for (const [file, list] of Object.entries(breakpoints)) await this.breakpoints(file, list);
    if (functions) await this.request("setFunctionBreakpoints", { breakpoints: functions });
    if (data) await this.request("setDataBreakpoints", { breakpoints: data });
    await this.request("setExceptionBreakpoints", { filters, filterOptions });
    await this.request("configurationDone");
    const response = await launched;
    if (!response.success) throw new Error(`${command}: ${response.message}`);
  }

  /** Sets the breakpoints of a file; what became of them. */
  async breakpoints(file, list) {
    const path = join(this.folder, file);
    const breakpoints = list.map((b) => typeof b === "object" ? { ...b, line: typeof b.line === "string" ? mark(path, b.line) : b.line }
      : { line: typeof b === "string" ? mark(path, b) : b });
    return (await this.request("setBreakpoints", { source: { path }, breakpoints })).breakpoints;
  }

  /** Waits for a stop; what it is: "REASON MARK", or "REASON FILE:LINE" where the line has no mark. */
  async stop() {
    const stopped = await this.event("stopped");
    this.thread = stopped.threadId;
    this.stopped = stopped;
    const { stackFrames } = await this.request("stackTrace", { threadId: stopped.threadId, startFrame: 0, levels: 5 });
    this.frame = stackFrames.find((frame) => frame.source) ?? stackFrames[0];
    return `${stopped.reason} ${this.place(this.frame)}`;
  }

  /** The mark of a frame's line, or its file and line. */
  place(frame) {
    const name = frame.source?.name ?? "-";
    if (!this.folder || !existsSync(join(this.folder, name))) return `${name}:${frame.line}`;
    const line = readFileSync(join(this.folder, name), "utf8").split("\n")[frame.line - 1] ?? "";
    return /--@ (\w+)$/.exec(line)?.[1] ?? `${name}:${frame.line}`;
  }

  /** Has the thread go on, by a request such as "next", and waits for the next stop. */
  async go(command, args) {
    await this.request(command, { threadId: this.thread, ...args });
    return this.stop();
  }

  /** The frames of the thread. */
  async stack() { return (await this.request("stackTrace", { threadId: this.thread })).stackFrames; }

  /** The variables of a scope of a frame (the top one), by name. */
  async scope(name, frameId = this.frame.id) {
    const { scopes } = await this.request("scopes", { frameId });
    const scope = scopes.find((s) => s.name === name);
    if (!scope) throw new Error(`there is no scope ${name} but ${scopes.map((s) => s.name)}`);
    return this.children(scope.variablesReference);
  }

  /** The children of a variable, by name. */
  async children(variablesReference, options) {
    const { variables } = await this.request("variables", { variablesReference, ...options });
    return Object.fromEntries(variables.map((v) => [v.name, v]));
  }

  /** What an expression is in the top frame. */
  async value(expression, context = "watch", frameId = this.frame?.id) {
    return (await this.request("evaluate", { expression, context, frameId })).result;
  }

  /** Has the thread go on to the end of what was launched. */
  async end() {
    await this.request("continue", { threadId: this.thread });
    await this.event("terminated");
  }

  /** Ends the session; the exit code. */
  async close() {
    const response = await this.ask("disconnect", { terminateDebuggee: true });
    if (!response.success) throw new Error(response.message);
    this.to.end();
    return inTime(this.ended, "end");
  }
}
