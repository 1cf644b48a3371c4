// suite.cjs - what tests/browser/vscode/open.mjs lets a real VS Code do with the extension. It runs in VS Code's extension host, in a
// workspace that is a project of `flaron-lua new` with a mistake in its script and a spec that fails.
//
// Writes a line for each check to the file SUITE_OUT, "ok NAME" or "failed NAME", a tab and why; then "end".
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const lines = [];
const say = (line) => {
  lines.push(line.replace(/\n/g, " | "));
  fs.writeFileSync(process.env.SUITE_OUT, `${lines.join("\n")}\n`);
};

async function check(name, body) {
  try {
    await body();
    say(`ok ${name}`);
  } catch (error) {
    say(`failed ${name}\t${error.stack}`);
  }
}

/** Waits until `look` gives something true; that, or an Error that names `what`. */
async function until(what, look) {
  for (const end = Date.now() + 20000; ;) {
    const result = await look();
    if (result) return result;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const settings = () => vscode.workspace.getConfiguration("flaron-lua");
const setPath = (value) => settings().update("path", value, vscode.ConfigurationTarget.Workspace);

async function run() {
  const home = vscode.workspace.workspaceFolders[0].uri.fsPath, executable = process.env.SUITE_FLARON_LUA;
  const at = (name) => vscode.Uri.file(path.join(home, name));
  let explorer, keepTypes;

  await check("it starts, and goes on where there is no flaron-lua", async () => {
    const extension = vscode.extensions.getExtension("flaron-lua.flaron-lua");
    ({ explorer, keepTypes } = await extension.activate());
    await setPath("/nowhere/flaron-lua");
    assert.deepEqual(await vscode.tasks.fetchTasks({ type: "flaron-lua" }), []);
    await vscode.commands.executeCommand("flaron-lua.check");
    await setPath(executable);
  });

  const labels = (items, before = "") => {
    const found = [];
    items.forEach((item) => found.push(before + item.label, ...labels(item.children, `${before}  `)));
    return found;
  };

  await check("the Test Explorer has the specs", async () => {
    await explorer.find();
    assert.deepEqual(labels(explorer.controller.items).sort(), ["    differs", "    is good", "  bad", "spec/bad_spec.lua"]);
  });

  /** Runs all specs; what was said of them, as [verb, ...words] of VS Code's TestRun. */
  const runAll = async (covering) => {
    const marks = [], { createTestRun } = explorer.controller;
    explorer.controller.createTestRun = (request) => {
      const real = createTestRun.call(explorer.controller, request);
      return new Proxy(real, { get: (_, key) => (...words) => {
        marks.push([key, ...words]);
        return real[key](...words);
      } });
    };
    await explorer.run(new vscode.TestRunRequest(), new vscode.CancellationTokenSource().token, covering);
    explorer.controller.createTestRun = createTestRun;
    return marks;
  };

  await check("it runs them and marks what failed at its line", async () => {
    const marks = (await runAll(false)).filter(([verb]) => ["passed", "failed", "errored", "skipped"].includes(verb));
    assert.deepEqual(marks.map(([verb, item]) => `${verb} ${item.label}`), ["failed differs", "passed is good"]);
    const [message] = marks[0][2];
    assert.equal(message.location.range.start.line, 3);
    assert.deepEqual([message.expectedOutput, message.actualOutput], ["(number) 1", "(number) 2"]);
  });

  await check("it shows which lines of the flare they ran", async () => {
    const [[, about]] = (await runAll(true)).filter(([verb]) => verb === "addCoverage");
    assert.equal(about.uri.fsPath, path.join(home, "main.lua"));
    assert.ok(about.statementCoverage.covered > 0 && about.statementCoverage.covered <= about.statementCoverage.total);
  });

  await check("a spec that is changed in an editor is read anew", async () => {
    const document = await vscode.workspace.openTextDocument(at("spec/bad_spec.lua"));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), 'it("is new", function() end)\n');
    await vscode.workspace.applyEdit(edit);
    await until("the new spec", () => labels(explorer.controller.items).includes("  is new"));
    // VS Code may have saved it by itself.
    const back = new vscode.WorkspaceEdit();
    back.delete(document.uri, new vscode.Range(0, 0, 1, 0));
    await vscode.workspace.applyEdit(back);
    await document.save();
    await until("the old specs", () => !labels(explorer.controller.items).includes("  is new"));
  });

  await check("the tasks are there, and what check finds is under Problems", async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: "flaron-lua" });
    assert.deepEqual(tasks.map(({ name }) => name), ["dev", "test", "check", "pack"]);
    const ended = new Promise((resolve) => { vscode.tasks.onDidEndTaskProcess(({ exitCode }) => resolve(exitCode)); });
    await vscode.tasks.executeTask(tasks[2]);
    assert.equal(await ended, 0);
    const [problem] = await until("a problem", () => {
      const found = vscode.languages.getDiagnostics(at("main.lua"));
      return found.length > 0 && found;
    });
    assert.deepEqual([problem.range.start.line, problem.severity, problem.message],
      [0, vscode.DiagnosticSeverity.Warning, "unused variable 'unused'"]);
  });

  await check("it keeps .types that of this flaron-lua", async () => {
    fs.rmSync(path.join(home, ".types"), { recursive: true });
    await keepTypes();
    assert.ok(fs.existsSync(path.join(home, ".types/flaron.lua")));
  });

  if (process.env.SUITE_DEBUG) {
    let stops = [], answer = "";
    vscode.debug.registerDebugAdapterTrackerFactory("flaron-lua", { createDebugAdapterTracker: () => ({
      onDidSendMessage(message) {
        if (message.event === "stopped") stops.push(message.body);
        if (message.event === "output") answer += message.body.output;
      },
    }) });
    /** Debugs with one breakpoint: `start` starts, `body` is called at the stop; resolves when the session has ended. */
    const debug = async (name, line, start, body) => {
      stops = [];
      vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(at(name), new vscode.Position(line - 1, 0)))]);
      let ended = false;
      const listener = vscode.debug.onDidTerminateDebugSession(() => { ended = true; });
      start();
      const { reason, threadId } = await until("a stop", () => stops[0]);
      assert.equal(reason, "breakpoint");
      const session = vscode.debug.activeDebugSession;
      const ask = (request, words) => session.customRequest(request, { threadId, ...words });
      const [top] = (await ask("stackTrace")).stackFrames;
      assert.ok(top.source.path.endsWith(path.join(home, name)), top.source.path);
      assert.equal(top.line, line);
      await body(ask);
      vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
      ask("continue").then(undefined, () => undefined); // VS Code forgets the answer when the session ends first
      await until("its end", () => ended);
      listener.dispose();
    };

    await check("it debugs a request, forwards and backwards", async () => {
      const text = fs.readFileSync(path.join(home, "main.lua"), "utf8").split("\n");
      const line = text.findIndex((each) => each.includes("local language")) + 2;
      const start = () => vscode.debug.startDebugging(vscode.workspace.workspaceFolders[0],
        { type: "flaron-lua", request: "launch", name: "Request", url: "https://example.com/" });
      await debug("main.lua", line, start, async (ask) => {
        await ask("stepBack");
        await until("a step back", () => stops[1]);
        assert.equal((await ask("stackTrace")).stackFrames[0].line, line - 1);
      });
      assert.match(answer, /200/);
    });

    await check("it debugs a spec of the Test Explorer", async () => {
      const start = () => explorer.debug(new vscode.TestRunRequest(), new vscode.CancellationTokenSource().token);
      answer = "";
      await debug("spec/bad_spec.lua", 4, start, async () => undefined);
      assert.match(answer, /1 failure/);
    });
  }
}

exports.run = async () => {
  await run().catch((error) => say(`failed the suite\t${error.stack}`));
  say("end");
};
