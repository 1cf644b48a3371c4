-- drawings_spec.lua - the drawings in docs/drawings: small, whole, described, used, and right about the numbers in them.
local support = require "support"

local function read(path) return assert(support.read(path)) end

-- The number that a source gives a name.
local function number_in(path, pattern) return assert(tonumber(read(path):match(pattern)), pattern .. " is not in " .. path) end

local small = number_in("runtime/life/arena.c", "SMALL_MAX = (%d+)")
local step = number_in("runtime/life/arena.h", "#define ARENA_ALIGN (%d+)")

-- What must stand in each, made of the sources.
local facts = {
  arena = {
    ("n ≤ %d: small"):format(small), ("n &gt; %d: large"):format(small),
    ("%d free lists, one for every %d bytes"):format(small // step, step),
    ("each in %d steps; %d%%-byte header"):format(1 << number_in("runtime/life/arena.c", "SECOND_BITS = (%d+)"),
      number_in("runtime/life/arena.c", "HEADER = (%d+)")),
    ("a chunk of %d KiB"):format(number_in("runtime/life/arena.c", "CHUNK = (%d+)") >> 10),
  },
  image = {
    ("C stack</text>\n<text[^>]*>%d KiB"):format(number_in("mk/runtime.mk", "STACK_SIZE := (%d+)") >> 10),
    "image_start", "image_end", "assets_start", "arena_start",
  },
  unwinding = { "unwind_throw", "unwind_try", "unwinding = 1", "unwinding = 0", "br_if" },
}

for name, wanted in pairs(facts) do
  describe(("docs/drawings/%s.svg"):format(name), function()
    local path = ("docs/drawings/%s.svg"):format(name)
    local svg = read(path)

    it("is small, has a title and a description, and names what is in the sources", function()
      assert.is_true(#svg < 10000, #svg)
      assert.matches("<title id=\"t\">[^<]+</title>", svg)
      assert.matches("<desc id=\"d\">[^<]+</desc>", svg)
      for _, fact in ipairs(wanted) do assert.is_truthy(svg:find(fact), fact .. " is not in it") end
    end)

    it("closes every element and asks nobody for anything", function()
      local open = {}
      for close, element, empty in svg:gmatch "<(/?)(%a+)[^>]-(/?)>" do
        if close == "/" then
          assert.equal(element, table.remove(open))
        elseif empty == "" then
          open[#open + 1] = element
        end
      end
      assert.same({}, open)
      assert.is_nil(svg:gsub('xmlns="[^"]*"', ""):find "https?:")
      assert.is_nil(svg:find "<script")
    end)

    it("is in docs/internals/runtime.md", function()
      assert.is_truthy(read("docs/internals/runtime.md"):find(("](../drawings/%s.svg)"):format(name), 1, true))
    end)
  end)
end

it("no drawing is left out", function()
  local _, listed = support.run "ls docs/drawings"
  for file in listed:gmatch "%S+" do assert.is_table(facts[file:match "^(.*)%.svg$"], file) end
end)
