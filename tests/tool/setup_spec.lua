-- setup_spec.lua - tools/setup.sh unpack: packages that are unpacked and not installed. An apt-get of our own stands for the
-- machine's. What setup.sh does with sources is in lua_version_spec.lua.
local support = require "support"

local function run(folder, name)
  return support.run(("PATH=%s/bin:$PATH tools/setup.sh unpack %s/out %s"):format(folder, folder, name))
end

describe("tools/setup.sh unpack", function()
  local folder

  before_each(function()
    folder = support.project {
      ["bin/apt-get"] = [[
#!/bin/sh
case "$*" in
  *toy*) dpkg-deb --build "$TOY" toy.deb >/dev/null ;;
  *update*) echo update >>"$TOY/../updates" ;;
  *) echo 'no such package' >&2; exit 100 ;;
esac
]],
      ["toy/DEBIAN/control"] = "Package: toy\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: toy\n",
      ["toy/usr/share/lua/5.4/toy.lua"] = "return 'toy'\n",
    }
    local _, here = support.run "pwd"
    folder = here:match "[^\n]+" .. "/" .. folder
    support.run(("chmod +x %s/bin/apt-get"):format(folder))
    support.write(folder .. "/bin/apt-get", (support.read(folder .. "/bin/apt-get"):gsub("%$TOY", folder .. "/toy")))
  end)

  it("unpacks what apt-get downloads, and leaves nothing else", function()
    assert.equal(0, (run(folder, "toy")))
    assert.equal("return 'toy'\n", support.read(folder .. "/out/usr/share/lua/5.4/toy.lua"))
    local _, left = support.run(("ls %s/out"):format(folder))
    assert.equal("usr\n", left)
  end)

  it("says so in a line when it cannot be had, after asking for new lists", function()
    local code, _, message = run(folder, "absent")
    assert.equal(1, code)
    assert.equal(("setup.sh: going on without: absent (%s/out.log)\n"):format(folder), message)
    assert.equal("update\n", support.read(folder .. "/updates"))
    assert.is_nil(support.read(folder .. "/out/usr/share/lua/5.4/toy.lua"))
  end)
end)
