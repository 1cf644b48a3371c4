-- new_spec.lua - `flaron-lua new`: what each template is good for at once, names and places of all kinds, and that
-- nothing is left of a project that could not be made.
local support = require "support"
local walkthrough = require "walkthrough"

local root = select(2, support.run "pwd"):gsub("\n", "")
local tool = support.flaron_lua:sub(1, 1) == "/" and support.flaron_lua or root .. "/" .. support.flaron_lua
local templates = { "http", "websocket", "api", "rewriter", "proxy", "auth" }
local of_guide = { "members", "rate-limit", "cached-api", "ab-test", "websocket-room" }
local odd = "it's a \"großer\" Ordner $(x)"
local odder = odd .. "\\n" -- luacheck takes a backslash for the end of a folder's name

-- Runs a shell command in a folder; TOOL stands for flaron-lua.
local function shell(folder, command)
  local quoted = support.quote(tool):gsub("%%", "%%%%")
  return support.run(("cd %s && %s"):format(support.quote(folder), (command:gsub("TOOL", quoted))))
end

-- All files and folders, but what is in .types.
local function listing(folder)
  return (select(2, shell(folder, "find . -mindepth 1 -not -path '*/.types/*' | LC_ALL=C sort")))
end

local everything = [[
./.busted
./.gitignore
./.luacheckrc
./.luarc.json
./.types
./.vscode
./.vscode/extensions.json
./.vscode/launch.json
./.vscode/tasks.json
./README.md
./flare.lua
./main.lua
./spec
./spec/main_spec.lua
]]
local further = { auth = "./spec/provider.lua\n" } -- files that one template alone has

-- Runs a project's own specs, as its author would.
local function run_specs(folder)
  return shell(folder, support.sanitizer .. "TOOL test -o plainTerminal 2>&1")
end

-- A file of JSON.
local function json(path)
  return assert(require("dkjson").decode((assert(support.read(path)))))
end

