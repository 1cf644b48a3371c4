-- pages_spec.lua - the pages for those who change flaron-lua: every folder has its README.md, what pages name exists, decisions
-- have their parts and stand in the index, the glossary has its words. Where links lead is links_spec.lua's.
local support = require "support"

local function list(command)
  local lines = {}
  local _, out = support.run(command)
  for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end

local function read(path) return assert(support.read(path)) end

-- All files and, with a "/" after them, folders of the repository.
local files, folders = list "git ls-files --cached --others --exclude-standard", {}
do
  local seen = {}
  for _, path in ipairs(files) do
    for at in path:gmatch "()/" do
      local folder = path:sub(1, at)
      if not seen[folder] then folders[#folders + 1] = folder end
      seen[folder] = true
    end
  end
  table.sort(folders)
end

describe("every folder", function()
  -- Those whose files are data or projects, and those that their parent's page tells of.
  local without = {
    "^%.ci/", "^examples/", "^docs/$", "^docs/%l+/$", "^bench/.", "^edge/dev/page/", "^scripts/%l+/.", "^tests/tool/.",
    "^runtime/lua/.", "^runtime/json/.", "^runtime/parts/[^/]+/.", "^tests/soak/.", "^tests/support/.",
    "^editors/vscode/",
  }
  local function needs_page(folder)
    if folder == "docs/internals/" or folder == "docs/decisions/" then return true end
    for _, pattern in ipairs(without) do
      if folder:find(pattern) then return false end
    end
    return true
  end

  for _, folder in ipairs(folders) do
    if needs_page(folder) then
      it(folder .. " has a README.md that says in some lines what lives there", function()
        local page = support.read(folder .. "README.md")
        assert.truthy(page, folder .. "README.md is missing")
        local lines = select(2, page:gsub("[^\n]+", ""))
        local most = (folder:find "^docs/" or folder == "runtime/libc/" or folder == "runtime/lua/") and 100 or 20
        assert.is_true(lines >= 3 and lines <= most, ("%sREADME.md: %d lines"):format(folder, lines))
      end)
    end
  end
end)

describe("what a page names in backticks exists:", function()
  -- Whether a name, of a file or of a folder with "/" after it, stands for something here. It may be the end of a path, and may
  -- have `*`, and X or NAME for what a reader fills in.
  local function exists(name)
    local pattern = "^" .. name:gsub("[%-.+]", "%%%0"):gsub("%*", "[^/]*"):gsub("%f[%w]%u+%f[%W]", "[%%w_]+") .. "$"
    local tail = pattern:gsub("^%^", "/")
    for _, paths in ipairs { files, folders } do
      for _, path in ipairs(paths) do
        if path:find(pattern) or path:find(tail) then return true end
      end
    end
    return false
  end

  -- What is made by make, is a project's, Lua's or the URL of something.
  local elsewhere = {
    "^/", "^build/", "^%.flaron", "flare%.wasm$", "runtime%.wasm$", "hello%.wasm$", "%.spdx%.json$", "lua_layout%.h$", "^edge%.lua$",
    "^lgc%.c$", "^lstrlib%.c$", "^src/",
  }
  local function is_elsewhere(name)
    for _, pattern in ipairs(elsewhere) do
      if name:find(pattern) then return true end
    end
  end

  local extensions = {}
  for extension in ("c h S def lua mjs sh mk md svg json wasm patch html css js wat"):gmatch "%a+" do extensions[extension] = true end

  for _, path in ipairs(files) do
    local ours = path:find "README%.md$" and not path:find "^examples/" and not path:find "^scripts/templates/."
      and path ~= "README.md" or path == "scripts/templates/README.md"
    if ours or path == "CONTRIBUTING.md" or path == "SUPPORTED.md" or path == "SECURITY.md"
      or path:find "^docs/internals/" and path:find "%.md$"
      or path:find "^docs/decisions/" and not read(path):find "\nStatus: superseded" then
      it("in " .. path, function()
        local number = 0
        for line in (read(path) .. "\n"):gmatch "([^\n]*)\n" do
          number = number + 1
          for name in line:gmatch "`([^`]+)`" do
            local extension = name:match "^[%w_./*+-]+%.(%a+)$"
            if (extensions[extension] or name:find "^[%w_./*-]+/$") and not is_elsewhere(name) then
              assert.is_true(exists(name), ("%s:%d: there is no %s"):format(path, number, name))
            end
          end
        end
      end)
    end
  end

  it("in README.md, but for files of the reader's project", function()
    for name in read "README.md":gmatch "`([%w_./-]+/)`" do
      local theirs = name == "greeter/" or name:find "spec/$" or name:find "%.flaron/$" or is_elsewhere(name)
      if not theirs then assert.is_true(exists(name), name) end
    end
  end)
end)

-- Names with an underscore: functions, constants, fields.
describe("names in backticks are in the sources:", function()
  local known, examples = {}, { host_echo = true, toy_echo = true, module_verb = true }
  for _, path in ipairs(files) do
    if not path:find "%.md$" and not path:find "%.svg$" then
      for name in (support.read(path) or ""):gmatch "[%a_][%w_]*" do
        if name:find("_", 2, true) then known[name] = true end
      end
    end
  end
  for _, path in ipairs(files) do
    if path == "CONTRIBUTING.md" or path:find "^docs/internals/.*%.md$"
      or path:find "^%l.*/README%.md$" and not path:find "^examples/" and not path:find "templates/common" then
      it("in " .. path, function()
        local number = 0
        for line in (read(path) .. "\n"):gmatch "([^\n]*)\n" do
          number = number + 1
          for name in line:gmatch "`([%a_][%w_]+_[%w_]+)`" do
            local placeholder = name:find "^lua%u?_" or name:find "%f[%u]X%f[^%w]" or name:find "_X$"
              or name:find "^X_" or name:find "_NAME$"
            assert.is_truthy(known[name] or examples[name] or placeholder, ("%s:%d: there is no %s"):format(path, number, name))
          end
        end
      end)
    end
  end
end)

describe("targets of make", function()
  local makefiles = read "Makefile"
  for _, path in ipairs(list "ls mk/*.mk") do makefiles = makefiles .. "\n" .. read(path) end
  for _, path in ipairs { "README.md", "CONTRIBUTING.md", "docs/internals/release.md", "tests/README.md", "bench/README.md" } do
    it(("that %s names are there"):format(path), function()
      for target in read(path):gmatch "`make (%l[%l-]*)" do
        assert.is_truthy(makefiles:find("\n" .. target:gsub("%-", "%%-") .. ":"), target)
      end
    end)
  end
end)

describe("docs/decisions", function()
  local index = read "docs/decisions/README.md"
  for _, path in ipairs(list "ls docs/decisions/*.md") do
    local name = path:match "[^/]+$"
    if name ~= "README.md" then
      it(name .. " has a number, a status, context, decision and consequence, and stands in the index", function()
        local page, number = read(path), name:match "^(%d%d%d%d)%-[%l%d-]+%.md$"
        assert.truthy(number, "a name is NNNN-words.md")
        local title = page:match("^# " .. number .. "%. ([^\n]+)\n")
        assert.truthy(title, "its heading is '# NNNN. TITLE'")
        local status = page:match "\nStatus: (%l+)"
        assert.truthy(status, "it has no 'Status: '")
        local at = 0
        for _, part in ipairs { "Context", "Decision", "Consequence" } do
          at = page:find("\n%*%*" .. part .. "%.%*%* ", at + 1)
          assert.truthy(at, "it has no " .. part)
        end
        assert.truthy(index:find(("| [%s](%s) | %s | %s |"):format(number, name, title, status), 1, true), "not in the index")
      end)
    end
  end

  it("no two have one number", function()
    local seen = {}
    for _, path in ipairs(list "ls docs/decisions/0*.md") do
      local number = path:match "(%d+)%-"
      assert.is_nil(seen[number], number)
      seen[number] = true
    end
  end)
end)

describe("CONTRIBUTING.md", function()
  local page = read "CONTRIBUTING.md"
  local glossary = page:match "\n## Glossary\n(.-)\n## "

  it("has each word of the glossary once, with a meaning", function()
    local seen, count = {}, 0
    for word, meaning in glossary:gmatch "\n| ([^|]+) | ([^|]+) |" do
      if word ~= "word" and not word:find "^%-" then
        assert.is_nil(seen[word], word)
        assert.is_true(#meaning > 10, word)
        seen[word], count = true, count + 1
      end
    end
    for word in ("edge node runner record event flare bundle image manifest host import engine instance invocation"):gmatch "%a+" do
      assert.is_true(seen[word], word .. " is not in the glossary")
    end
    assert.is_true(count >= 20)
  end)

  it("has ten rules of style", function()
    local rules = 0
    for number in page:match "\n## Style\n(.*)$":gmatch "\n(%d+)%. " do
      rules = rules + 1
      assert.equal(rules, tonumber(number))
    end
    assert.equal(10, rules)
  end)

  it("knows the modules' list of imports by the number that abi.def has", function()
    local _, count = read "bindings/abi/abi.def":gsub("\nFLARON_IMPORT%(", "")
    for _, path in ipairs { "docs/internals/README.md", "bindings/abi/abi.def" } do
      assert.equal(count, tonumber(read(path):match "the (%d+) imports"), path)
    end
  end)
end)

describe("CHANGELOG.md", function()
  it("has its newest version first, and kinds that Keep a Changelog knows", function()
    local page, known = read "CHANGELOG.md", { Added = 1, Changed = 1, Deprecated = 1, Removed = 1, Fixed = 1, Security = 1 }
    assert.matches("^# Changelog\n.-\n## %[Unreleased%]", page)
    for kind in page:gmatch "\n### ([^\n]+)" do assert.is_truthy(known[kind], kind) end
    for version, date in page:gmatch "\n## %[([%d.]+)%]([^\n]*)" do
      assert.matches("^%d+%.%d+%.%d+$", version)
      assert.matches("^ %- %d%d%d%d%-%d%d%-%d%d$", date)
    end
  end)
end)
