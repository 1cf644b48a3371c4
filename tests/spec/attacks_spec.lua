-- Short versions of the attacks (tests/soak/attacks.mjs), each on a flaron-lua of its own: what it takes at most, and how
-- long others wait. The bounds are generous, since the machine may be slow; `make soak ATTACKS=1` has the real ones.
local support = require "support"

local ATTACKS = "timeout 150 node tests/soak/attacks.mjs --short "

describe("an attack, in short:", function()
  local _, names = support.run(ATTACKS .. "--list")
  for name in names:gmatch "%S+" do
    it(name, function()
      local _, out, errors = support.run(ATTACKS .. "--json --exactly " .. name)
      local result = require("dkjson").decode(out)
      assert(result, out .. errors)
      assert.equal("", table.concat(result.wrong, "; "))
    end)
  end
end)
