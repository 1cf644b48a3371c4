-- wasm.lua - reads and writes WebAssembly binaries for programs of the build (parts.lua, own_strings.lua, export_table.lua): numbers
-- and sections. It does not know what is in a section. Never shipped.
local wasm = {}

--- The content of a file.
function wasm.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

--- The unsigned LEB128 number at a place (Spec 5.2.2), and the place after it.
function wasm.leb(bytes, at)
  local value, shift = 0, 0
  repeat
    local b = bytes:byte(at)
    value, shift, at = value | (b & 0x7F) << shift, shift + 7, at + 1
  until b < 0x80
  return value, at
end

--- A number as unsigned LEB128.
function wasm.leb_of(n)
  local bytes = ""
  repeat
    local b = n & 0x7F
    n = n >> 7
    bytes = bytes .. string.char(n > 0 and b | 0x80 or b)
  until n == 0
  return bytes
end

--- The sections of a module or object file as a list of { id, place of the payload, place after it }.
function wasm.sections(bytes)
  local list, at = {}, 9
  while at <= #bytes do
    local size, payload = wasm.leb(bytes, at + 1)
    list[#list + 1] = { bytes:byte(at), payload, payload + size }
    at = payload + size
  end
  return list
end

--- Writes a module to `path` with other payloads, by section's id, for some of its sections.
function wasm.write(path, bytes, sections, payloads)
  local file <close> = assert(io.open(path, "wb"))
  file:write(bytes:sub(1, 8))
  for _, section in ipairs(sections) do
    local id, from, stop = table.unpack(section)
    local payload = payloads[id] or bytes:sub(from, stop - 1)
    file:write(string.char(id), wasm.leb_of(#payload), payload)
  end
end

return wasm
