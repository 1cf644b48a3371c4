-- sizes_spec.lua - the tables of sizes in docs/parts.md say what pack gives, but for two parts in a hundred: a flare with each part,
-- and hello without libraries of Lua.
local support = require "support"

local PAGE = assert(support.read "docs/parts.md")
local HELLO = assert(support.read "examples/hello/main.lua")

-- The cells of the rows of the table whose first line begins with `first`.
local function rows_of(first)
  local rows, table_text = {}, assert(PAGE:match("\n| " .. first .. "[^\n]*\n| %-%-%-[^\n]*\n(.-)\n\n"), first)
  for line in table_text:gmatch "[^\n]+" do
    local row = {}
    for cell in line:gmatch "| ([^|]*)" do row[#row + 1] = cell:match "^(.-) *$" end
    rows[#rows + 1] = row
  end
  return rows
end

local function inspect(main, manifest)
  return support.inspect(support.project { ["main.lua"] = main, ["flare.lua"] = manifest })
end

local function assert_near(written, bytes, what)
  local number = assert(tonumber((written:gsub(",", ""))), what)
  assert.is_true(math.abs(number - bytes) <= bytes // 50, ("%s: the page says %d, pack gives %d"):format(what, number, bytes))
end

describe("docs/parts.md", function()
  it("tells the bytes of each part, and of a flare that has it", function()
    local seen = {}
    for _, row in ipairs(rows_of "its first line") do
      local line, part, functions, bytes = table.unpack(row)
      local about = inspect((line:match "^`(.*)`$" or "") .. "\n" .. HELLO)
      assert_near(bytes, about.bytes, line)
      assert.equal(part ~= "" and part or nil, about.parts[1] and about.parts[1].name)
      if about.parts[1] then assert_near(functions, about.parts[1].bytes, part) end
      seen[line:match '"(.*)"' or ""] = true
    end
    for module in support.read "runtime/parts/parts.def":gmatch '\nFLARON_PART%(%w+, "([^"]+)"' do
      assert.is_true(seen[module], module .. " has no row")
    end
  end)

  it("tells what hello is without libraries of Lua", function()
    local all, count = {}, 0
    for _, row in ipairs(rows_of "`without`") do
      local names, bytes = {}, row[2]
      if row[1]:find "with the line" then break end -- that and what follows is told of another flare
      for name in row[1]:gmatch '"(%w+)"' do names[#names + 1] = ("%q"):format(name) end
      if row[1]:find "^all" then
        table.move(all, 1, #all, #names + 1, names)
      else
        table.move(names, 1, #names, #all + 1, all)
      end
      assert_near(bytes, inspect(HELLO, ("return { without = { %s } }"):format(table.concat(names, ", "))).bytes, row[1])
      count = count + 1
    end
    assert.equal(7, count)
  end)
end)
