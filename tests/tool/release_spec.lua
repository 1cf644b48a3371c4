-- The archive of `make release` for this machine, unpacked: it needs nothing of the machine but a kernel. Skipped when
-- none was made. How it runs elsewhere, and on other architectures, is `make test-release`.
local support = require "support"

local _, found = support.run "ls build/flaron-lua-*-linux-$(uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/').tar.gz 2>/dev/null"
local archive = found:match "[^\n]+"

describe("an archive of make release", function()
  if not archive then
    pending "`make release` made none"
    return
  end

  local folder, root, exe
  lazy_setup(function()
    local _, here = support.run "pwd"
    folder = here:match "[^\n]+" .. "/" .. support.folder()
    assert.equal(0, (support.run(("tar -xzf %s -C %s"):format(archive, folder))))
    root = folder .. "/" .. archive:match "([^/]+)%.tar%.gz$"
    exe = root .. "/bin/flaron-lua"
  end)

  -- Runs the executable with an environment that names nothing of this machine.
  local function run(words)
    return support.run(("cd %s && env -i HOME=%s PATH=/nowhere %s %s"):format(folder, folder, exe, words))
  end

  it("loads no shared object", function()
    local _, headers = support.run(("readelf -lW %s"):format(exe))
    assert.matches("LOAD", headers)
    assert.is_nil(headers:find "INTERP")
    assert.matches(", static\n$", select(2, run "--version"))
  end)

  it("makes, tests, checks, packs and runs a project without Lua, busted and luacheck on the machine", function()
    assert.equal(0, (run "new project"))
    local code, output = run "test project -o TAP"
    assert.same({ 0, "1..4\n" }, { code, output:match "1%.%..*" })
    local main = folder .. "/project/main.lua"
    support.write(main, "local x = 1\n" .. support.read(main))
    code, output = run "check project"
    assert.equal(0, code)
    assert.matches("unused variable 'x'", output, 1, true)
    assert.equal(0, (run "pack project -o packed.wasm"))
    assert.matches("^HTTP/1.1 200 OK", select(2, run "run packed.wasm --url https://a.example/"))
  end)

  it("packs what other builds pack", function()
    assert.equal(0, (run "new same"))
    assert.equal(0, (run "pack same -o same.wasm"))
    assert.equal(0, (support.cli("pack", folder .. "/same", "-o", folder .. "/ours.wasm")))
    assert.equal(support.read(folder .. "/ours.wasm"), support.read(folder .. "/same.wasm"))
  end)

  it("is a Lua by the name lua5.4, with what LUA_PATH names in front", function()
    assert.equal(0, (support.run(("ln -s %s %s/lua5.4"):format(exe, folder))))
    assert.equal(0, (support.run(("mkdir -p %s/mine"):format(folder))))
    support.write(folder .. "/mine/say.lua", "return 'mine'\n")
    local _, output = support.run(([[cd %s && LUA_PATH='./mine/?.lua;;' ./lua5.4 -e 'print(require "say", require "pl.List" {1},
      require "lfs".currentdir() ~= nil, require "flaron.edge".version)']]):format(folder))
    assert.matches("^mine\t{1}\ttrue\t%d+%.%d+%.%d+\n$", output)
  end)

  it("says why a shared object cannot be loaded", function()
    support.write(folder .. "/native.so", "")
    local code, _, errors = support.run(([[cd %s && ./lua5.4 -e 'require "native"']]):format(folder))
    assert.equal(1, code)
    assert.matches("module 'native' is a shared object, ./native.so: this flaron-lua is one static executable", errors, 1, true)
  end)

  it("takes at most 12 MB", function()
    local _, size = support.run(("du -sb --apparent-size %s"):format(root))
    assert.is_true(tonumber(size:match "%d+") <= 12e6, size)
  end)
end)
