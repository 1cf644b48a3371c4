-- editors_spec.lua - docs/editors.md: what its blocks say is what `new`, the extension and the programs have. Editors themselves are
-- not run here.
local json = require "dkjson"
local support = require "support"

local page = assert(support.read "docs/editors.md")

-- The blocks of a language.
local function blocks(language)
  local found = {}
  for block in page:gmatch("\n```" .. language .. "\n(.-\n)```\n") do found[#found + 1] = block end
  assert.is_true(#found > 0, language)
  return found
end

describe("docs/editors.md", function()
  it("lists the files for editors that `new` writes", function()
    local folder = support.folder() .. "/a"
    local _, output = support.cli("new", folder)
    for path in output:gmatch " (%.[%w./]+)" do
      if path:find "^%.vscode/" or path:find "luarc" then assert.is_number(page:find("| `" .. path .. "` |", 1, true), path) end
    end
    assert.is_string(support.read(folder .. "/.types/flaron.lua"))
  end)

  it("has JSON that is some, with keys and names that the extension declares", function()
    local extension = json.decode((support.read "editors/vscode/package.json")).contributes
    local declared = extension.debuggers[1].configurationAttributes
    local matchers, commands = {}, {}
    for _, matcher in ipairs(extension.problemMatchers) do matchers["$" .. matcher.name] = true end
    for _, command in ipairs(extension.taskDefinitions[1].properties.command.enum) do commands[command] = true end
    for _, block in ipairs(blocks "json") do
      local value = assert(json.decode(block), block)
      if value.request then
        for key in pairs(value) do
          assert.truthy(declared[value.request].properties[key] or key == "type" or key == "request" or key == "name", key)
        end
      end
      for _, task in ipairs(value.tasks or {}) do
        assert.is_true(commands[task.command] and matchers[task.problemMatcher])
      end
    end
    for name in page:gmatch "`(%$flaron%-lua%-%l+)`" do assert.is_true(matchers[name], name) end
    for name in page:gmatch "`(flaron%-lua%.%a+)`" do assert.is_table(extension.configuration.properties[name], name) end
  end)

  it("speaks of an extension that declares the arguments of launch in docs/debugger.md, and no others", function()
    local rows = support.read "docs/debugger.md":match "\n## Arguments of launch\n(.-)\n## "
    local listed, declared = {}, {}
    for names in rows:gmatch "\n| (`[^|]+`) |" do
      for name in names:gmatch "`(%w+)`" do listed[name] = true end
    end
    listed.noDebug = nil -- VS Code has it of its own
    local extension = json.decode((support.read "editors/vscode/package.json")).contributes.debuggers[1]
    for name in pairs(extension.configurationAttributes.launch.properties) do declared[name] = true end
    assert.same(listed, declared)
  end)

  it("has Lua that Lua takes, and options that flaron-lua has", function()
    for _, block in ipairs(blocks "lua") do assert(load(block)) end
    for command, option in page:gmatch "`flaron%-lua (%l+)[^`\n]- (%-%-%l+)" do
      local _, help = support.cli(command, "--help")
      assert.is_number(help:find(option, 1, true), command .. " " .. option)
    end
  end)
end)
