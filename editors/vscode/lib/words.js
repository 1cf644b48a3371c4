// words.js - the words that flaron-lua is started with: where the executable is, tasks, specs, launch configurations. It knows
// nothing of VS Code's objects.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const COMMANDS = ["dev", "test", "check", "pack"];
const MATCHERS = { dev: "$flaron-lua-dev", test: "$flaron-lua-test", check: "$flaron-lua-check" };
const MANIFEST = "flare.lua", SCRIPT = "main.lua";

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The path of flaron-lua: what the setting says, or the one in PATH. Throws an Error that says what was looked for. Folders of PATH
 * that are relative are passed over: what is in them is the project's.
 */
function findExecutable(setting, workspaceFolder, environment = process.env) {
  if (setting) {
    const full = setting.replace(/\$\{workspaceFolder\}/g, () => workspaceFolder ?? "").replace(/^~(?=\/|$)/, () => os.homedir());
    if (isExecutable(full)) return full;
    throw new Error(`flaron-lua is not at ${full}, where the setting "flaron-lua.path" says it is`);
  }
  for (const folder of (environment.PATH ?? "").split(path.delimiter)) {
    const full = path.join(folder, "flaron-lua");
    if (path.isAbsolute(folder) && isExecutable(full)) return full;
  }
  throw new Error('flaron-lua is not in PATH: install it, or say where it is in the setting "flaron-lua.path"');
}

/** The folder of the project that a file belongs to, which has a manifest or a main script; `top` when there is none up to it. */
function projectOf(file, top) {
  for (let folder = path.dirname(file); folder.startsWith(top); folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, MANIFEST)) || fs.existsSync(path.join(folder, SCRIPT))) return folder;
    if (folder === path.dirname(folder)) break;
  }
  return top;
}

/**
 * How a task is run: { args, cwd, matchers, background, group } for a definition of tasks.json. `folder` is the workspace folder.
 * `check` tells paths from there; `test` and `dev` tell them from the project on, where a matcher cannot follow them into a folder.
 */
function taskWords(definition, folder) {
  const { command, project = ".", args = [] } = definition;
  if (!COMMANDS.includes(command)) throw new Error(`"${command}" is none of ${COMMANDS.join(", ")}`);
  const isTop = path.relative(folder, path.resolve(folder, project)) === "";
  const matcher = isTop || command === "check" ? MATCHERS[command] : undefined;
  return {
    args: [command, ...(command === "test" ? ["-C", project, "-o", "plainTerminal"] : isTop && command !== "pack" ? [] : [project]), ...args],
    cwd: folder, matchers: matcher ? [matcher] : [], background: command === "dev",
    group: command === "test" ? "test" : command === "check" || command === "pack" ? "build" : undefined,
  };
}

/** The words that run specs of a project: all, some files, or what Lua patterns match; busted's report goes to `report`. */
function testWords(project, { files = [], filters = [], report, coverage }) {
  return ["test", "-C", project, "-o", "junit", "-Xoutput", report,
    ...(coverage ? ["--coverage", "--output", "lcov", "--output-file", coverage] : []),
    ...filters.map((filter) => `--filter=${filter}`), ...files];
}

/**
 * A launch configuration with what it lacks filled in, for the file that is open (it may be undefined). An empty one, of F5 without
 * launch.json, means the spec that is open, or else a request. Throws an Error when it asks for two things at once.
 */
function launchOf(given, workspaceFolder, openFile) {
  const config = { ...given };
  if (!config.type && !config.request) {
    Object.assign(config, { type: "flaron-lua", request: "launch", name: "Flaron Lua" });
    if (openFile?.endsWith("_spec.lua")) config.spec = openFile;
  }
  if (!config.project) config.project = openFile && workspaceFolder ? projectOf(openFile, workspaceFolder) : workspaceFolder;
  if (config.request === "attach") {
    if (!Number.isInteger(config.port) || config.port < 1 || config.port > 65535) {
      throw new Error('"port" must be the port that `flaron-lua dev --debug` was given');
    }
    return config;
  }
  const asked = ["url", "record", "spec"].filter((name) => config[name]);
  if (asked.length > 1) throw new Error(`"${asked.join('" and "')}" are different things to debug: one configuration has one`);
  return config;
}

/** The files with lines of an LCOV file, as { file, lines: [{ line, count }] }. */
function parseCoverage(text) {
  const files = [];
  for (const row of text.split("\n")) {
    const [, key, value] = /^(SF|DA):(.*)$/.exec(row) ?? [];
    if (key === "SF") files.push({ file: value, lines: [] });
    const [line, count] = (value ?? "").split(",").map(Number);
    if (key === "DA" && files.length > 0) files[files.length - 1].lines.push({ line, count });
  }
  return files;
}

module.exports = { COMMANDS, MANIFEST, findExecutable, projectOf, taskWords, testWords, launchOf, parseCoverage };
