// vscode.mjs - the extension for VS Code without an editor: its manifest against its files, what it reads out of specs, and what it
// makes of the real output of flaron-lua. Called by tests/tool/vscode_spec.lua.
//
//   node vscode.mjs FLARON-LUA PROJECT    PROJECT: one of `flaron-lua new`, which is written to
//
// Prints a line for each check, "ok NAME" or "failed NAME", a tab and why.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { withSanitizer } from "./sanitizer.mjs";

const [, , executable, project] = process.argv.map((word, i) => (i > 1 ? resolve(word) : word));
const home = resolve(import.meta.dirname, "../../editors/vscode");
const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
const contributes = manifest.contributes;
const { discover, filterOf } = require(join(home, "lib/specs.js"));
const { parse, explain } = require(join(home, "lib/junit.js"));
const words = require(join(home, "lib/words.js"));

async function check(name, body) {
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}\t${String(error.stack).replace(/[\n\t]/g, " | ")}`);
  }
}

const flaron = (...args) => spawnSync(executable, args, { cwd: project, encoding: "utf8", env: args[0] === "test" ? withSanitizer : process.env });
const write = (name, text) => writeFileSync(join(project, name), text);

/** The problems that VS Code finds in lines by a pattern of the manifest: of several rows, each must match its line. */
function problems(name, text) {
  const pattern = contributes.problemPatterns.find((each) => each.name === name);
  const rows = pattern.patterns ?? [pattern], found = [], lines = text.split("\n");
  for (let at = 0; at + rows.length <= lines.length; at++) {
    const problem = {};
    const all = rows.every((row, i) => {
      const match = new RegExp(row.regexp).exec(lines[at + i]);
      for (const key of ["file", "line", "column", "severity", "message"]) {
        const piece = match && row[key] !== undefined ? match[row[key]] : undefined;
        if (piece !== undefined) problem[key] = key === "message" && problem.message ? `${problem.message}\n${piece}` : piece;
      }
      return match;
    });
    if (all) found.push(problem);
  }
  return found;
}

await check("its manifest names what is there", () => {
  assert.ok(existsSync(join(home, manifest.main)));
  for (const file of ["extension.js", ...readdirSync(join(home, "lib")).map((name) => `lib/${name}`)]) {
    assert.equal(spawnSync(process.execPath, ["--check", join(home, file)]).status, 0, file);
    // No package is needed at run time.
    for (const [, name] of readFileSync(join(home, file), "utf8").matchAll(/require\("([^"]+)"\)/g)) {
      assert.ok(name === "vscode" || name.startsWith("node:") || existsSync(join(home, file, "..", `${name}.js`)), `${file}: ${name}`);
    }
  }
  assert.equal(manifest.dependencies, undefined);
  const source = readFileSync(join(home, "extension.js"), "utf8");
  for (const { command } of contributes.commands) assert.ok(source.includes(`registerCommand("${command}"`), command);
  assert.equal(source.match(/registerCommand\(/g).length, contributes.commands.length);
  for (const matcher of contributes.problemMatchers) {
    assert.ok(contributes.problemPatterns.some(({ name }) => `$${name}` === matcher.pattern), matcher.name);
  }
  const lock = JSON.parse(readFileSync(join(home, "package-lock.json"), "utf8"));
  assert.deepEqual(lock.packages[""].devDependencies, manifest.devDependencies);
});

await check("its configurations and snippets have only keys that it declares", () => {
  const [debug] = contributes.debuggers;
  for (const config of [...debug.initialConfigurations, ...debug.configurationSnippets.map(({ body }) => body)]) {
    const known = debug.configurationAttributes[config.request].properties;
    for (const key of Object.keys(config)) assert.ok(known[key] || ["type", "request", "name"].includes(key), key);
  }
});

await check("it finds the blocks of a spec, whatever else is in it", () => {
  const shape = (blocks) => blocks.map((block) =>
    [block.group ? "+" : "-", block.line, block.end, block.name + (block.partial ? "…" : ""), ...(block.group ? [shape(block.children)] : [])]);
  const text = `-- describe("in a comment", function()
--[==[ it("in a long one", function() end) ]==]
local s = "it('in a string', function()"
local describe_it = [[ describe("x", function() ]]
describe("a \\"name\\" \\x41\\65\\u{e4}", function()
  before_each(function() if true then for _ = 1, 2 do end end end)
  it('one', function()
    local function f() repeat local x = 1 until x end
    while f() do end
  end)
  for i = 1, 3 do
    it("number " .. i, function() end)
  end
  pending "later"
  pending("with a body", function() end)
  context([[inner]], function() test "bare" spec("last", function() end) end)
end)
object.it("a method", function() end)
object:describe("another", function() end)
it("outside", function() end)
it(("adds %d and %d"):format(1, 2), function()
end)
it(name, function() end)
`;
  assert.deepEqual(shape(discover(text)), [
    ["+", 5, 17, 'a "name" AAä', [
      ["-", 7, 10, "one"], ["-", 12, 12, "number …"], ["-", 14, 14, "later"], ["-", 15, 15, "with a body"],
      ["+", 16, 16, "inner", [["-", 16, 16, "bare"], ["-", 16, 16, "last"]]],
    ]],
    ["-", 20, 20, "outside"], ["-", 21, 22, "adds …"],
  ]);
  for (const broken of ["describe(", "it('open", "describe('x', function() it('y', function()", "--[[", "[==[", "end end end", "\0\xFF"]) discover(broken);
});

await check("it finds the specs of this project's own files where busted finds them", () => {
  const listed = flaron("test", "-l").stdout;
  const own = [];
  const walk = (blocks, before) => {
    for (const block of blocks) {
      const name = before ? `${before} ${block.name}` : block.name;
      if (block.group) walk(block.children, name);
      else own.push(`spec/main_spec.lua:${block.line}: ${name}`);
    }
  };
  walk(discover(readFileSync(join(project, "spec/main_spec.lua"), "utf8")), "");
  assert.ok(own.length >= 3);
  assert.deepEqual(own, listed.trim().split("\n"));
});

const BAD = `describe("bad [1]", function()
  it("differs", function()
    assert.equal(1, 2)
  end)
  it("errs", function() error "x < y & z" end)
  pending("later")
  describe("inner 'quoted'", function()
    it([[long %d]], function() local x = nil; return x.y end)
    it("is good", function() end)
  end)
end)
`;
write("spec/bad_spec.lua", BAD);

await check("it reads busted's report", () => {
  const report = join(project, "report.xml");
  const run = flaron(...words.testWords(project, { files: ["spec/bad_spec.lua"], report }));
  assert.equal(run.status, 1);
  const results = parse(readFileSync(report, "utf8"));
  assert.deepEqual(results.map(({ name, file, line, state }) => [state, `${file}:${line}`, name]), [
    ["failed", "spec/bad_spec.lua:2", "bad [1] differs"],
    ["errored", "spec/bad_spec.lua:5", "bad [1] errs"],
    ["skipped", "spec/bad_spec.lua:6", "bad [1] later"],
    ["errored", "spec/bad_spec.lua:8", "bad [1] inner 'quoted' long %d"],
    ["passed", "spec/bad_spec.lua:9", "bad [1] inner 'quoted' is good"],
  ]);
  assert.deepEqual(results[0].failedAt, { file: "spec/bad_spec.lua", line: 3 });
  assert.deepEqual([results[0].expected, results[0].actual], ["(number) 1", "(number) 2"]);
  assert.match(results[1].message, /^x < y & z\n/);
  assert.throws(() => parse("<testsuites><testsuite>"), /not whole/);
  assert.deepEqual(explain("no place"), { message: "no place", file: undefined, line: undefined, actual: undefined, expected: undefined });
});

await check("it runs the block that was asked for, and no other", () => {
  const report = join(project, "report.xml");
  const [top] = discover(BAD), inner = top.children[3];
  const ran = (path) => {
    flaron(...words.testWords(project, { files: ["spec/bad_spec.lua"], filters: [filterOf(path)], report }));
    return parse(readFileSync(report, "utf8")).map(({ line }) => line);
  };
  assert.deepEqual(ran([top]), [2, 5, 6, 8, 9]);
  assert.deepEqual(ran([top, inner]), [8, 9]);
  assert.deepEqual(ran([top, inner, inner.children[0]]), [8]);
  assert.deepEqual(ran([top, top.children[1]]), [5]);
  assert.equal(filterOf([{ group: true, name: "a", partial: true }, { name: "b" }]), "^a");
});

await check("it reads what coverage was written", () => {
  const report = join(project, "report.xml"), coverage = join(project, "lcov.info");
  assert.equal(flaron(...words.testWords(project, { files: ["spec/main_spec.lua"], report, coverage })).status, 0);
  const main = words.parseCoverage(readFileSync(coverage, "utf8")).find(({ file }) => file === "main.lua");
  assert.ok(main.lines.length > 5 && main.lines.some(({ count }) => count > 0));
});

await check("its problem matchers fit what test, check and dev print", () => {
  const said = flaron("test", "-o", "plainTerminal", "spec/bad_spec.lua").stdout;
  assert.deepEqual(problems("flaron-lua-test", said), [
    { file: "spec/bad_spec.lua", line: "3", message: "bad [1] differs\nExpected objects to be equal." },
    { file: "spec/bad_spec.lua", line: "5", message: "bad [1] errs\nx < y & z" },
    { file: "spec/bad_spec.lua", line: "8", message: "bad [1] inner 'quoted' long %d\nattempt to index a nil value (local 'x')" },
  ]);
  const main = readFileSync(join(project, "main.lua"), "utf8");
  write("main.lua", `local unused = 1\n${main}`);
  assert.deepEqual(problems("flaron-lua-check", flaron("check").stdout),
    [{ file: "main.lua", line: "1", column: "7", severity: "warning", message: "unused variable 'unused'" }]);
  write("main.lua", `x x\n${main}`);
  const [found] = problems("flaron-lua-check", flaron("check").stdout);
  assert.deepEqual(found, { file: "main.lua", line: "1", column: "3", severity: "error", message: "syntax error near 'x'" });
  write("main.lua", main);
});

await check("it finds flaron-lua by the setting or in PATH, or says what it looked for", () => {
  const folder = join(project, "bin");
  mkdirSync(folder);
  const there = join(folder, "flaron-lua");
  writeFileSync(there, "#!/bin/sh\n");
  assert.throws(() => words.findExecutable(there), /flaron-lua is not at .*, where the setting "flaron-lua.path" says it is/);
  chmodSync(there, 0o755);
  assert.equal(words.findExecutable(there), there);
  assert.equal(words.findExecutable("${workspaceFolder}/bin/flaron-lua", project), there);
  assert.equal(words.findExecutable("", undefined, { PATH: `/nowhere:${folder}` }), there);
  for (const PATH of ["", "bin:.", "/nowhere", undefined]) {
    assert.throws(() => words.findExecutable("", project, { PATH }), /is not in PATH: install it, or say where it is in the setting/);
  }
});

await check("it starts tasks as tasks.json asks", () => {
  assert.deepEqual(words.taskWords({ command: "test" }, "/w"), { args: ["test", "-C", ".", "-o", "plainTerminal"], cwd: "/w",
    matchers: ["$flaron-lua-test"], background: false, group: "test" });
  assert.deepEqual(words.taskWords({ command: "check", project: "a", args: ["--strict"] }, "/w"),
    { args: ["check", "a", "--strict"], cwd: "/w", matchers: ["$flaron-lua-check"], background: false, group: "build" });
  assert.deepEqual(words.taskWords({ command: "dev", project: "a" }, "/w").matchers, []);
  assert.deepEqual(words.taskWords({ command: "dev", project: "./" }, "/w"),
    { args: ["dev"], cwd: "/w", matchers: ["$flaron-lua-dev"], background: true, group: undefined });
  assert.deepEqual(words.taskWords({ command: "pack" }, "/w").args, ["pack", "."]);
  assert.throws(() => words.taskWords({ command: "rm" }, "/w"), /"rm" is none of dev, test, check, pack/);
});

await check("it fills launch configurations in", () => {
  const spec = join(project, "spec/main_spec.lua");
  assert.deepEqual(words.launchOf({}, project, spec), { type: "flaron-lua", request: "launch", name: "Flaron Lua", spec, project });
  assert.deepEqual(words.launchOf({}, project, join(project, "main.lua")), { type: "flaron-lua", request: "launch", name: "Flaron Lua", project });
  assert.equal(words.launchOf({ type: "flaron-lua", request: "launch" }, resolve(project, ".."), spec).project, project);
  assert.deepEqual(words.launchOf({ type: "flaron-lua", request: "attach", port: 9 }, "/w"),
    { type: "flaron-lua", request: "attach", port: 9, project: "/w" });
  assert.throws(() => words.launchOf({ type: "flaron-lua", request: "attach" }, "/w"), /"port" must be/);
  assert.throws(() => words.launchOf({ type: "flaron-lua", request: "launch", url: "u", spec: "s" }, "/w"), /"url" and "spec" are different things/);
});
