// extension.js - what the extension adds to VS Code: the debugger, tasks, specs in the Test Explorer, commands, and the annotations
// that lua-language-server reads. It decides nothing about Lua: all is done by the executable flaron-lua.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { execFile } = require("node:child_process");
const vscode = require("vscode");
const { Explorer } = require("./lib/explorer");
const { COMMANDS, MANIFEST, findExecutable, projectOf, taskWords, launchOf } = require("./lib/words");

const TYPE = "flaron-lua", TYPES = ".types";

/** The path of flaron-lua for a folder, or undefined after the user was told what is wrong. */
function executableFor(folder) {
  try {
    return findExecutable(vscode.workspace.getConfiguration(TYPE, folder && vscode.Uri.file(folder)).get("path"), folder);
  } catch (error) {
    vscode.window.showErrorMessage(error.message, "Open the Setting").then((answer) => {
      if (answer) vscode.commands.executeCommand("workbench.action.openSettings", "flaron-lua.path");
    });
    return undefined;
  }
}

/** Runs flaron-lua; resolves with what it printed, rejects with an Error that has what it said. */
function ask(executable, words) {
  return new Promise((resolve, reject) => execFile(executable, words, (error, out, said) =>
    error ? reject(new Error(said.trim() || error.message)) : resolve(out.trim())));
}

/** All folders with a flare.lua, as { folder, project }, both full paths. */
async function projects() {
  const found = await vscode.workspace.findFiles(`**/${MANIFEST}`, "**/{lua_modules,node_modules}/**");
  return found.map((uri) => ({ folder: vscode.workspace.getWorkspaceFolder(uri), project: path.dirname(uri.fsPath) }))
    .filter(({ folder }) => folder);
}

/** The project of the file that is open, or the only one there is; undefined: the user chose none, or there is none. */
async function chooseProject() {
  const open = vscode.window.activeTextEditor?.document.uri;
  const folder = open && vscode.workspace.getWorkspaceFolder(open);
  const all = await projects();
  if (folder) {
    const project = projectOf(open.fsPath, folder.uri.fsPath);
    if (all.some((each) => each.project === project)) return { folder, project };
  }
  if (all.length === 1) return all[0];
  if (all.length === 0) {
    vscode.window.showErrorMessage("There is no project here: no folder has a flare.lua");
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(all.map((each) => ({ label: vscode.workspace.asRelativePath(each.project), each })));
  return chosen?.each;
}

// ---- tasks ----

function taskOf(definition, folder) {
  const executable = executableFor(folder.uri.fsPath);
  if (!executable) return undefined;
  const words = taskWords(definition, folder.uri.fsPath);
  const at = definition.project && definition.project !== "." ? ` ${definition.project}` : "";
  const task = new vscode.Task(definition, folder, definition.command + at, TYPE,
    new vscode.ProcessExecution(executable, words.args, { cwd: words.cwd }), words.matchers);
  task.isBackground = words.background;
  task.group = { test: vscode.TaskGroup.Test, build: vscode.TaskGroup.Build }[words.group];
  return task;
}

const taskProvider = {
  async provideTasks() {
    const tasks = [];
    for (const { folder, project } of await projects()) {
      const relative = path.relative(folder.uri.fsPath, project);
      for (const command of COMMANDS) {
        const task = taskOf({ type: TYPE, command, ...(relative ? { project: relative } : {}) }, folder);
        if (!task) return tasks; // once told is enough
        tasks.push(task);
      }
    }
    return tasks;
  },
  resolveTask(task) {
    const folder = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
    return folder && taskOf(task.definition, folder);
  },
};

async function runTask(command) {
  const chosen = await chooseProject();
  if (!chosen) return undefined;
  const relative = path.relative(chosen.folder.uri.fsPath, chosen.project);
  const task = taskOf({ type: TYPE, command, ...(relative ? { project: relative } : {}) }, chosen.folder);
  return task && vscode.tasks.executeTask(task);
}

// ---- the debugger ----

const configurationProvider = {
  resolveDebugConfiguration(folder, config) {
    try {
      return launchOf(config, folder?.uri.fsPath, vscode.window.activeTextEditor?.document.uri.fsPath);
    } catch (error) {
      vscode.window.showErrorMessage(`${config.name ?? TYPE}: ${error.message}`);
      return undefined;
    }
  },
};

const adapterFactory = {
  createDebugAdapterDescriptor(session) {
    const folder = session.workspaceFolder?.uri.fsPath;
    const executable = executableFor(folder);
    if (!executable) throw new Error("flaron-lua was not found");
    return new vscode.DebugAdapterExecutable(executable, ["debug"], folder ? { cwd: folder } : undefined);
  },
};

async function debugRequest() {
  const chosen = await chooseProject();
  if (!chosen) return undefined;
  const url = await vscode.window.showInputBox({ prompt: "The URL of the request", value: "http://localhost/" });
  if (!url) return undefined;
  return vscode.debug.startDebugging(chosen.folder, { type: TYPE, request: "launch", name: url, project: chosen.project, url, stopAtEnd: true });
}

// ---- lua-language-server ----

/** Writes .types of the projects whose .luarc.json names it, where it is missing or of another version. */
async function keepTypes() {
  for (const { project } of await projects()) {
    if (!vscode.workspace.getConfiguration(TYPE, vscode.Uri.file(project)).get("keepTypes")) continue;
    const read = (name) => {
      try {
        return fs.readFileSync(path.join(project, name), "utf8");
      } catch {
        return "";
      }
    };
    if (!read(".luarc.json").includes(`"${TYPES}"`)) continue;
    const executable = executableFor(project);
    if (!executable) return;
    try {
      const version = await ask(executable, ["--version"]);
      if (!read(`${TYPES}/README.md`).includes(version)) await ask(executable, ["new", "--types", project]);
    } catch (error) {
      vscode.window.showWarningMessage(`The annotations for lua-language-server: ${error.message}`);
    }
  }
}

async function setUp() {
  const chosen = await chooseProject();
  const executable = chosen && executableFor(chosen.project);
  if (!executable) return;
  try {
    vscode.window.showInformationMessage(await ask(executable, ["new", "--editor", chosen.project]));
  } catch (error) {
    vscode.window.showErrorMessage(error.message);
  }
}

function activate(context) {
  const explorer = new Explorer(executableFor);
  context.subscriptions.push(
    explorer,
    vscode.tasks.registerTaskProvider(TYPE, taskProvider),
    vscode.debug.registerDebugConfigurationProvider(TYPE, configurationProvider),
    vscode.debug.registerDebugAdapterDescriptorFactory(TYPE, adapterFactory),
    vscode.commands.registerCommand("flaron-lua.setUp", setUp),
    vscode.commands.registerCommand("flaron-lua.check", () => runTask("check")),
    vscode.commands.registerCommand("flaron-lua.dev", () => runTask("dev")),
    vscode.commands.registerCommand("flaron-lua.pack", () => runTask("pack")),
    vscode.commands.registerCommand("flaron-lua.debugRequest", debugRequest),
  );
  keepTypes();
  return { explorer, keepTypes }; // for tests
}

module.exports = { activate, deactivate() {} };
