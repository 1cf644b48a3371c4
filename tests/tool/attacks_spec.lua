-- Short versions of the attacks (tests/soak/attacks.mjs), each on a flaron-lua of its own, three at a time: what it takes at
-- most, and how long others wait. The bounds are generous, since the machine may be slow; `make soak ATTACKS=1` has the real
-- ones.
local serving = require "serving"
local support = require "support"

local ATTACKS, AT_ONCE, SECONDS = "node tests/soak/attacks.mjs --short ", 3, 900

describe("an attack, in short:", function()
  local names, results = {}, {}
  local code, list, fault = support.run(ATTACKS .. "--list")
  assert(code == 0, fault)
  for name in list:gmatch "%S+" do names[#names + 1] = name end

  setup(function()
    local shares, logs, errors = {}, {}, {}
    for i, name in ipairs(names) do
      local share = i % AT_ONCE + 1
      shares[share] = (shares[share] or "") .. " " .. name
    end
    for i, share in ipairs(shares) do
      logs[i] = support.folder() .. "/attacks"
      serving.start(("sh -c 'timeout %d %s --json --exactly %s; echo over'"):format(SECONDS, ATTACKS, share), logs[i])
    end
    for i, log in ipairs(logs) do
      serving.wait(function() return (support.read(log .. ".out") or ""):find "over\n$" end, SECONDS)
      for line in support.read(log .. ".out"):gmatch "{[^\n]+" do
        local result = require("dkjson").decode(line)
        results[result.name] = result
      end
      errors[i] = support.read(log .. ".err")
    end
    results.errors = table.concat(errors)
  end)

  for _, name in ipairs(names) do
    it(name, function()
      assert.truthy(results[name], "no result: " .. results.errors)
      assert.equal("", table.concat(results[name].wrong, "; "))
    end)
  end
end)
