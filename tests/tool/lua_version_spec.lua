-- Lua's version has one home, lua.h of the sources: what is built and what is written down agree with it.
local support = require "support"

local header = assert(support.read "build/src/lua/src/lua.h")
local function part(name) return assert(header:match("#define LUA_VERSION_" .. name .. '%s+"(%d+)"')) end
local release = ("%s.%s.%s"):format(part "MAJOR", part "MINOR", part "RELEASE")

describe("Lua's version", function()
  it("is what --version tells", function()
    local _, out = support.cli "--version"
    assert.equal(release, out:match "%(Lua ([%d.]+), runtime %x+%)")
  end)

  it("is what a flare says it was made of", function()
    local folder = support.folder()
    support.project("return function() return _VERSION end", folder)
    assert.equal(0, (support.cli("pack", folder, "-o", folder .. "/flare.wasm")))
    local flare = assert(support.read(folder .. "/flare.wasm"))
    assert.is_truthy(flare:find(("\3Lua%s%s"):format(string.char(#release), release), 1, true))
  end)

  it("is the one that the functions of ours were checked against", function()
    local readme = assert(support.read "runtime/lua/README.md")
    assert.equal(release, readme:match "## Functions that are ours, checked against Lua ([%d.]+)\n")
  end)

  it("is the one of the tarball, which is named once", function()
    local makefiles, count = "", 0
    local _, names = support.run "git ls-files Makefile 'mk/*.mk'"
    for name in names:gmatch "[^\n]+" do makefiles = makefiles .. assert(support.read(name)) end
    for version in makefiles:gmatch "lua5%.4_([%d.]+)%.orig" do
      assert.equal(release, version)
      count = count + 1
    end
    assert.equal(1, count)
  end)

  it("is named in no other file but as history", function()
    -- Reasons, steps of upgrades, and figures of the day when they were measured.
    local history = { "^docs/benchmarks", "^docs/internals/upgrade%-lua%.md$", "^docs/decisions/", "^CHANGELOG%.md$", "^runtime/lua/",
      "^tests/flare/lua_fixes_spec%.lua$", "^tests/tool/lua_version_spec%.lua$", "[Mm]akefile$", "^mk/" }
    local _, found = support.run [[git grep -nE 'Lua 5%?\.4%?\.[0-9]|lua5\.4_5\.4|"5\.4\.[0-9]"' -- .]]
    for line in found:gmatch "[^\n]+" do
      local file, known = line:match "^[^:]+", false
      for _, pattern in ipairs(history) do known = known or file:find(pattern) ~= nil end
      assert.is_true(known, line)
    end
  end)
end)

describe("the patches of the sources", function()
  for _, folder in ipairs { "runtime/lua/patches", "runtime/json/patches" } do
    it(("in %s are all in its series, and say what each must"):format(folder), function()
      local series, listed = assert(support.read(folder .. "/series")), {}
      for name in series:gsub("#[^\n]*", ""):gmatch "%S+" do listed[name] = true end
      local _, files = support.run(("git ls-files -co --exclude-standard %s"):format(folder))
      for path in files:gmatch "[^\n]+" do
        local name = path:match "[^/]+$"
        if name ~= "series" then
          assert.is_true(listed[name], path .. " is not in the series")
          listed[name] = nil
          local head = assert(support.read(path)):match "^(.-)\n%-%-%- a/"
          assert.is_truthy(head, path .. " does not begin with a reason")
          for _, word in ipairs { "What", "Why", "Measured", "Shown by", "Drop when" } do
            assert.is_truthy(head:find("\n" .. word .. ": %S"), ("%s does not say `%s:`"):format(path, word))
          end
        end
      end
      assert.same({}, listed)
    end)

    it(("in %s have no more of the sources than a line around each change"):format(folder), function()
      local _, files = support.run(("git ls-files -co --exclude-standard '%s/*.patch'"):format(folder))
      for path in files:gmatch "[^\n]+" do
        local context = 0
        for line in assert(support.read(path)):match("\n(%-%-%- a/.*)"):gmatch "[^\n]+" do
          context = line:find "^ " and context + 1 or 0
          assert.is_true(context <= 2, path .. ": " .. line)
        end
      end
    end)
  end

  it("do not fit, with a message that names the patch, when the sources are others", function()
    local folder = support.folder()
    support.run(("mkdir -p %s/lua/src %s/patches && echo 'int x;' >%s/lua/src/a.c && tar -C %s -cf %s/lua.tar lua"):format(folder, folder,
      folder, folder, folder))
    support.write(folder .. "/patches/series", "# a remark\n\none.patch\ntwo.patch\n")
    support.write(folder .. "/patches/one.patch", "Why.\n\n--- a/src/a.c\n+++ b/src/a.c\n@@ -1 +1 @@\n-int x;\n+int y;\n")
    support.write(folder .. "/patches/two.patch", "--- a/src/a.c\n+++ b/src/a.c\n@@ -1 +1 @@\n-int z;\n+int w;\n")
    local _, sum = support.run(("sha256sum <%s/lua.tar"):format(folder))
    local function source()
      return support.run(("tools/setup.sh source %s/lua.tar %s pool/none %s/out %s/patches"):format(folder, sum:match "%x+",
        folder, folder))
    end
    local code, _, why = source()
    assert.equal(1, code)
    assert.matches("two%.patch does not fit the sources", why)
    assert.is_nil(support.read(folder .. "/out/src/a.c"))
    support.write(folder .. "/patches/series", "one.patch\nthree.patch\n")
    code, _, why = source()
    assert.equal(1, code)
    assert.matches("lists three%.patch, which is not there", why)
    support.write(folder .. "/patches/series", "one.patch\n")
    assert.equal(0, (source()))
    assert.equal("int y;\n", support.read(folder .. "/out/src/a.c"))
  end)
end)
