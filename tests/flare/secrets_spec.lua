-- secrets_spec.lua - flaron.secrets: what only the host's configuration knows.
local evaluate = require "evaluate"
local support = require "support"

describe("secrets.get", function()
  it("gives the bytes of a secret", function()
    local flare <close> = evaluate.open { secrets = { key = "a\0\xff", other = "o" } }
    assert.same({ n = 2, "a\0\xff", "o" }, flare:run "return secrets.get 'key', secrets.get 'other'")
  end)

  it("gives one nil for one that is not set, or empty, or of another case", function()
    local flare <close> = evaluate.open { secrets = { key = "v", empty = "" } }
    for _, name in ipairs { "none", "empty", "KEY", "key ", "" } do
      assert.same({ n = 1 }, flare:run(("return secrets.get %q"):format(name)))
    end
  end)

  it("gives one that the manifest allows, and no other", function()
    local options = { secrets = { mine = "m", yours = "y" } }
    local flare <close> = evaluate.open(options, { ["flare.lua"] = "return { allowed_secrets = { 'mine' } }" })
    assert.same({ n = 1, "m" }, flare:run "return secrets.get 'mine'")
    assert.same({ n = 1 }, flare:run "return secrets.get 'yours'")
  end)

  it("refuses a wrong name", function()
    local flare <close> = evaluate.open()
    assert.equal("bad argument #1 to 'secrets.get' (string expected, got no value)", flare:fault "secrets.get()")
    assert.equal("bad argument #1 to 'secrets.get' (string expected, got table)", flare:fault "secrets.get {}")
    assert.equal("bad argument #1 to 'secrets.get' (contains a NUL)", flare:fault "secrets.get 'a\\0b'")
  end)

  it("cannot be called outside of handlers", function()
    local flare, message = support.try_load "local s = require 'flaron'.secrets.get 'key'\nreturn print"
    assert.is_nil(flare)
    assert.matches("main%.lua:1: secrets%.get cannot be called here", message)
  end)
end)
