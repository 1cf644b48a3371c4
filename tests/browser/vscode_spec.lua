-- vscode_spec.lua - the extension in a real VS Code, where `make vscode-editor` fetched one: what tests/browser/vscode/open.mjs prints,
-- each check a spec. What needs no editor is in tests/tool/vscode_spec.lua.
local support = require "support"

describe("the extension, in a real VS Code,", function()
  if not support.read "build/vscode/editor.stamp" or support.run "node tests/browser/driver.mjs" ~= 0 then
    it("works", function() pending "there is no VS Code here: make vscode-editor; or no Chromium" end)
    return
  end
  local command = "timeout 200 node tests/browser/vscode/open.mjs build/vscode/editor/node_modules/code-server %s %s"
  local code, out, errors = support.run(command:format(support.quote(support.flaron_lua), support.quote(support.folder())))
  local count = 0
  for verdict, name, why in out:gmatch "(%l+) ([^\t\n]+)\t?([^\n]*)" do
    count = count + 1
    it(name, function() assert.equal("ok", verdict, why) end)
  end

  it("gets to the end", function()
    assert.same({ 0, "", true }, { code, errors, count > 5 })
  end)
end)
