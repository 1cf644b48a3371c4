-- `make install`, `make uninstall` and `make deb`: which files come where, that they work from there, and what
-- the package says of itself. Installing it on a clean machine is beyond this: dpkg-deb unpacks it here.
local support = require "support"

local root = select(2, support.run "pwd"):gsub("\n", "")
local sanitize = os.getenv "SANITIZE" or ""

-- Runs make as a user would, not as a part of the make that runs this.
local function make(words)
  local code, output, errors = support.run(("env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s SANITIZE=%s %s"):format(sanitize, words))
  assert.equal(0, code, errors)
  return output
end

-- The files below a folder, sorted, as a list of lines.
local function files(folder)
  local _, list = support.run(("cd %s && find . -type f | LC_ALL=C sort"):format(folder))
  return list
end

-- What is installed under a prefix, but for documents; `lib` is where Lua's modules are, `zsh` where zsh looks.
local function expected(prefix, lib, zsh)
  local list = {
    "/bin/flaron-lua", lib .. "/lua/5.4/flaron/edge.so", "/share/bash-completion/completions/flaron-lua",
    "/share/doc/flaron-lua/README.md", "/share/doc/flaron-lua/copyright",
    "/share/doc/flaron-lua/docs/api.md", "/share/doc/flaron-lua/examples/hello/main.lua",
    "/share/doc/flaron-lua/examples/json-api/spec/json_api_spec.lua",
    "/share/fish/vendor_completions.d/flaron-lua.fish", "/share/flaron-lua/ci/budget.lua", "/share/flaron-lua/ci/flaron-lua.sh",
    "/share/flaron-lua/ci/output.lua", "/share/flaron-lua/library/flaron.lua",
    "/share/flaron-lua/library/flaron/edge.lua", "/share/flaron-lua/library/flaron/router.lua",
    "/share/man/man1/flaron-lua.1.gz",
    "/share/zsh/" .. zsh .. "/_flaron-lua",
  }
  for i, path in ipairs(list) do list[i] = "./" .. prefix .. path .. "\n" end
  return list
end

-- The folder holds what is expected, and it works: the executable tells its version, Lua finds the module.
local function check(folder, prefix, lib, zsh)
  local found = files(folder)
  for _, line in ipairs(expected(prefix, lib, zsh)) do assert.is_number(found:find(line, 1, true), line .. "is not in\n" .. found) end
  assert.is_nil(found:find("%.flaron/") or found:find("%.wasm\n") or found:find("library/README.md", 1, true))
  local base = folder .. "/" .. prefix
  local code, output = support.run(base .. "/bin/flaron-lua --version")
  assert.equal(0, code)
  assert.equal(select(2, support.cli "--version"), output)
  local _, man = support.run(("gzip -dc %s/share/man/man1/flaron-lua.1.gz"):format(base))
  assert.matches("^%.TH FLARON\\%-LUA 1 ", man)
  assert.equal(select(2, support.cli("--completion", "bash")), support.read(base .. "/share/bash-completion/completions/flaron-lua"))
  if sanitize == "" then -- else its runtime must come first
    local project = support.folder() .. "/flare"
    assert.equal(0, (support.run(("%s/bin/flaron-lua new %s"):format(base, project))))
    code, output = support.run(("%s/bin/flaron-lua test %s -o TAP"):format(base, project))
    assert.same({ 0, "1..4\n" }, { code, output:match "1%.%..*" })
    code, output = support.run(([[cd /tmp && LUA_CPATH='%s/%s%s/lua/5.4/?.so' lua5.4 -e 'print(require("flaron.edge").version)']])
      :format(root, base, lib))
    assert.same({ 0, (select(2, support.cli "--version"):match "%d+%.%d+%.%d+") .. "\n" }, { code, output })
  end
end

