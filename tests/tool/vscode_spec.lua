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

  it("is packed into the same bytes each time, with what it needs and no more", function()
    if not support.read "build/vscode/npm.stamp" then pending "vsce is not here: make vscode" end
    local packages = {}
    for i, mask in ipairs { "022", "077" } do
      local place = support.folder()
      local command = "umask %s; SOURCE_DATE_EPOCH=1700000000 tools/vsix.sh build/vscode %s"
      local made, output, message = support.run(command:format(mask, place))
      assert.same({ 0, "" }, { made, message }, output)
      packages[i] = support.read(place .. "/" .. output:match "^made (flaron%-lua%-[%d.]+%.vsix), %d+ bytes\n$")
    end
    assert.is_true(packages[1] == packages[2])
    local names = {}
    -- The entries of a ZIP file's directory: APPNOTE, 4.3.12.
    for size, at in packages[1]:gmatch ("PK\1\2" .. ("."):rep(24) .. "(..)()") do
      names[#names + 1] = packages[1]:sub(at + 16, at + 15 + ("<I2"):unpack(size))
    end
    table.sort(names)
    assert.same({ "[Content_Types].xml", "extension.vsixmanifest", "extension/LICENSE.txt", "extension/extension.js",
      "extension/lib/explorer.js", "extension/lib/junit.js", "extension/lib/specs.js", "extension/lib/words.js",
      "extension/package.json", "extension/readme.md" }, names)
  end)
end)
