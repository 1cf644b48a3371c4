-- debug_spec.lua - flaron-lua debug: what clients of the protocol do with it, each session of tests/tool/debug a spec.
local support = require "support"

describe("flaron-lua debug", function()
  local code, out, errors = support.run "timeout 60 node tests/tool/debug/run.mjs"
  for verdict, name, why in out:gmatch "(%l+) ([^\t\n]+)\t?([^\n]*)" do
    it("has the session " .. name, function()
      if verdict == "none" then pending(why) end
      assert.equal("ok", verdict, why)
    end)
  end

  it("has them all", function()
    assert.same({ 0, "" }, { code, errors })
  end)
end)
