-- unset_secrets_spec.lua - `dev` and `test` say at their start which secrets flare.lua allows and nobody has set.
local serving = require "serving"
local support = require "support"

local root = select(2, support.run "pwd"):gsub("\n", "")
local tool = support.flaron_lua:find "^/" and support.flaron_lua or root .. "/" .. support.flaron_lua

-- A project that may use three secrets, of which one is set.
local function project(manifest)
  local folder = support.folder()
  support.run(("mkdir -p %s/spec"):format(folder))
  support.write(folder .. "/main.lua", "return function() return { body = 'hello' } end")
  support.write(folder .. "/flare.lua", manifest or "return { allowed_secrets = { 'SESSION_KEY', 'SET', 'A B' } }")
  support.write(folder .. "/spec/a_spec.lua", "it('works', function() end)")
  support.run(("echo -n v | %s secret set SET --persist %s/.flaron"):format(support.flaron_lua, folder))
  return folder
end

local line = "not set: SESSION_KEY 'A B' (flaron-lua secret set NAME)\n"

describe("Secrets that are allowed and not set", function()
  it("are told by dev, and those alone", function()
    local dev = serving.serve(project())
    local errors = serving.wait(function()
      local text = support.read(dev.log .. ".err") or ""
      return text:find(line, 1, true) and text
    end, 2)
    dev.stop()
    assert.is_string(errors)
    local granted = serving.serve(project "return { allowed_secrets = { 'SET' } }")
    assert.equal("hello", granted.curl "/")
    granted.stop()
    assert.not_matches("not set", support.read(granted.log .. ".err"))
  end)

  it("are told by test, on standard error", function()
    local function test(folder)
      return select(3, support.run(("cd %s && %s test"):format(support.quote(folder), support.quote(tool))))
    end
    assert.truthy(test(project()):find(line, 1, true))
    assert.not_matches("not set", test(project "return {}"))
    assert.not_matches("not set", test(project "return { allowed_secrets = { 'SET' } }"))
  end)
end)
