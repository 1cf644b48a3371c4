// transcript.mjs - prints what stands in docs/debugger.md: a wrong total in examples/json-api, found backwards from the answer.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, mark, project } from "../support/dap.mjs";

const folder = project({});
cpSync("examples/json-api", folder, { recursive: true });
writeFileSync(join(folder, "api/totals.lua"), `-- api.totals: how many notes are done, and how many have each tag.
local function count(notes)
  local totals = { done = 0 }
  for _, note in ipairs(notes) do
    if note.done then totals.done = totals.done + 1 end
    for _, tag in ipairs(note.tags) do
      totals[tag] = (totals[tag] or 0) + 1
    end
  end
  return totals --@ answer
end

return { count = count }
`);
const main = readFileSync(join(folder, "main.lua"), "utf8");
writeFileSync(join(folder, "main.lua"), main.replace(/^app:get\("\/notes", .*$/m, `$&
app:get("/totals", function(req)
  return http.answer(200, require "api.totals".count(flaron.json.decode(notes.list(req).body).notes))
end)`));

const tool = `${process.env.NATIVE ?? "build/native"}/flaron-lua`;
for (const note of ['{"title":"milk","done":true}', '{"title":"bread","tags":["shop"]}', '{"title":"a list of what is done","tags":["done"]}'])
  execFileSync(tool, ["run", folder, "--persist", join(folder, ".flaron"), "--fail", "-u", "http://localhost/notes", "-H", "content-type: application/json", "-d", note], { stdio: "ignore" });

const client = new Client();
client.folder = folder;
const say = (what, text) => console.log(`${what.padEnd(20)} ${text}`);

async function show(what) {
  const stopped = await client.stop();
  const path = join(folder, client.frame.source.name);
  const line = readFileSync(path, "utf8").split("\n")[client.frame.line - 1].replace(/ --@.*/, "").trim();
  say(what, `${stopped.split(" ").slice(0, -1).join(" ")}, ${client.frame.source.name}:${client.frame.line}: ${line}`);
  if (client.stopped.text) say("", client.stopped.text);
}

async function value(expression) { say(`  ${expression}`, await client.value(expression)); }

await client.launch({ url: "http://localhost/totals" }, { breakpoints: { "api/totals.lua": [mark(join(folder, "api/totals.lua"), "answer")] } });
await show("GET /totals");
await value("totals.done");
const { dataId, description } = await client.request("dataBreakpointInfo", { name: "totals.done", frameId: client.frame.id });
await client.request("setDataBreakpoints", { breakpoints: [{ dataId }] });
say("data breakpoint", description);
await client.request("reverseContinue", { threadId: client.thread });
await show("reverseContinue");
for (const expression of ["totals.done", "tag", "note.title", "note.done"]) await value(expression);
process.exitCode = await client.close();
