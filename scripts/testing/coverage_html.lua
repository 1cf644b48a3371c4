-- coverage_html.lua - coverage as one page that needs nothing else: all files with their shares, and below them each with
-- its lines. `files` and `total` are coverage.lua's. It runs no script: colours follow the system's, light or dark.
local out, files, total = ...

local STYLE = [[
:root { color-scheme: light dark; --line: #d5d9e0; --quiet: #626a76; --hit: #e3f5e6; --miss: #fde3e1; --bar: #2f9e44; --rest: #e8590c33 }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a404a; --quiet: #9aa3b0; --hit: #173820; --miss: #4a1d1b; --bar: #51cf66; --rest: #e8590c66 }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 70rem; font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .5rem; overflow-wrap: anywhere }
h2 span { color: var(--quiet); font-weight: normal }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px }
table { border-collapse: collapse; width: 100% }
.files td, .files th { padding: .35rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line) }
.files tr > :first-child { text-align: left; width: 100% } .files tr:last-child > * { border: 0; font-weight: 600 }
.bar { display: inline-block; width: 8rem; height: .6rem; border-radius: 3px; background: var(--rest); overflow: hidden }
.bar i { display: block; height: 100%; background: var(--bar) }
.source { font: 13px/1.45 ui-monospace, monospace } .source td { padding: 0 .7rem; white-space: pre; tab-size: 2 }
.source td:nth-child(-n+2) { width: 1px; text-align: right; color: var(--quiet); user-select: none }
.hit { background: var(--hit) } .miss { background: var(--miss) }
@media (max-width: 40rem) { .files :is(th, td):nth-child(4) { display: none } }
]]

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text)
  if not utf8.len(text) then text = text:gsub("[\128-\255]", "?") end
  return (text:gsub('[&<>"]', ESCAPES):gsub("[%c]", function(c) return c == "\t" and c or "" end))
end

local function write_row(file, name)
  local all = file.hits + file.missed
  local bar = ("<span class=bar><i style=\"width:%.1f%%\"></i></span>"):format(all > 0 and 100 * file.hits / all or 0)
  out:write(("<tr><td>%s</td><td>%d</td><td>%d</td><td>%s</td><td>%s</td></tr>\n"):format(
    name, file.hits, file.missed, bar, total.share(file)))
end

out:write("<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<meta name=viewport content=\"width=device-width\">\n",
  "<title>Coverage ", total.share(total), "</title>\n<style>\n", STYLE, "</style>\n<h1>Coverage ", total.share(total), "</h1>\n",
  "<div class=scroll><table class=files>\n<tr><th>File</th><th>Hits</th><th>Missed</th><th></th><th>Coverage</th></tr>\n")
for n, file in ipairs(files) do write_row(file, ("<a href=\"#file-%d\">%s</a>"):format(n, escape(file.path))) end
write_row(total, total.path)
out:write "</table></div>\n"

for n, file in ipairs(files) do
  out:write(("<h2 id=file-%d>%s <span>%s</span></h2>\n"):format(n, escape(file.path), total.share(file)),
    "<div class=scroll><table class=source>\n")
  for number, line in ipairs(file.lines) do
    out:write(("<tr%s><td>%d</td><td>%s</td><td>%s</td></tr>\n"):format(
      line.count == nil and "" or line.count > 0 and " class=hit" or " class=miss", number, line.count or "", escape(line.text)))
  end
  out:write "</table></div>\n"
end
