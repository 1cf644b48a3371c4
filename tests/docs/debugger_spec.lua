-- debugger_spec.lua - what docs/debugger.md shows of a session is what happens.
local support = require "support"

it("the transcript of docs/debugger.md is what transcript.mjs prints", function()
  local code, out, errors = support.run "node tests/docs/transcript.mjs"
  assert.same({ 0, "" }, { code, errors })
  assert.equal(out, support.read "docs/debugger.md":match "```text\n(.-)```")
end)