describe("flaron-lua new", function()
  local base

  before_each(function() base = root .. "/" .. support.folder() end)

  for _, template in ipairs(templates) do
    it("makes a project of " .. template .. " whose specs pass, and that checks, packs and runs", function()
      for _, name in ipairs { "my-flare", odd } do
        local folder = base .. "/" .. name
        local code, output, errors = support.cli("new", folder, "--template", template)
        assert.same({ 0, "" }, { code, errors })
        assert.matches("\n\n  cd [^\n]+\n  flaron%-lua test\n  flaron%-lua dev\n$", output)
        assert.equal(everything .. (further[template] or ""), listing(folder))

        code, output, errors = shell(folder, "TOOL check --strict")
        assert.same({ 0, "" }, { code, errors })
        assert.matches("^%. packs to %d+ bytes\n0 errors, 0 warnings\n$", output)
        code, output = run_specs(folder)
        assert.equal(0, code, output)
        local successes = tonumber(output:match "(%d+) successes")
        assert.is_true(successes >= 3 and successes <= 6, output)
        code = shell(folder, "TOOL pack . -o ../out.wasm && TOOL run ../out.wasm && luacheck --quiet .")
        assert.equal(0, code)
        assert.equal(everything .. (further[template] or ""), listing(folder))
        local about = assert(require("dkjson").decode((select(2, shell(base, "TOOL inspect out.wasm --json")))))
        assert.equal(name, about.name)
      end
    end)
  end

  for _, page in ipairs(of_guide) do
    it("makes a project of what the guide's page types out: " .. page, function()
      local folder = base .. "/" .. odd
      local code, output, errors = support.cli("new", folder, "--template", page)
      assert.same({ 0, "" }, { code, errors })
      assert.matches("\n\n  cd [^\n]+\n  flaron%-lua test\n  flaron%-lua dev\n$", output)
      assert.equal(everything, listing(folder))
      local files = walkthrough.files("docs/guide/" .. page .. ".md")
      for _, path in ipairs { "main.lua", "spec/main_spec.lua" } do
        assert.equal(files[path], ("-- %s\n%s"):format(path, support.read(folder .. "/" .. path)))
      end
      code, output, errors = shell(folder, "TOOL check --strict && TOOL pack . -o ../out.wasm >../packed")
      assert.same({ 0, "" }, { code, errors }, output)
      local about = assert(require("dkjson").decode((select(2, shell(base, "TOOL inspect out.wasm --json")))))
      assert.equal(odd, about.name)
      local expected = files["flare.lua"]:gsub('name = "[^"]*"', function() return 'name = "NAME"' end)
      local made = support.read(folder .. "/flare.lua"):gsub('name = "[^\n]*",', function() return 'name = "NAME",' end)
      assert.equal(expected, "-- flare.lua\n" .. made)
    end)
  end

  it("names the files in their order, whatever the template", function()
    for _, template in ipairs { "http", "api", "members" } do
      local _, output = support.cli("new", base .. "/" .. template, "-t", template)
      assert.matches(": .busted .gitignore .luacheckrc .luarc.json .vscode/extensions.json .vscode/launch.json .vscode/tasks.json " ..
        "README.md flare.lua main.lua spec/main_spec.lua\n", output, 1, true)
    end
  end)

  it("makes a handler of requests when no template is named", function()
    assert.equal(0, (support.cli("new", base .. "/a")))
    assert.equal(0, (support.cli("new", base .. "/b", "-t", "http")))
    assert.equal(support.read(base .. "/b/main.lua"), support.read(base .. "/a/main.lua"))
  end)

  it("writes the files for tools as these read them", function()
    assert.equal(0, (support.cli("new", base .. "/" .. odder)))
    local folder = base .. "/" .. odder
    local settings = json(folder .. "/.luarc.json")
    assert.equal("Lua 5.4", settings["runtime.version"])
    assert.same({ ".types" }, settings["workspace.library"])
    for _, name in ipairs { "flaron.lua", "flaron/edge.lua", "flaron/router.lua", "lpeg.lua" } do
      local own = support.read("scripts/types/" .. name) or support.read("scripts/modules/" .. name)
      assert.equal(own, (support.read(folder .. "/.types/" .. name)))
    end
    assert.matches("^# " .. odder:gsub("%p", "%%%0") .. "\n", (support.read(folder .. "/README.md")))
    local code, output = shell(base, "cd * && git init -q . && touch x.wasm && mkdir .flaron && touch .flaron/s && git status -s -uall")
    assert.equal(0, code)
    for _, path in ipairs { ".luarc.json", ".vscode/launch.json", ".vscode/tasks.json", ".vscode/extensions.json" } do
      assert.is_number(output:find(path, 1, true), path)
    end
    assert.is_nil(output:find("wasm", 1, true) or output:find(".flaron/", 1, true) or output:find(".types/", 1, true), output)
  end)

  it("writes no path of this machine", function()
    assert.equal(0, (shell(base, "TOOL new a")))
    local code, output = shell(base, "grep -rIl -e \"$PWD\" -e " .. support.quote(root) .. " a")
    assert.same({ 1, "" }, { code, output })
    for _, name in ipairs { ".luarc.json", ".vscode/launch.json", ".vscode/tasks.json", ".vscode/extensions.json" } do
      json(base .. "/a/" .. name)
      assert.is_nil(support.read(base .. "/a/" .. name):find '"/')
    end
  end)

  it("has tasks that this flaron-lua knows, with the problem matchers of the extension", function()
    assert.equal(0, (shell(base, "TOOL new a")))
    local extension = json "editors/vscode/package.json".contributes
    local patterns, matchers = {}, {}
    for _, pattern in ipairs(extension.problemPatterns) do
      patterns["$" .. pattern.name] = pattern.patterns or pattern
      pattern.name = nil
    end
    for _, matcher in ipairs(extension.problemMatchers) do
      matchers[matcher.name] = matcher
      matcher.pattern, matcher.name, matcher.label, matcher.applyTo = patterns[matcher.pattern], nil, nil, nil
    end
    local labels = {}
    for i, task in ipairs(json(base .. "/a/.vscode/tasks.json").tasks) do
      labels[i] = task.label
      assert.same({ "process", "flaron-lua", task.label }, { task.type, task.command, task.args[1] })
      local expected = matchers["flaron-lua-" .. task.label]
      if expected then assert.same(expected, task.problemMatcher) end
    end
    assert.same({ "test", "check", "dev", "pack" }, labels)
    assert.equal(0, (run_specs(base .. "/a")))
    assert.equal(0, (shell(base .. "/a", "TOOL check && TOOL pack .")))
  end)

  it("has launch configurations of what the extension declares", function()
    assert.equal(0, (shell(base, "TOOL new a")))
    local declared = json "editors/vscode/package.json".contributes.debuggers[1]
    for _, configuration in ipairs(json(base .. "/a/.vscode/launch.json").configurations) do
      assert.equal(declared.type, configuration.type)
      local known = declared.configurationAttributes[configuration.request].properties
      for name in pairs(configuration) do
        assert.truthy(known[name] or name == "type" or name == "request" or name == "name", name)
      end
    end
  end)

  it("writes what editors read into a project that is there, and leaves what it has", function()
    support.project({ ["main.lua"] = "return 1", [".vscode/tasks.json"] = "{}" }, base .. "/a")
    local code, output, errors = shell(base, "TOOL new --editor a")
    assert.same({ 0, "" }, { code, errors })
    assert.equal("wrote a/.luarc.json\nwrote a/.vscode/extensions.json\nwrote a/.vscode/launch.json\nwrote a/.types\n", output)
    assert.equal("{}", (support.read(base .. "/a/.vscode/tasks.json")))
    assert.equal("./.luarc.json ./.types ./.vscode ./.vscode/extensions.json ./.vscode/launch.json ./.vscode/tasks.json ./main.lua ",
      (listing(base .. "/a"):gsub("\n", " ")))
    assert.same({ 0, "wrote a/.types\n", "" }, { shell(base, "TOOL new --editor a") })
    assert.same({ 1, "", "flaron-lua new: b: there is no such folder\n" }, { shell(base, "TOOL new --editor b") })
  end)

  it("writes the annotations anew, with nothing left of those of another version", function()
    assert.equal(0, (shell(base, "TOOL new a && cp -r a/.types fresh && echo old >a/.types/flaron.lua && echo old >a/.types/gone.lua")))
    assert.same({ 0, "wrote a/.types\n", "" }, { shell(base, "TOOL new --types a") })
    assert.same({ 0, "", "" }, { shell(base, "diff -r fresh a/.types") })
    local _, version = support.cli "--version"
    assert.is_number((support.read(base .. "/a/.types/README.md")):find(version:gsub("\n", ""), 1, true))
    assert.equal(everything, listing(base .. "/a"))
  end)

  it("replaces nothing that it did not make, and follows no link", function()
    support.project({ ["main.lua"] = "return 1", [".types/mine.lua"] = "mine" }, base .. "/a")
    assert.equal(0, (shell(base, "mkdir outside b c && ln -s ../outside b/.types && ln -s ../outside c/.vscode")))
    for _, name in ipairs { "a", "b" } do
      local message = ("flaron-lua new: %s/.types: it is there, and flaron-lua did not make it\n"):format(name)
      assert.same({ 1, "", message }, { shell(base, "TOOL new --types " .. name) })
    end
    local code, _, errors = shell(base, "TOOL new --editor c")
    assert.same({ 1, "flaron-lua new: c/.vscode/extensions.json: Not a directory\n" }, { code, errors })
    assert.equal("mine", (support.read(base .. "/a/.types/mine.lua")))
    assert.equal("", listing(base .. "/outside"))
    assert.equal("./.types\n./main.lua\n", listing(base .. "/a"))
  end)

  it("adds a container to work in where it is asked to", function()
    local code, output, errors = support.cli("new", base .. "/" .. odd, "--devcontainer")
    assert.same({ 0, "" }, { code, errors })
    assert.matches(" .devcontainer/Dockerfile .devcontainer/devcontainer.json ", output, 1, true)
    local settings = assert(require("dkjson").decode((support.read(base .. "/" .. odd .. "/.devcontainer/devcontainer.json"))))
    assert.same({ { dockerfile = "Dockerfile" }, "dev" }, { settings.build, settings.remoteUser })
    assert.same({ 0, "", "" }, { shell(base .. "/" .. odd, "TOOL check --strict >../out") })

    support.project({ ["main.lua"] = "return 1" }, base .. "/there")
    code, output, errors = support.cli("new", base .. "/there", "--editor", "--devcontainer")
    assert.same({ 0, "" }, { code, errors })
    assert.matches("^wrote [^\n]*/there/.devcontainer/Dockerfile\nwrote [^\n]*/there/.devcontainer/devcontainer.json\n", output)
    assert.is_string((support.read(base .. "/there/.devcontainer/Dockerfile")))

    -- What its Dockerfile runs, in places of this spec and with programs that only say how they were called.
    local docker = support.read(base .. "/" .. odd .. "/.devcontainer/Dockerfile")
    assert.matches("\nFROM debian:12%-slim\n.*\nUSER dev\n$", docker)
    local program = docker:match "\nRUN (.-)\nUSER"
    for place, here in pairs { ["/tmp/package"] = "package", ["/var/lib/apt/lists"] = "lists", ["/usr/local"] = "local" } do
      local count
      program, count = program:gsub(place, base .. "/" .. here)
      assert.is_true(count > 0, place)
    end
    local rest = program:gsub(base:gsub("%p", "%%%0") .. "/%l+", ""):gsub("/bin/bash", "")
    assert.is_nil(rest:find "/%l+/") -- it removes files: of this machine it must name none
    local said = '#!/bin/sh\necho "${0##*/} $*"\n'
    support.project({ ["apt-get"] = said, useradd = said, curl = "#!/bin/sh\necho deb >flaron-lua_1_amd64.deb\n" }, base .. "/programs")
    support.project({ ["flaron-lua-1/bin/flaron-lua"] = "unpacked" }, base .. "/made")
    assert.equal(0, (shell(base, "chmod +x programs/* && tar -czf flaron-lua-1.tar.gz -C made flaron-lua-1")))
    local function build(files, variables)
      shell(base, "rm -rf package local && mkdir package local && cp /dev/null package/Dockerfile && cp " .. files .. " package")
      return shell(base, ("PATH=%s/programs:$PATH FLARON_LUA_PACKAGE= FLARON_LUA_SHA256= %s sh -c %s"):format(base, variables or "env",
        support.quote(program)))
    end
    code, output, errors = build "flaron-lua-1.tar.gz"
    assert.same({ 0, "" }, { code, errors })
    assert.equal("unpacked", (support.read(base .. "/local/bin/flaron-lua")))
    assert.matches("\nuseradd --create-home --shell /bin/bash dev\n", output, 1, true)
    code, output, errors = build("/dev/null", "FLARON_LUA_PACKAGE=https://example.com/flaron-lua_1_amd64.deb")
    assert.same({ 0, "" }, { code, errors })
    assert.matches("\napt-get install -y --no-install-recommends ./flaron-lua_1_amd64.deb\n", output, 1, true)
    code, output, errors = build("flaron-lua-1.tar.gz", "FLARON_LUA_PACKAGE=https://example.com/flaron-lua_1_amd64.deb")
    assert.equal(1, code, output)
    assert.matches("^put one package of flaron%-lua beside the Dockerfile, or name its URL by FLARON_LUA_PACKAGE\n$", errors)
    assert.equal(1, (build("/dev/null")))
    assert.equal(1, (build("flaron-lua-1.tar.gz", "FLARON_LUA_SHA256=" .. ("0"):rep(64))))
  end)

  it("prints a line for cd that a shell takes as it is", function()
    for _, name in ipairs { "plain", "two words", odder, "-x" } do
      local code, output = shell(base, "TOOL new -- " .. support.quote(name))
      assert.equal(0, code)
      assert.equal(0, (shell(base, output:match "\n  (cd [^\n]*)\n" .. " && test -f main.lua")), name)
    end
  end)

  it("takes a path, with or without a slash behind it", function()
    assert.equal(0, (shell(base, "mkdir 'über uns' && TOOL new 'über uns/a' && TOOL new './über uns/b///'")))
    for _, name in ipairs { "a", "b" } do
      assert.matches('name = "' .. name .. '"', (support.read(base .. "/über uns/" .. name .. "/flare.lua")))
    end
  end)

  it("touches nothing that is there already, and names it", function()
    assert.equal(0, (shell(base, "mkdir folder && touch file && ln -s nowhere link")))
    local before = listing(base)
    for _, name in ipairs { "folder", "folder/", "file", "link" } do
      local code, output, errors = shell(base, "TOOL new " .. name)
      assert.same({ 1, "", "flaron-lua new: " .. name:gsub("/$", "") .. ": it is there already\n" }, { code, output, errors })
    end
    assert.equal(before, listing(base))
  end)

  it("says which folder cannot be written to", function()
    assert.equal(0, (shell(base, "touch file")))
    for path, message in pairs {
      ["nowhere/a"] = "nowhere/a: the folder 'nowhere': No such file or directory",
      ["file/a"] = "file/a: the folder 'file': Not a directory",
      ["/proc/a"] = "/proc/a: a folder cannot be made in '/proc': No such file or directory",
    } do
      local code, output, errors = shell(base, "TOOL new " .. path)
      assert.same({ 1, "", "flaron-lua new: " .. message .. "\n" }, { code, output, errors })
    end
    assert.equal("./file\n", listing(base))
  end)

  it("leaves nothing behind when a file cannot be written", function()
    local code, output, errors = shell(base, "(trap '' XFSZ; ulimit -f 0; TOOL new a 2>&1) | cat")
    assert.same({ 0, "" }, { code, errors })
    assert.matches("^flaron%-lua new: a/[%w./]+: File too large\n$", output)
    assert.equal("", listing(base))
  end)

  it("gives files and folders the modes that the umask leaves", function()
    assert.equal(0, (shell(base, "umask 027 && TOOL new a")))
    assert.equal("750 a\n750 a/spec\n640 a/main.lua\n", (select(2, shell(base, "stat -c '%a %n' a a/spec a/main.lua"))))
  end)

  it("refuses what is no name and no template, and says what is", function()
    for name, message in pairs {
      [""] = "'' is no name", ["."] = "'.' is no name", ["a/.."] = "'a/..' is no name", ["/"] = "'/' is no name",
      ["a\nb"] = "is no name: UTF-8 without control", ["\xFF"] = "is no name: UTF-8 without control",
    } do
      local code, output, errors = support.cli("new", name)
      assert.same({ 2, "" }, { code, output })
      assert.matches(message, errors, 1, true)
    end
    for _, template in ipairs { "nope", "", "htt", "http ", "http websocket", "common", "devcontainer", "../templates/http",
      "http/spec" } do
      local code, _, errors = support.cli("new", base .. "/a", "-t", template)
      assert.equal(2, code)
      for _, word in ipairs(templates) do assert.matches(word, errors, 1, true) end
    end
    for _, words in ipairs { {}, { "a", "b" }, { "--nope", "a" }, { "a", "-t" } } do
      assert.equal(2, (support.cli("new", table.unpack(words))))
    end
    assert.equal("", listing(base))
  end)

  it("has all templates there are", function()
    local _, names = support.run "cd scripts/templates && ls -d */"
    local found = {}
    for name in names:gmatch "(%l+)/" do if name ~= "common" and name ~= "devcontainer" then found[#found + 1] = name end end
    local sorted, pages = { table.unpack(templates) }, { table.unpack(of_guide) }
    table.sort(sorted)
    assert.same(sorted, found)
    found, names = {}, select(2, support.run "cd docs/guide && ls *.md")
    for name in names:gmatch "([%w-]+)%.md" do found[#found + 1] = name end
    table.sort(found)
    table.sort(pages)
    assert.same(pages, found)
  end)

  it("has help for what it takes", function()
    local code, output = support.cli("new", "--help")
    assert.equal(0, code)
    for _, template in ipairs(templates) do assert.matches(template, output, 1, true) end
    for _, template in ipairs(of_guide) do assert.matches(template, output, 1, true) end
  end)
end)
