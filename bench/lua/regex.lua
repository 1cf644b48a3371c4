-- regex: rex_pcre2 over the lines of a log. (Natively the package lua-rex-pcre2, which has no JIT in use either.)
local rex = require "rex_pcre2"

local line = rex.new [=[^(\S+) \S+ \S+ \[([^\]]+)\] "(GET|POST|PUT) ([^ "]+)(?: HTTP/[\d.]+)?" (\d{3}) (\d+|-)$]=]

local function text_of(count)
  local out = {}
  for i = 1, count do
    out[i] = ('10.0.%d.%d - - [30/Nov/2026:07:%02d:00 +0000] "GET /a/%d?q=%x HTTP/1.1" %d %d')
      :format(i % 200, i % 250, i % 60, i, i * 7, i % 9 == 0 and 404 or 200, i * 13)
  end
  return table.concat(out, "\n")
end

local function run(count)
  local text, bytes, missing = text_of(count), 0, 0
  for part in rex.split(text, "\n") do
    local _, _, _, _, status, size = line:match(part)
    if status == "404" then missing = missing + 1 end
    bytes = bytes + tonumber(size)
  end
  local masked, count_of = rex.gsub(text, [[\b(\d+)\.(\d+)\.\d+\.\d+\b]], "%1.%2.x.x")
  return ("%d %d %d %d"):format(bytes, missing, #masked, count_of)
end

return { run = run, n = 4000, small = 50 }
