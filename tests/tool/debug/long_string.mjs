// A string of 5 MiB, with bytes that are no text: shown shortened with its size, copied in whole.
export const files = { "main.lua": `
return function()
  local long = ("0123456789abcdef"):rep(327680)
  local odd, plain = "a\\0\\xff\\n\\"", "é\\t"
  return { body = #long .. odd .. plain } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["end"] } });
  equal(await c.stop(), "breakpoint end");
  const { long, odd, plain } = await c.scope("Locals");
  equal([long.type, long.value.length < 1200, long.value.includes("5242880")], ["string", true, true]);
  equal([odd.value, plain.value], [String.raw`"a\x00\xff\n\""`, String.raw`"é\t"`]);
  equal((await c.value("long", "clipboard")).length, 5242880);
  equal(await c.value("#long"), "5242880");
  await c.end();
}
