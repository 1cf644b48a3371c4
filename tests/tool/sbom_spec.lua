-- sbom_spec.lua - `make sbom`: an SPDX 2.3 document of all that is built in and linked; and tools/licenses.sh without dpkg. The
-- rules are those of the SPDX Specification 2.3, clauses 6, 7 and 11.
local support = require "support"

local SBOM = "build/flaron-lua.spdx.json"

local function run(command)
  local code, out, errors = support.run(command)
  assert.equal(0, code, errors)
  return out, errors
end

local function make(epoch)
  run(("make sbom SOURCE_DATE_EPOCH=%d"):format(epoch))
  return assert(support.read(SBOM))
end

-- What JavaScript prints about the document `d`, whose packages are `all`; `self` is the id of flaron-lua's.
local function ask(script)
  return run("node -e " .. support.quote(([[
    const d = JSON.parse(require("fs").readFileSync("%s", "utf8")), all = d.packages, self = "SPDXRef-Package-flaron-lua";
    const found = (how, id) => d.relationships.some(r => r.relationshipType === how && r.relatedSpdxElement === id);
    %s]]):format(SBOM, script)))
end

-- The Debian packages that the executable is linked with, as mk/native.mk takes them.
local function linked()
  local list = {}
  for name in run "make -pn sbom 2>/dev/null | sed -n 's/^BUILD_PACKAGES := //p'":gmatch "[%w.+-]+%-dev%f[%s]" do
    if not name:find "^liblua" then list[#list + 1] = name end
  end
  return list
end

describe("make sbom", function()
  local document = make(1700000000)

  it("writes what SPDX 2.3 demands of a document", function()
    assert.equal("SPDX-2.3 CC0-1.0 SPDXRef-DOCUMENT 2023-11-14T22:13:20Z Tool: flaron-lua-sbom\n", ask [[
      console.log(d.spdxVersion, d.dataLicense, d.SPDXID, d.creationInfo.created, d.creationInfo.creators[0])]])
    assert.matches("^flaron%-lua%-%d+%.%d+%.%d+ https://[^%s#]+\n$", ask "console.log(d.name, d.documentNamespace)")
  end)

  it("gives each package an id of its own, a name, a version, a licence and a place", function()
    assert.equal("", ask [[
      const ids = new Set();
      for (const p of all) {
        const good = /^SPDXRef-[A-Za-z0-9.-]+$/.test(p.SPDXID) && !ids.has(p.SPDXID) && p.name && /\d/.test(p.versionInfo)
          && p.downloadLocation === "NOASSERTION" && p.filesAnalyzed === false && p.copyrightText === "NOASSERTION";
        ids.add(p.SPDXID);
        if (!good) console.log(p);
      }]])
  end)

  it("knows the licence of each: another library needs a row in tools/licenses.sh", function()
    assert.equal("", ask [[
      for (const p of all) if (!/^\(?[A-Z]?[A-Za-z0-9.+-]+/.test(p.licenseDeclared) || p.licenseDeclared === "NOASSERTION")
        console.log(p.name, p.licenseDeclared);]])
  end)

  it("describes flaron-lua, and relates every other package to it", function()
    assert.equal("", ask [[
      if (!found("DESCRIBES", self) || d.documentDescribes.join() !== self) console.log("it describes nothing");
      for (const r of d.relationships) if (!all.some(p => p.SPDXID === r.relatedSpdxElement)) console.log(r);
      for (const p of all) {
        const id = p.SPDXID, there = found("CONTAINS", id) + found("DYNAMIC_LINK", id);
        if (there !== (id === self ? 0 : 1)) console.log(id, there);
      }]])
  end)

  it("has every package that is linked, by the version that is installed", function()
    local names = linked()
    assert.is_true(#names >= 5, table.concat(names, " "))
    for _, name in ipairs(names) do
      local version = run(("dpkg-query -W -f '${Version}' %s"):format(name))
      assert.equal(("%s true\n"):format(version), ask(([[
        const p = all.find(p => p.name === "%s"); console.log(p?.versionInfo, found("DYNAMIC_LINK", p?.SPDXID))]]):format(name)), name)
    end
  end)

  it("has the checksums of the two tarballs", function()
    for name, prefix in pairs { Lua = "LUA", ["lua-cjson"] = "CJSON" } do
      local sum = support.read "mk/packages.mk":match(prefix .. "_SHA256 := (%x+)")
      assert.equal("SHA256 " .. sum .. "\n", ask(([[
        const c = all.find(p => p.name === "%s").checksums[0]; console.log(c.algorithm, c.checksumValue)]]):format(name)))
    end
  end)

  it("writes the same bytes for the same SOURCE_DATE_EPOCH, and another namespace for another", function()
    local again, later = make(1700000000), make(1700000001)
    assert.equal(document, again)
    assert.not_equal(document:match '"documentNamespace": "([^"]+)"', later:match '"documentNamespace": "([^"]+)"')
  end)

  it("refuses what is no list of components", function()
    local code, _, errors = support.run "printf 'a b\\n' | lua5.4 tools/sbom.lua 0"
    assert.same({ 1, "sbom.lua: a line of tools/licenses.sh list is expected, not 'a b'\n" }, { code, errors })
    code, _, errors = support.run "lua5.4 tools/sbom.lua soon </dev/null"
    assert.equal(2, code)
    assert.matches("SOURCE_DATE_EPOCH is expected first, seconds since 1970, not 'soon'", errors)
  end)
end)

describe("tools/licenses.sh without dpkg", function()
  local folder = support.folder()
  for _, name in ipairs { "sed", "cat" } do
    run(("ln -s \"$(command -v %s)\" %s/%s"):format(name, support.quote(folder), name))
  end

  local function licenses(words)
    return run(("env PATH=%s /bin/sh tools/licenses.sh %s"):format(support.quote(folder), words))
  end

  it("goes on, and names the notices that were not found in the text and on standard error", function()
    local text, errors = licenses "text build/src/lua build/src/lua-cjson libnone-dev"
    assert.equal("licenses.sh: going on without the notices of: libnone-dev\n", errors)
    assert.matches("==== libnone%-dev: linked ====\n\nThe notice of libnone%-dev was not found where this was built: "
      .. "/usr/share/doc/libnone%-dev/copyright is missing%.\n", text)
    assert.matches("==== Lua, built in ====\n\nCopyright %(C%)", text)
    assert.matches("==== Full texts ====", text)
  end)

  it("lists what it knows, without versions", function()
    local list = licenses "list build/src/lua build/src/lua-cjson libjansson-dev"
    assert.matches("\nlinked\tlibjansson%-dev\tNOASSERTION\tMIT\t\n", list)
    assert.matches("\nbuilt%-in\tLua\t%d%.%d%.%d\tMIT\t\n", list)
  end)
end)

it("tools/licenses.sh with dpkg refuses a package without a notice: a Debian package must have them all", function()
  local code, _, errors = support.run "tools/licenses.sh text build/src/lua build/src/lua-cjson libnone-dev"
  assert.equal(1, code)
  assert.matches("/usr/share/doc/libnone%-dev/copyright is missing: is libnone%-dev installed", errors)
end)
