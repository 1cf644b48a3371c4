// explorer.js - specs in VS Code's Test Explorer: found in *_spec.lua, run by `flaron-lua test`, debugged by a launch configuration
// of the type flaron-lua, with coverage of the flare.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawn } = require("node:child_process");
const vscode = require("vscode");
const { discover, filterOf } = require("./specs");
const junit = require("./junit");
const { projectOf, testWords, parseCoverage } = require("./words");

const SPECS = "**/*_spec.lua", NOT_OURS = "**/{lua_modules,node_modules,.types}/**";

const rangeOf = (block) => new vscode.Range(block.line - 1, 0, Math.max(block.end, block.line) - 1, Number.MAX_SAFE_INTEGER);

/**
 * The tests of a workspace. `findExecutable(folder)` gives the path of flaron-lua, or undefined after it has told the user.
 */
class Explorer {
  constructor(findExecutable) {
    this.findExecutable = findExecutable;
    this.blocks = new WeakMap(); // TestItem -> its block; a file has none
    this.coverage = new WeakMap(); // FileCoverage -> its lines
    const controller = vscode.tests.createTestController("flaron-lua", "Flaron Lua");
    this.controller = controller;
    controller.resolveHandler = (item) => (item ? this.read(item) : this.find());
    controller.refreshHandler = () => this.find();
    const { Run, Debug, Coverage } = vscode.TestRunProfileKind;
    controller.createRunProfile("Run", Run, (request, token) => this.run(request, token, false), true);
    controller.createRunProfile("Debug", Debug, (request, token) => this.debug(request, token), true);
    const covering = controller.createRunProfile("Coverage", Coverage, (request, token) => this.run(request, token, true), true);
    covering.loadDetailedCoverage = async (_, file) => (this.coverage.get(file) ?? []).map(({ line, count }) =>
      new vscode.StatementCoverage(count, new vscode.Position(line - 1, 0)));

    const watcher = vscode.workspace.createFileSystemWatcher(SPECS);
    watcher.onDidCreate((uri) => this.file(uri));
    watcher.onDidChange((uri) => this.read(this.file(uri)));
    watcher.onDidDelete((uri) => controller.items.delete(uri.toString()));
    const changed = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      const item = controller.items.get(document.uri.toString());
      if (item) this.show(item, document.getText());
    });
    const opened = vscode.workspace.onDidOpenTextDocument((document) => {
      if (document.uri.scheme === "file" && document.uri.fsPath.endsWith("_spec.lua")) this.read(this.file(document.uri));
    });
    this.disposables = [controller, watcher, changed, opened];
  }

  dispose() { for (const each of this.disposables) each.dispose(); }

  /** Finds all files with specs. */
  async find() {
    const found = await vscode.workspace.findFiles(SPECS, NOT_OURS);
    this.controller.items.replace(found.map((uri) => this.file(uri)));
    await Promise.all(found.map((uri) => this.read(this.file(uri))));
  }

  /** The item of a file, made if it is not there. */
  file(uri) {
    let item = this.controller.items.get(uri.toString());
    if (!item) {
      item = this.controller.createTestItem(uri.toString(), vscode.workspace.asRelativePath(uri), uri);
      item.canResolveChildren = true;
      this.controller.items.add(item);
    }
    return item;
  }

  async read(item) {
    try {
      this.show(item, Buffer.from(await vscode.workspace.fs.readFile(item.uri)).toString("utf8"));
    } catch {
      this.controller.items.delete(item.id); // it was removed meanwhile
    }
  }

  /** Puts the blocks of a text under the item of its file. */
  show(item, text) {
    const add = (to, blocks) => {
      const seen = new Map();
      to.children.replace(blocks.map((block) => {
        const times = (seen.get(block.name) ?? 0) + 1; // two may have the same name
        seen.set(block.name, times);
        const child = this.controller.createTestItem(`${to.id}\n${block.name}\n${times}`, block.name + (block.partial ? "…" : ""), item.uri);
        child.range = rangeOf(block);
        this.blocks.set(child, block);
        add(child, block.children);
        return child;
      }));
    };
    add(item, discover(text));
  }

  /** The blocks from the outermost to that of the item. */
  pathOf(item) {
    const blocks = [];
    for (let at = item; this.blocks.has(at); at = at.parent) blocks.unshift(this.blocks.get(at));
    return blocks;
  }

  folderOf(item) { return vscode.workspace.getWorkspaceFolder(item.uri)?.uri.fsPath ?? path.dirname(item.uri.fsPath); }

  projectOf(item) { return projectOf(item.uri.fsPath, this.folderOf(item)); }

  /** What a request asks for, by project: Map of folder -> { files: Set, filters: list or undefined, items: leaves }. */
  async group(request) {
    if (!request.include && this.controller.items.size === 0) await this.find();
    const asked = request.include ?? [...this.controller.items].map(([, item]) => item);
    const excluded = new Set(request.exclude ?? []);
    const jobs = new Map();
    for (const item of asked) {
      const project = this.projectOf(item), isFile = !this.blocks.has(item);
      const whole = isFile && excluded.size === 0;
      // Filters hold for all files of a run, so a file that is run as a whole is a run of its own.
      const key = `${project}\n${whole ? "" : item.uri.fsPath}`;
      const job = jobs.get(key) ?? { project, files: new Set(), filters: [], leaves: [] };
      jobs.set(key, job);
      job.files.add(path.relative(project, item.uri.fsPath));
      const walk = (at) => {
        if (excluded.has(at)) return;
        if (at.children.size > 0) return at.children.forEach(walk);
        if (!this.blocks.get(at)?.group) job.leaves.push(at);
        if (!whole && (!isFile || excluded.size > 0) && this.blocks.has(at)) job.filters.push(filterOf(this.pathOf(at)));
      };
      walk(item);
    }
    return [...jobs.values()];
  }

  async run(request, token, covering) {
    const run = this.controller.createTestRun(request);
    try {
      for (const job of await this.group(request)) {
        if (token.isCancellationRequested) break;
        await this.runJob(run, job, token, covering);
      }
    } finally {
      run.end();
    }
  }

  async runJob(run, job, token, covering) {
    const executable = this.findExecutable(job.project);
    if (!executable) return;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "flaron-lua-"));
    const report = path.join(folder, "report.xml"), coverage = covering ? path.join(folder, "lcov.info") : undefined;
    try {
      for (const item of job.leaves) run.started(item);
      const words = testWords(job.project, { files: [...job.files], filters: job.filters, report, coverage });
      const { code, said } = await this.start(run, executable, words, job.project, token);
      if (token.isCancellationRequested) return;
      let results;
      try {
        results = junit.parse(fs.readFileSync(report, "utf8"));
      } catch {
        const message = new vscode.TestMessage(said || `flaron-lua test ended with ${code} and wrote no report`);
        for (const item of job.leaves) run.errored(item, message);
        return;
      }
      this.tell(run, job, results);
      if (coverage) this.cover(run, job.project, coverage);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Runs a program, its output going to the run; resolves with { code, said }. */
  start(run, executable, words, cwd, token) {
    return new Promise((resolve) => {
      const child = spawn(executable, words, { cwd });
      let said = "";
      const cancelled = token.onCancellationRequested(() => child.kill());
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8");
        stream.on("data", (text) => {
          said += text;
          run.appendOutput(text.replace(/\r?\n/g, "\r\n"));
        });
      }
      const end = (code, message) => {
        cancelled.dispose();
        resolve({ code, said: said + (message ?? "") });
      };
      child.on("error", (error) => end(-1, `${executable}: ${error.message}`));
      child.on("close", (code) => end(code));
    });
  }

  /** Marks what came of the specs of a job. A spec in the text may be several, by a loop: it fails if one of them does. */
  tell(run, job, results) {
    const uriOf = (file) => vscode.Uri.file(path.resolve(job.project, file));
    const keyOf = (file, line) => `${uriOf(file).fsPath}:${line}`;
    const byPlace = new Map();
    for (const result of results) {
      if (!result.file) continue;
      const key = keyOf(result.file, result.line);
      byPlace.set(key, [...(byPlace.get(key) ?? []), result]);
    }
    const messageOf = (result) => {
      const text = result.partialName ? `${result.name}: ${result.message}` : result.message;
      const message = result.expected !== undefined
        ? vscode.TestMessage.diff(text, result.expected, result.actual) : new vscode.TestMessage(text);
      if (result.failedAt) {
        message.location = new vscode.Location(uriOf(result.failedAt.file), new vscode.Position(result.failedAt.line - 1, 0));
      }
      return message;
    };
    const outside = results.filter((result) => result.name === undefined || !result.file);
    for (const item of job.leaves) {
      const block = this.blocks.get(item);
      const own = block ? byPlace.get(keyOf(item.uri.fsPath, block.line)) ?? [] : [];
      const bad = own.filter((result) => result.state === "failed" || result.state === "errored");
      const ms = own.reduce((sum, result) => sum + (result.ms ?? 0), 0);
      for (const { state, name, message } of own) {
        run.appendOutput(`${state} ${name}${message ? `: ${message}` : ""}\n`.replace(/\n/g, "\r\n"), undefined, item);
      }
      if (bad.length > 0) {
        const messages = bad.map((result) => messageOf({ ...result, partialName: block.partial }));
        run[bad.some((result) => result.state === "errored") ? "errored" : "failed"](item, messages, ms);
      } else if (own.some((result) => result.state === "passed")) {
        run.passed(item, ms);
      } else if (own.length > 0 || outside.length === 0) {
        run.skipped(item);
      } else {
        // Its file, or what stands around it, could not be run.
        run.errored(item, outside.map(messageOf));
      }
    }
  }

  cover(run, project, file) {
    let text;
    try {
      text = fs.readFileSync(file, "utf8");
    } catch {
      return; // no flare ran
    }
    for (const { file: name, lines } of parseCoverage(text)) {
      const covered = lines.filter(({ count }) => count > 0).length;
      const about = new vscode.FileCoverage(vscode.Uri.file(path.resolve(project, name)), new vscode.TestCoverageCount(covered, lines.length));
      this.coverage.set(about, lines);
      run.addCoverage(about);
    }
  }

  /** Debugs the specs asked for, one file after the other; each as a whole, whatever was asked of it. */
  async debug(request, token) {
    const cancelled = token.onCancellationRequested(() => vscode.debug.stopDebugging(vscode.debug.activeDebugSession));
    for (const job of await this.group(request)) {
      for (const file of job.files) {
        if (token.isCancellationRequested) break;
        const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(job.project));
        const ended = new Promise((resolve) => {
          const listener = vscode.debug.onDidTerminateDebugSession((session) => {
            if (session.type !== "flaron-lua") return;
            listener.dispose();
            resolve();
          });
        });
        const started = await vscode.debug.startDebugging(folder, {
          type: "flaron-lua", request: "launch", name: `Debug ${file}`, project: job.project, spec: file,
        });
        if (started) await ended;
      }
    }
    cancelled.dispose();
  }
}

module.exports = { Explorer };
