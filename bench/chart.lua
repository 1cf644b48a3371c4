-- chart.lua - draws bars as SVG, for light and dark backgrounds, with each figure as text.
--
-- A chart: `title`; `groups`, each with a `name` and bars { series =, value = }; `log`: lengths by logarithm;
-- `base`: a value that gets a line from top to bottom.
local common = require "bench.common"

local chart = {}

local WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 760, 210, 60, 13, 12, 62
local colours = { "#3b82c4", "#d9822b", "#4a9d5b", "#b05cc0", "#c94f4f", "#2aa5a0", "#8a8f98" }

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text) return (text:gsub('[&<>"]', entities)) end

-- Lines of a name that fit beside the bars.
local function wrap(text, columns)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if line ~= "" and #line + #word >= columns then
      lines[#lines + 1], line = line, ""
    end
    line = line == "" and word or line .. " " .. word
  end
  lines[#lines + 1] = line
  return lines
end

-- Which series there are, in the order they come up, and the least and greatest value.
local function survey(groups)
  local series, index, least, greatest = {}, {}, math.huge, 0
  for _, group in ipairs(groups) do
    for _, bar in ipairs(group) do
      if not index[bar.series] then
        series[#series + 1] = bar.series
        index[bar.series] = #series
      end
      least, greatest = math.min(least, bar.value), math.max(greatest, bar.value)
    end
  end
  return series, index, least, greatest
end

--- The text of an SVG file.
function chart.svg(c)
  local series, index, least, greatest = survey(c.groups)
  local room = WIDTH - LEFT - RIGHT
  -- By logarithm, the least is still to be seen: bars begin at the power of ten below half of it.
  local floor = 10 ^ math.floor(math.log(least / 2, 10))
  local function length(value)
    if c.log then return room * math.log(value / floor) / math.log(greatest / floor) end
    return room * value / greatest
  end
  local out, y = {}, TOP
  local function add(format, ...) out[#out + 1] = format:format(...) end
  for _, group in ipairs(c.groups) do
    local lines = wrap(group.name, 32)
    local height = math.max(#group * BAR, #lines * 15)
    for i, line in ipairs(lines) do
      add('<text x="%d" y="%.1f" text-anchor="end">%s</text>', LEFT - 8, y + height / 2 + (i - #lines / 2) * 15 - 4, escape(line))
    end
    local at = y + (height - #group * BAR) / 2
    for _, bar in ipairs(group) do
      local long = math.max(1, length(bar.value))
      add('<rect class="s%d" x="%d" y="%.1f" width="%.1f" height="%d"><title>%s, %s: %s</title></rect>', index[bar.series], LEFT, at,
        long, BAR - 2, escape(group.name), escape(bar.series), common.short(bar.value))
      add('<text class="v" x="%.1f" y="%.1f">%s</text>', LEFT + long + 4, at + BAR - 3.5, common.short(bar.value))
      at = at + BAR
    end
    y = y + height + GAP
  end
  if c.base then
    local at = LEFT + length(c.base)
    add('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>', at, TOP - 6, at, y - GAP + 4)
  end
  local x = LEFT
  for i, name in ipairs(series) do
    add('<rect class="s%d" x="%d" y="36" width="12" height="12"/><text x="%d" y="46">%s</text>', i, x, x + 17, escape(name))
    x = x + 36 + 7 * #name
  end
  local styles = {}
  for i, colour in ipairs(colours) do styles[i] = (".s%d { fill: %s }"):format(i, colour) end
  return ([[
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="title">
<title id="title">%s</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.h { font-size: 14px; font-weight: 600 }
.v { font-size: 10.5px }
.b { fill: #ffffff }
line { stroke: #8b949e; stroke-dasharray: 4 3 }
%s
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .b { fill: #0d1117 } }
</style>
<rect class="b" width="%d" height="%d" rx="6"/>
<text class="h" x="16" y="22">%s</text>
%s
</svg>
]]):format(WIDTH, y, WIDTH, y, escape(c.title), table.concat(styles, "\n"), WIDTH, y, escape(c.title), table.concat(out, "\n"))
end

return chart
