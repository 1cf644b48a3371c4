-- parts.lua - group 5 of the benchmarks: programs that use optional parts, beside the native libraries of Debian's packages, in
-- turn as in group 1 (programs.lua).
local common = require "bench.common"
local programs = require "bench.programs"

local parts = {}

--- Measures; returns a section of the document (report.lua).
function parts.run()
  local contestants, rows, notes = { "lua5.4", "local edge", "V8" }, {}, {}
  for _, program in ipairs(programs.of_parts) do
    local name, package_name = program[1], program[2]
    common.progress("%s", name)
    local done, list = pcall(programs.measure, name, true)
    if not done then
      notes[#notes + 1] = ("%s: not measured; is %s installed? %s."):format(name, package_name, (tostring(list):match "^[^\n]*"))
      list = {}
    end
    local row = { name, list[1] and ("%.1f"):format(list[1].best) or "" }
    for i = 2, #contestants do
      row[#row + 1] = common.short(list[i] and list[i].ratio)
      if list[i] and list[i].failure then notes[#notes + 1] = ("%s, %s: %s."):format(contestants[i], name, list[i].failure) end
    end
    rows[#rows + 1] = row
  end
  return {
    title = "Optional parts",
    text = [[
Programs that spend their time in libraries in C: `lpeg`, a JSON grammar on 1 MiB, beside Debian's `lua-lpeg`; `regex`,
`rex_pcre2` over a log, beside `lua-rex-pcre2`; `inflate` and `deflate`, `zlib` on 1 MiB of JSON, out of gzip's format ten times and
into it once, beside `lua-zlib`; `sha256` of 1 MiB ten times, 200 signatures `rs256` (2048 bits) and 100 `es256`, `flaron.digest`
beside OpenSSL (`lua-luaossl`), which may not use the processor's SHA instructions. Units are those of the first group.]],
    tables = { { columns = { "program", "lua5.4, ms", "local edge", "V8" }, rows = rows } },
    charts = {},
    notes = notes,
  }
end

return parts
