-- stdlib_table_spec.lua - shows each line of tests/support/stdlib.lua, in a flare and in native Lua, and that the list is whole
-- and docs/stdlib.md is made of it. How the functions that differ behave in detail is stdlib_spec.lua's.
local evaluate = require "evaluate"
local sections = require "stdlib"
local support = require "support"

local entries, by_name = {}, {}
for _, section in ipairs(sections) do
  for _, entry in ipairs(section) do
    entries[#entries + 1] = entry
    by_name[entry.name] = entry
  end
end

-- Values on one line: numbers, strings and booleans as Lua writes them, of others the type.
local write = [[
local function write(...)
  local all = table.pack(...)
  for i = 1, all.n do
    local value = all[i]
    local plain = type(value) == "string" or type(value) == "number" or type(value) == "boolean"
    all[i] = plain and ("%q"):format(value):gsub("\n", "n") or type(value)
  end
  return table.concat(all, ", ")
end
]]

local function run_of(check)
  return ("%s return write((function()\n%s\nend)())"):format(write, check)
end

-- Every name that a Lua has, as `names[name] = true`.
local list = [[
local names = {}
for name, value in pairs(_G) do
  if type(value) ~= "table" or value == _G then
    names[#names + 1] = name
  else
    for field in pairs(value) do names[#names + 1] = name .. "." .. field end
  end
end
return table.concat(names, "\n")]]

-- Runs pieces of Lua in one native Lua that nobody has changed; returns what each gives.
local function native(codes)
  local source, path = {}, support.folder() .. "/native.lua"
  for i, code in ipairs(codes) do
    source[i] = ("io.write(load(%q, '=script')(), '\\1')"):format("return (function() " .. code .. " end)()") -- as evaluate.lua
  end
  support.write(path, table.concat(source, "\n"))
  local code, output, errors = support.run("unset LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_CPATH; lua5.4 " .. path)
  assert(code == 0, errors)
  local answers = {}
  for answer in output:gmatch "([^\1]*)\1" do answers[#answers + 1] = answer end
  assert(#answers == #codes)
  return answers
end

local function set(text)
  local names = {}
  for name in text:gmatch "%S+" do names[name] = true end
  return names
end

describe("docs/stdlib.md", function()
  local flare, there, here, checked = nil, nil, nil, {}

  setup(function()
    flare = evaluate.open { now = 1234567890 }
    local codes = { list }
    for _, entry in ipairs(entries) do
      for _, check in ipairs { entry.status ~= "logs" and entry.status ~= "ends" and entry.check or "", entry.same or "" } do
        codes[#codes + 1] = run_of(check)
        checked[check] = #codes
      end
    end
    local answers = native(codes)
    for check, i in pairs(checked) do checked[check] = answers[i] end
    there = set(answers[1])
    for name in pairs(there) do -- the words of the command line
      if name:find "^arg%." then there[name] = nil end
    end
    here = set(flare:value(list))
  end)
  teardown(function() flare:close() end)

  for _, entry in ipairs(entries) do
    it(("is right about %s"):format(entry.name), function()
      assert.is_true(there[entry.name], "native Lua has no such name")
      assert.is_true(here[entry.name], "a flare has no such name")
      if entry.status == "logs" then
        local _, response = flare:run(entry.check)
        assert.equal(entry.line, response.logs[1].level .. ": " .. response.logs[1].text)
        return
      end
      if entry.status == "ends" then
        local good, message = pcall(flare.run, flare, entry.check)
        assert.is_false(good)
        assert.matches(entry.line, message, 1, true)
        return
      end
      local answer = flare:value(run_of(entry.check))
      if entry.status == "differs" then
        assert.not_equal(checked[entry.check], answer)
      else
        assert.equal(checked[entry.check], answer)
      end
      if entry.same then assert.equal(checked[entry.same], flare:value(run_of(entry.same))) end
      if entry.status == "starts" then
        local none, message = support.try_load(("%s() return print"):format(entry.name))
        assert.is_nil(none)
        assert.matches(entry.name .. " cannot be called here", message, 1, true)
      end
    end)
  end

  it("has every name that native Lua or a flare has", function()
    for _, names in ipairs { there, here } do
      for name in pairs(names) do
        if not name:find "^package%.loaded%." then assert.is_table(by_name[name], name .. " is not in tests/support/stdlib.lua") end
      end
    end
  end)

  it("says that what differs does", function()
    for _, entry in ipairs(entries) do
      if entry.status ~= "works" then assert.is_string(entry.note, entry.name) end
    end
  end)

  it("is made of tests/support/stdlib.lua: `make docs` makes it again", function()
    local code, output, errors = support.run "lua5.4 tools/stdlib.lua"
    assert.same({ 0, "" }, { code, errors })
    assert.equal(output, (support.read "docs/stdlib.md"))
  end)
end)
