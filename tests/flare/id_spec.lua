-- id_spec.lua - flaron.id: forms, uniqueness, order. The bits by RFC 9562 and the like: vectors_spec.lua.
local evaluate = require "evaluate"
local support = require "support"

local NOW = 1700000000

describe("id", function()
  local flare

  setup(function() flare = evaluate.open { now = NOW } end)
  teardown(function() flare:close() end)

  local forms = {
    uuid_v4 = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$",
    uuid_v7 = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-7%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$",
    ulid = "^[0-7]" .. ("[0-9A-HJKMNP-TV-Z]"):rep(25) .. "$",
    ksuid = "^" .. ("%w"):rep(27) .. "$",
    nanoid = "^" .. ("[%w_-]"):rep(21) .. "$",
    snowflake = "^%d+$",
  }
  for name, form in pairs(forms) do
    it(("%s has its form and is never the same twice"):format(name), function()
      local ids = flare:value(([[
        local ids = {}
        for i = 1, 500 do ids[i] = id.%s() end
        return ids]]):format(name))
      local seen = {}
      for i = 1, 500 do
        assert.matches(form, ids[i])
        assert.is_nil(seen[ids[i]])
        seen[ids[i]] = true
      end
      assert.is_nil(seen[flare:value(("return id.%s()"):format(name))])
    end)

    it(("%s cannot be called outside of handlers"):format(name), function()
      local none, message = support.try_load(("local x = require 'flaron'.id.%s()\nreturn print"):format(name))
      assert.is_nil(none)
      assert.matches("main%.lua:1: id%." .. name .. " cannot be called here", message)
    end)
  end

  for _, name in ipairs { "uuid_v7", "ulid", "snowflake" } do
    it(("%s grows within a millisecond, over invocations and with the clock"):format(name), function()
      local clock <close> = evaluate.open { now = NOW }
      local code = ("local ids = {} for i = 1, 300 do ids[i] = id.%s() end return ids"):format(name)
      local all = {}
      for _ = 1, 3 do
        table.move(clock:value(code), 1, 300, #all + 1, all)
        table.move(clock:value(code), 1, 300, #all + 1, all)
        clock.flare:advance(0.001)
      end
      assert.equal(1800, #all)
      for i = 2, #all do assert.is_true(all[i - 1] < all[i]) end
    end)
  end

  it("nanoid has the length asked for", function()
    for _, length in ipairs { 1, 2, 21, 100, 1024 } do
      assert.equal(length, #flare:value(("return id.nanoid(%d)"):format(length)))
    end
    assert.equal(21, #flare:value "return id.nanoid(nil)")
  end)

  it("nanoid refuses other lengths", function()
    assert.equal("bad argument #1 to 'id.nanoid' (0 is not from 1 to 1024)", flare:fault "id.nanoid(0)")
    assert.equal("bad argument #1 to 'id.nanoid' (1025 is not from 1 to 1024)", flare:fault "id.nanoid(1025)")
    assert.equal("bad argument #1 to 'id.nanoid' (number expected, got string)", flare:fault "id.nanoid 'x'")
    assert.equal("bad argument #1 to 'id.nanoid' (number has no integer representation)", flare:fault "id.nanoid(1.5)")
  end)

  it("snowflake asks snowflake_id, and id_snowflake when that has no answer", function()
    local _, response = flare:run "return id.snowflake()"
    assert.same({ 1, nil }, { response.calls.snowflake_id, response.calls.id_snowflake })
    flare.flare:fail("snowflake_id", true)
    local values, other = flare:run "return id.snowflake()"
    flare.flare:fail "snowflake_id"
    assert.matches("^%d+$", values[1])
    assert.same({ 1, 1 }, { other.calls.snowflake_id, other.calls.id_snowflake })
  end)
end)
