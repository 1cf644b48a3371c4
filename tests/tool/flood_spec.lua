-- Keys that were chosen to collide have a flare ask for a secret seed (tests/flare/flood_spec.lua). It is in the
-- record, so a replay has the same order of `pairs`; and each invocation has another one.
local support = require "support"

local source = [[
local flaron = require "flaron"
return function()
  local t, order = flaron.json.decode(flaron.request.body()), {}
  for name in pairs(t) do order[#order + 1] = name end
  return { body = flaron.crypto.hash("sha256", table.concat(order)) }
end]]

describe("a flare with keys that were chosen to collide", function()
  for _, size in ipairs { 8, 48 } do
    it(("does the same in a replay, and another time something else: %d bytes"):format(size), function()
      local folder = support.project(source)
      local code, keys = support.run(("%s/tests/collide %s 1000 10 %d"):format(support.native, folder, size))
      assert.equal(0, code)
      support.write(folder .. "/body", '{"' .. keys:gsub("%s+$", ""):gsub("%s+", '":1,"') .. '":1}')
      local bodies = {}
      for i = 1, 2 do
        local record = ("%s/record%d.json"):format(folder, i)
        local run, answer = support.cli("run", folder, "--body", "@" .. folder .. "/body", "--record", record)
        assert.equal(0, run)
        bodies[i] = answer:match "%x+%s*$"
        assert.equal(64, #bodies[i]:gsub("%s", ""))
        assert.matches("crypto_random_bytes", support.read(record))
        local replayed, out = support.cli("replay", record)
        assert.equal(0, replayed)
        assert.matches("the same, %d+ calls", out)
      end
      assert.not_equal(bodies[1], bodies[2])
    end)
  end
end)
