// The client that VS Code's debug adapters are tested with, of npm: launch, breakpoint, stack, scopes, steps back.
import { createRequire } from "node:module";
import { project } from "../../support/dap.mjs";

export const needs = "@vscode/debugadapter-testsupport";

const files = { "main.lua": `
local function double(n)
  return n * 2
end
return function()
  local n = double(21)
  return { body = tostring(n) }
end
` };

export async function session(_, equal) {
  const { DebugClient } = createRequire(`${process.cwd()}/build/libraries/npm/`)(needs);
  const folder = project(files), path = `${folder}/main.lua`;
  const client = new DebugClient(`${process.env.NATIVE ?? "build/native"}/flaron-lua`, "debug", "flaron-lua");
  client.defaultTimeout = 8000;
  await client.start();
  await client.hitBreakpoint({ project: folder }, { path, line: 3 });
  const threadId = (await client.threadsRequest()).body.threads[0].id;
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  equal([stackFrames[0].line, stackFrames[1].line], [3, 6]);
  const { scopes } = (await client.scopesRequest({ frameId: stackFrames[0].id })).body;
  const { variables } = (await client.variablesRequest({ variablesReference: scopes[0].variablesReference })).body;
  equal(variables.map((v) => `${v.name} ${v.value}`), ["n 21"]);
  await Promise.all([client.stepBackRequest({ threadId }), client.assertStoppedLocation("step", { path, line: 6 })]);
  await Promise.all([client.nextRequest({ threadId }), client.assertStoppedLocation("breakpoint", { path, line: 3 })]);
  await Promise.all([client.continueRequest({ threadId }), client.assertOutput("stdout", "HTTP/1.1 200 OK\n\n42"), client.waitForEvent("terminated")]);
  await client.stop();
}
