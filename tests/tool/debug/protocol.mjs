// Requests that make no sense, in an order that makes none, and what is launched without a stop.
export const files = {
  "main.lua": `return function() return { status = 201, body = "hello" } end`,
  "other/main.lua": `return { ws_open = function() end }`,
  "broken/main.lua": `return function( end`,
};

export async function session(c, equal) {
  equal(await c.refused("threads"), "the first request must be initialize");
  equal(await c.refused("nonsense"), "there is no request 'nonsense'");
  equal((await c.request("initialize", { adapterID: "x" })).supportsStepBack, true);
  equal(await c.refused("initialize", { adapterID: "x" }), "it is initialized already");
  equal(await c.refused("stackTrace", { threadId: 1 }), "nothing is debugged: it needs launch or attach first");
  equal(await c.refused("launch", { project: c.folder, url: "nowhere" }),
    "launch: 'url' must be a whole URL such as https://example.com/");
  equal(await c.refused("launch", { project: c.folder, headers: { a: 1 } }),
    "launch: 'headers' must be an object of names and values as HTTP allows them");
  equal(await c.refused("launch", { project: `${c.folder}/other` }), `${c.folder}/other: it has no handle_request`);
  equal((await c.refused("launch", { project: `${c.folder}/none` })).includes("none"), true);
  equal((await c.refused("launch", { project: `${c.folder}/broken` })).includes("main.lua:1:"), true);
  equal((await c.refused("launch", { project: c.folder, record: `${c.folder}/main.lua` })).includes("it is no record"), true);
  equal(await c.refused("attach", {}), "attach needs the 'port' of `flaron-lua dev --debug`");
  equal((await c.refused("attach", { port: 1 })).startsWith("127.0.0.1:1: Connection refused"), true);
  await c.request("launch", { project: c.folder });
  await c.event("initialized");
  equal(await c.refused("launch", { project: c.folder }), "something is debugged already");
  equal(await c.refused("variables", { variablesReference: 7 }), "there are no variables 7: the invocation has gone on");
  equal(await c.refused("continue", { threadId: 9 }), "there is no thread 9: its invocation is over");
  equal(await c.refused("evaluate", { expression: "1" }), "nothing stands still: an expression needs a frame");
  equal(await c.refused("setBreakpoints", {}), "setBreakpoints needs a 'source' with a path");
  c.send({ type: "response", request_seq: 1, success: true, command: "runInTerminal" });
  await c.request("configurationDone");
  equal((await c.event("exited")).exitCode, 0);
  await c.event("terminated");
  equal(c.output("stdout"), "HTTP/1.1 201 Created\n\nhello");
}
