-- stdlib.lua - writes docs/stdlib.md, the table of the standard library, from tests/support/stdlib.lua. `make docs` calls it.
--
--   lua5.4 tools/stdlib.lua >docs/stdlib.md
local sections = dofile "tests/support/stdlib.lua"

local words = { works = "works", differs = "differs", starts = "differs", logs = "differs", ends = "differs" }
local counts, lines = { works = 0, differs = 0 }, {}

for _, section in ipairs(sections) do
  lines[#lines + 1] = ("\n## %s\n\n| name | in a flare | what to know |\n| --- | --- | --- |"):format(section.title)
  for _, entry in ipairs(section) do
    local word = words[entry.status]
    counts[word] = counts[word] + 1
    lines[#lines + 1] = ("| `%s` | %s | %s |"):format(entry.name, word == "works" and word or "**" .. word .. "**",
      entry.note or "")
  end
end

io.write(([[
# The standard library

What of Lua 5.4's standard library a flare has. %d names work as the
[reference manual](https://www.lua.org/manual/5.4/) says, %d differ, none is absent. What
needs files or processes answers as on a machine that refuses. The language itself is all there.

This page is made by `tools/stdlib.lua` from `tests/support/stdlib.lua`. Each line of it has a piece of Lua there, which
`tests/flare/stdlib_table_spec.lua` runs in a flare and in Debian's `lua5.4`: what works gives the same in both, what
differs does not.
]]):format(counts.works, counts.differs), table.concat(lines, "\n"), "\n")
