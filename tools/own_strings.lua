-- own_strings.lua - marks the strings of an object file as ones that the linker does not merge with those of other files, so
-- that they lie together and can be left out together (tools/parts.lua). It is a program of the build and never shipped.
--
--   own_strings.lua OBJECT.o

package.path = "tools/?.lua;" .. package.path
local wasm = require "wasm"
local leb = wasm.leb

local STRINGS = 1 -- WASM_SEG_FLAG_STRINGS, "Linking" in WebAssembly's tool conventions

-- The places of the flags of all data segments in the section "linking", whose body is from `at` to before `stop`.
local function flags_in(bytes, at, stop)
  local places, n = {}
  n, at = leb(bytes, at)
  assert(n == 2, "the section 'linking' has another version")
  while at < stop do
    local kind, size, payload = bytes:byte(at), leb(bytes, at + 1)
    at = payload
    if kind == 5 then -- segment info: name, alignment, flags
      local place = at
      n, place = leb(bytes, place)
      for _ = 1, n do
        local length, name = leb(bytes, place)
        place = select(2, leb(bytes, name + length)) -- after the alignment
        places[#places + 1] = place
        place = select(2, leb(bytes, place))
      end
    end
    at = at + size
  end
  return places
end

local path = arg[1]
local bytes, places = wasm.read(path), {}
for _, section in ipairs(wasm.sections(bytes)) do
  local id, at, stop = table.unpack(section)
  if id == 0 then
    local length, name = leb(bytes, at)
    if bytes:sub(name, name + length - 1) == "linking" then places = flags_in(bytes, name + length, stop) end
  end
end

local file <close> = assert(io.open(path, "r+b"))
for _, place in ipairs(places) do
  file:seek("set", place - 1)
  file:write(string.char(bytes:byte(place) & ~STRINGS))
end
