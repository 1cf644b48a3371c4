// open.mjs - a real VS Code, the server of npm's code-server with Chromium as its window, with the extension of editors/vscode.
// Called by tests/browser/vscode_spec.lua.
//
//   node open.mjs CODE-SERVER FLARON-LUA FOLDER [PHOTOGRAPH]   FOLDER: an empty one, for the project and VS Code's own data
//
// Prints what suite.cjs, which runs in VS Code, has to say: a line for each check, "ok NAME" or "failed NAME", a tab and why.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { openBrowser, start } from "../driver.mjs";

const [codeServer, executable, folder] = process.argv.slice(2, 5).map((word) => resolve(word));
const photograph = process.argv[5];
const project = join(folder, "project"), out = join(folder, "out.txt"), extension = resolve(import.meta.dirname, "../../../editors/vscode");

spawnSync(executable, ["new", project]);
const main = join(project, "main.lua");
writeFileSync(main, `local unused = 1\n${readFileSync(main, "utf8")}`);
spawnSync("rm", [join(project, "spec/main_spec.lua")]);
writeFileSync(join(project, "spec/bad_spec.lua"), `local edge = require "flaron.edge"
describe("bad", function()
  it("differs", function()
    assert.equal(1, 2)
  end)
  it("is good", function()
    assert(edge.load "main.lua"):request {}
  end)
end)
`);

process.env.SUITE_OUT = out;
process.env.SUITE_FLARON_LUA = executable;
if (spawnSync(executable, ["debug", "--help"]).status === 0) process.env.SUITE_DEBUG = "1";
mkdirSync(join(folder, "data/Machine"), { recursive: true });
const { child, found } = await start("node", [join(codeServer, "lib/vscode/out/server-main.js"), "--host", "127.0.0.1", "--port", "0",
  "--without-connection-token", "--accept-server-license-terms", "--server-data-dir", join(folder, "data"),
  "--extensions-dir", join(folder, "extensions"), "--telemetry-level", "off", "--disable-workspace-trust"],
/Extension host agent listening on (\d+)/);
const browser = await openBrowser();
try {
  const authority = `localhost:${found[1]}`;
  const remote = (path) => `vscode-remote://${authority}${path}`;
  const payload = JSON.stringify([["extensionDevelopmentPath", remote(extension)],
    ["extensionTestsPath", remote(resolve(import.meta.dirname, "suite.cjs"))]]);
  await browser.resize(1280, 800);
  await browser.open(`http://${authority}/?folder=${encodeURIComponent(project)}&payload=${encodeURIComponent(payload)}`);
  const said = () => (existsSync(out) ? readFileSync(out, "utf8") : "");
  for (const end = Date.now() + 150000; !/^end$/m.test(said()) && Date.now() < end;) {
    await new Promise((done) => setTimeout(done, 50));
  }
  if (photograph) await browser.photograph(photograph);
  process.stdout.write(/^end$/m.test(said()) ? said() : `${said()}failed it gets to the end\tVS Code did not end the suite\n`);
} finally {
  await browser.close();
  child.removeAllListeners("exit");
  child.kill();
}
process.exit(0);
