-- wasm.lua - reads WebAssembly binaries for programs of the build (parts.lua, own_strings.lua): numbers and sections. It does not
-- know what is in a section. Never shipped.
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

return wasm
