-- deflate: 1 MiB of JSON into gzip's format. (Natively the package lua-zlib.)
local zlib = require "zlib"

local function text_of(size)
  local out, at, n = {}, 0, 0
  while at < size do
    n = n + 1
    out[n] = ('{"id": %d, "name": "item %x", "price": %.2f, "tags": ["a%d", "bb", "ccc"], "more": {"ok": %s, "no": [1, 2, %d]}},\n')
      :format(n, n * 2654435761 & 0xffffffff, n * 7919 % 10007 / 7, n % 37, n % 3 == 0, n * 31 % 977)
    at = at + #out[n]
  end
  return table.concat(out):sub(1, size)
end

local text = text_of(1 << 20)

local function run(size) return #zlib.deflate(6, 31)(text:sub(1, size), "finish") end

return { run = run, n = 1 << 20, small = 1 << 14 }
