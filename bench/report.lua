-- report.lua - the one place that writes tables, the page of results in docs/benchmarks and its charts.
--
-- A section: `title`, `text`, `tables` (each `columns` and `rows` of texts; the first `texts` columns, by default
-- one, are words, the others figures), `charts` (chart.lua, each with a `file` name), `notes`.
local chart = require "bench.chart"
local machine = require "bench.machine"
local support = require "support"

local report = {}

-- A text with blanks before or after it, as wide as `width` letters.
local function pad(text, width, right)
  local blanks = (" "):rep(width - utf8.len(text))
  return right and blanks .. text or text .. blanks
end

--- A table in Markdown whose columns stand below each other, so that it reads well on a terminal, too.
function report.table(t)
  local texts, widths, lines = t.texts or 1, {}, {}
  for i, column in ipairs(t.columns) do
    widths[i] = math.max(3, utf8.len(column))
    for _, row in ipairs(t.rows) do widths[i] = math.max(widths[i], utf8.len(row[i])) end
  end
  local function line(cells)
    local padded = {}
    for i, cell in ipairs(cells) do padded[i] = pad(cell, widths[i], i > texts) end
    lines[#lines + 1] = "| " .. table.concat(padded, " | ") .. " |"
  end
  line(t.columns)
  local rule = {}
  for i, width in ipairs(widths) do rule[i] = i > texts and ("-"):rep(width - 1) .. ":" or ("-"):rep(width) end
  line(rule)
  for _, row in ipairs(t.rows) do line(row) end
  return table.concat(lines, "\n")
end

--- Prints a section's tables and notes.
function report.print(number, section)
  print(("\n%d. %s\n"):format(number, section.title))
  for _, t in ipairs(section.tables) do print(report.table(t) .. "\n") end
  for _, note in ipairs(section.notes) do print(note) end
end

local head = [[
# Benchmarks on %s

Made by `make bench` on %s ([all pages](../benchmarks.md)). Those who are compared took turns within the same
minutes; a figure is the best of its rounds, or their median where the text says so. CPU time is what counts, not what a
clock on the wall says. Compare ratios, not milliseconds: they are what another machine with such a processor would show,
too, within some ten percent. The machine's load was %.1f when it began and %.1f at the end; one program at a time is 1,
group 3 is about 2, and what is above that was somebody else, who costs caches and turbo. Then run it again.
]]

--- Writes the page of this make of processor, and its charts: figures of two makes do not belong beside each other. `sections` in
--- order, `busy` the loads of machine.load before and after. Gives the page's path.
function report.write(sections, busy)
  local make, rows = machine.make(), machine.rows()
  local page = ("docs/benchmarks/%s.md"):format(make)
  local out = { head:format(rows[1][2], os.date "!%Y-%m-%d", busy[1], busy[2]) }
  local function add(text) out[#out + 1] = text end
  for number, section in ipairs(sections) do
    add(("## %d. %s\n"):format(number, section.title))
    add(section.text .. "\n")
    for _, t in ipairs(section.tables) do add(report.table(t) .. "\n") end
    for _, c in ipairs(section.charts) do
      add(("![%s](%s-%s.svg)\n"):format(c.title, make, c.file))
      support.write(("docs/benchmarks/%s-%s.svg"):format(make, c.file), chart.svg(c))
    end
    for _, note in ipairs(section.notes) do add(note .. "\n") end
  end
  add "## What it ran on\n"
  add(report.table { columns = { "what", "which" }, rows = rows, texts = 2 })
  support.write(page, table.concat(out, "\n") .. "\n")
  return page
end

return report