describe("make install", function()
  it("puts all under a prefix, in a folder where a package is made, and uninstall takes it away", function()
    local folder = support.folder()
    make(("install DESTDIR=%s PREFIX=/opt/flaron"):format(folder))
    check(folder, "opt/flaron", "/lib", "site-functions")
    support.write(folder .. "/opt/flaron/bin/other", "")
    make(("uninstall DESTDIR=%s PREFIX=/opt/flaron"):format(folder))
    assert.equal("./opt/flaron/bin/other\n", files(folder))
  end)

  it("takes paths with blanks, relative ones, and the prefix as it comes", function()
    local folder = root .. "/" .. support.folder()
    make(("install PREFIX='%s/a place'"):format(folder))
    local code, output = support.run(("'%s/a place/bin/flaron-lua' --licenses"):format(folder))
    assert.equal(0, code)
    assert.equal(output, support.read(folder .. "/a place/share/doc/flaron-lua/copyright"))
  end)
end)

describe("flaron-lua --licenses", function()
  it("shows the licences of all that is built in or linked", function()
    local code, output, errors = support.cli "--licenses"
    assert.same({ 0, "" }, { code, errors })
    assert.equal("flaron-lua\n\n" .. support.read "LICENSE", output:sub(1, 12 + #support.read "LICENSE"))
    for _, what in ipairs {
      "Lua, built in ====\n\nCopyright (C) 1994-20", "lua-cjson, built in ====\n\nCopyright (c) 2010-2012  Mark Pulford",
      "LPeg, built in", "PCRE2, built in", "lrexlib, built in", "BearSSL, built in", "zlib, built in", "wasi-libc, built in",
      "LLVM's compiler-rt, built in", "the runtime of wabt's wasm2c, built in",
      "libcurl4-openssl-dev: linked", "libssl-dev: linked", "libsqlite3-dev: linked", "libjansson-dev: linked",
      "libnghttp2-dev: linked", "libwslay-dev: linked", "libedit-dev: linked", "Full texts ====\n\n---- Apache-2.0\n",
    } do
      assert.is_number(output:find("\n==== " .. what, 1, true), what)
    end
    assert.is_number(output:find("---- CC0-1.0\n", 1, true))
  end)
end)

-- A package with a sanitizer's runtime in it is nothing to make.
if sanitize == "" then
  describe("make deb", function()
    local version = select(2, support.cli "--version"):match "%d+%.%d+%.%d+"
    local deb

    setup(function() deb = make("deb"):match "made (%S+)" end)

    it("makes a package with all that it needs, and without what it does not", function()
      assert.matches("^build/flaron%-lua_" .. version:gsub("%.", "%%.") .. "_%l[%w-]*%.deb$", deb)
      local _, control = support.run("dpkg-deb --field " .. deb)
      assert.matches("\nVersion: " .. version .. "\n", control)
      local depends = control:match "\nDepends: ([^\n]*)\n" .. ","
      for _, name in ipairs { "libc6 (", "libcurl4 (", "libssl3 (", "libsqlite3-0 (", "libjansson4 (", "libnghttp2-14 (",
        "libwslay1 (", "libedit2 (", "lua5.4,", "lua-busted,", "lua-check," } do
        assert.is_number(depends:find(name, 1, true), name .. " is not in " .. depends)
      end
      for _, name in ipairs { "gcc", "clang", "-dev" } do assert.is_nil(depends:find(name, 1, true), depends) end
    end)

    it("holds the same files, root's, where Debian looks for them", function()
      local folder = support.folder()
      assert.equal(0, (support.run(("dpkg-deb --extract %s %s"):format(deb, folder))))
      local _, triplet = support.run "gcc -print-multiarch"
      check(folder, "usr", "/lib/" .. triplet:gsub("\n", ""), "vendor-completions")
      assert.equal("./usr/share/doc/flaron-lua/changelog.gz\n", files(folder):match "[^\n]*changelog[^\n]*\n")
      local copyright = support.read(folder .. "/usr/share/doc/flaron-lua/copyright")
      assert.is_number(copyright:find("==== lua-cjson, built in ====", 1, true))
      assert.is_nil(copyright:find("==== Full texts", 1, true))
      local _, list = support.run("dpkg-deb --contents " .. deb)
      for line in list:gmatch "[^\n]+" do assert.matches("^[d-]rw[x-]r%-[x-]r%-[x-] root/root ", line) end
    end)

    it("is the same each time", function()
      local before = support.read(deb)
      os.remove(deb)
      assert.equal(deb, make("deb"):match "made (%S+)")
      assert.is_true(before == support.read(deb))
    end)
  end)
end
