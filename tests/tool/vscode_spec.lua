-- vscode_spec.lua - the extension for VS Code in editors/vscode, as far as it goes without an editor: what tests/support/vscode.mjs
-- does, each check a spec; and the package that `make vscode` makes, where that was done. In a real VS Code:
-- tests/browser/vscode_spec.lua.
local support = require "support"

describe("the extension for VS Code:", function()
  local folder = support.folder() .. "/a"
  assert(support.cli("new", folder) == 0)
  local code, out, errors = support.run(("timeout 120 node tests/support/vscode.mjs %s %s"):format(
    support.quote(support.flaron_lua), support.quote(folder)))
  local count = 0
  for verdict, name, why in out:gmatch "(%l+) ([^\t\n]+)\t?([^\n]*)" do
    count = count + 1
    it(name, function() assert.equal("ok", verdict, why) end)
  end

  it("was tested to the end", function()
    assert.same({ 0, "", true }, { code, errors, count > 9 })
  end)
end)
