-- guide_spec.lua - follows every page of the guide as a reader does, from `flaron-lua new` to the packed file; and the
-- README, and the one block of Lua that is elsewhere.
local support = require "support"
local walkthrough = require "walkthrough"

local pages = {}
for path in select(2, support.run "LC_ALL=C ls docs/guide/*.md"):gmatch "[^\n]+" do pages[#pages + 1] = path end

for _, page in ipairs(pages) do
  describe(page, function()
    it("can be followed from its first line to its last", function()
      local folder, done = walkthrough.follow(page)
      local all = "\n" .. table.concat(done, "\n") .. "\n"
      for _, command in ipairs { "new", "check --strict", "test", "dev", "pack" } do
        assert.is_truthy(all:find("\nflaron-lua " .. command, 1, true), "it has no flaron-lua " .. command)
      end
      assert.is_truthy(all:find "\nflaronctl deploy\n$", "it does not end with a deployed file")
      local code, output = support.run(("cd %s && %s inspect *.wasm"):format(support.quote(folder),
        support.quote(walkthrough.tool)))
      assert.equal(0, code, output)
    end)

    it("is in the index", function()
      assert.is_truthy(support.read("docs/guide.md"):find(("](%s)"):format(page:match "^docs/(.*)$"), 1, true))
    end)
  end)
end

describe("README.md", function()
  it("can be followed from its first line to its last", function()
    local _, done = walkthrough.follow("README.md", "greeter")
    assert.is_true(#done >= 6, "its commands are no longer found")
  end)
end)

describe("examples/websocket-echo/README.md", function()
  it("shows what talk.lua says", function()
    local text = support.read "examples/websocket-echo/README.md"
    local code = text:match "\n```lua\n(.-)```"
    local shown = text:match "lua5%.4 talk%.lua\n(.-)```"
    local said = {}
    local environment = setmetatable({ print = function(line) said[#said + 1] = line .. "\n" end }, { __index = _G })
    assert(load(code, "@talk.lua", "t", environment))()
    assert.equal(shown, table.concat(said))
  end)
end)

describe("a page with blocks of Lua", function()
  local run = {
    ["^docs/[%w_-]+%.md$"] = "docs_spec.lua, test_command_spec.lua",
    ["^docs/guide/[%w-]+%.md$"] = "this file", ["^README%.md$"] = "this file",
    ["^examples/websocket%-echo/README%.md$"] = "this file",
  }
  it("is run by somebody", function()
    local _, listed = support.run "git grep -lE '^```(lua|console)' -- '*.md'"
    local count = 0
    for page in listed:gmatch "[^\n]+" do
      local by
      for pattern, who in pairs(run) do by = page:find(pattern) and who or by end
      assert.is_string(by, page .. " is run by nobody")
      count = count + 1
    end
    assert.is_true(count >= 15)
  end)
end)
