-- bench_spec.lua - the programs of `make bench`, small: they still run, and come to the same as in native Lua.
local programs = require "bench.programs"
local support = require "support"

describe("a benchmark program comes to what native Lua does:", function()
  for _, name in ipairs(programs.names) do
    it(name, function()
      local flare <close> = support.load(programs.project(name, "small"))
      local answer = assert(flare:request())
      assert.equal(200, answer.status)
      assert.equal(programs.native(name, "small"), answer.body)
    end)
  end

  for _, program in ipairs(programs.of_parts) do
    local name, package_name = program[1], program[2]
    if not pcall(programs.native, name, "small") then
      pending(("%s: package %s is not installed"):format(name, package_name))
    else
      it(name, function()
        local flare <close> = support.load(programs.project(name, "small"))
        assert.equal(programs.native(name, "small"), assert(flare:request()).body)
      end)
    end
  end
end)
