-- links_spec.lua - every link between our documents leads somewhere: to a file that is there and a heading in it. A long page
-- begins with links to all of its parts.
local support = require "support"

local pages = {}
local _, listed = support.run "git ls-files --cached --others --exclude-standard '*.md'"
for path in listed:gmatch "[^\n]+" do pages[#pages + 1] = path end

-- A page without its blocks of code and without code in its lines.
local function prose(page)
  local lines, inside = {}, false
  for line in (assert(support.read(page)) .. "\n"):gmatch "([^\n]*)\n" do
    if line:find "^```" then inside = not inside end
    lines[#lines + 1] = inside and "" or line
  end
  return lines
end

-- The anchor of a heading as GitHub makes it.
local function anchor_of(heading) return (heading:lower():gsub("[^%w%s_\x80-\xFF-]", ""):gsub("%s", "-")) end

-- The anchors of a page.
local function anchors_of(page)
  local anchors = {}
  for _, line in ipairs(prose(page)) do
    local heading = line:match "^#+ (.+)$"
    if heading then anchors[anchor_of(heading)] = true end
  end
  return anchors
end

describe("the links of our documents", function()
  it("are those of all of them", function() assert.is_true(#pages > 20) end)

  for _, page in ipairs(pages) do
    it(("in %s lead somewhere"):format(page), function()
      for number, line in ipairs(prose(page)) do
        for target in line:gsub("`[^`]*`", ""):gmatch "%]%(([^)]+)%)" do
          if not target:find "^%a+:" then
            local place = ("%s:%d: %s"):format(page, number, target)
            local path, anchor = target:match "^([^#]*)#?(.*)$"
            local file = path == "" and page or (page:match "^(.*/)" or "") .. path
            assert.equal(0, (support.run("test -e " .. support.quote(file))), place)
            if anchor ~= "" then assert.is_true(anchors_of(file)[anchor], place) end
          end
        end
      end
    end)
  end
end)

describe("a page of docs/ that is long", function()
  local LONG = 300 -- lines
  for _, page in ipairs(pages) do
    local lines = prose(page)
    if page:find "^docs/[^/]+%.md$" and #lines > LONG then
      it(("has its contents at its head: %s"):format(page), function()
        local parts, head = {}, ""
        for _, line in ipairs(lines) do
          local part = line:match "^## (.+)$"
          if part then parts[#parts + 1] = anchor_of(part) end
          if #parts == 0 then head = head .. line .. "\n" end
        end
        local linked = {}
        for target in (head:match "\nContents: (.-)\n\n" or ""):gmatch "%]%(#([^)]+)%)" do linked[#linked + 1] = target end
        assert.same(parts, linked)
      end)
    end
  end
end)
