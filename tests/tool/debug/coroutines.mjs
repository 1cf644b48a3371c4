// Coroutines within coroutines: each a thread with its stack; stepping over and into resume, and back.
export const files = { "main.lua": `
local function inner(a)
  local b = coroutine.yield(a + 1) --@ inner
  return b * 2 --@ inner_end
end
local function outer(n)
  local co = coroutine.wrap(inner) --@ outer
  local got = co(n) --@ into
  got = got + co(got) --@ again
  coroutine.yield(got) --@ yield
  return "done" --@ outer_end
end
return function()
  local co = coroutine.create(outer) --@ begin
  local _, first = coroutine.resume(co, 1) --@ resume
  local _, last = coroutine.resume(co) --@ last
  return { body = first .. last } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin"] } });
  equal(await c.stop(), "breakpoint begin");
  equal(await c.go("next"), "step resume");
  equal(await c.go("stepIn"), "step outer");
  const { threads } = await c.request("threads");
  equal(threads.length, 2);
  const main = threads.find((t) => t.id !== c.thread);
  const frames = (await c.request("stackTrace", { threadId: main.id })).stackFrames.filter((f) => f.source);
  equal(frames.map((f) => c.place(f)), ["resume"]);
  equal(await c.go("next"), "step into");
  equal(await c.go("stepIn"), "step inner");
  equal((await c.request("threads")).threads.length, 3);
  equal(await c.value("a"), "1");
  equal(await c.go("stepOut"), "step again");
  equal(await c.value("got"), "2");
  equal(await c.go("stepIn"), "step inner_end");
  equal(await c.go("stepBack"), "step inner");
  equal(await c.go("reverseContinue"), "breakpoint begin");
  equal((await c.request("threads")).threads.length, 1);
  equal(await c.go("next"), "step resume");
  equal(await c.go("next"), "step last");
  equal(await c.value("first"), "6");
  await c.end();
  equal(c.output("stdout").endsWith("6done"), true);
}
