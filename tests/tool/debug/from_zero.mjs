// A client that counts lines and columns from 0, and names files by URIs.
import { pathToFileURL } from "node:url";

export const files = { "a b/é.lua": `
return function(n)
  return n + 1
end
`, "main.lua": `
local add = require "a b.é"
return function()
  return { body = tostring(add(41)) }
end
` };

export async function session(c, equal) {
  await c.request("initialize", { adapterID: "x", linesStartAt1: false, columnsStartAt1: false, pathFormat: "uri" });
  await c.request("launch", { project: c.folder });
  const path = pathToFileURL(`${c.folder}/a b/é.lua`).href;
  const { breakpoints } = await c.request("setBreakpoints", { source: { path }, breakpoints: [{ line: 2 }] });
  equal(breakpoints.map((b) => [b.verified, b.line, b.source.path]), [[true, 2, path]]);
  await c.request("configurationDone");
  const { threadId } = await c.event("stopped");
  const [frame] = (await c.request("stackTrace", { threadId })).stackFrames;
  equal([frame.line, frame.column, frame.source.path], [2, 0, path]);
  const { targets } = await c.request("completions", { text: "n", column: 1, frameId: frame.id });
  equal(targets.find((t) => t.label === "n"), { label: "n", start: 0, length: 1 });
  await c.request("continue", { threadId });
  await c.event("terminated");
  equal(c.output("stdout").endsWith("42"), true);
}
