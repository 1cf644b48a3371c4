-- export_table.lua - exports the only table of a module as "table" and lets it grow, so that JavaScript can add functions to it.
--
--   lua5.4 tools/export_table.lua IN.wasm OUT.wasm
package.path = "tools/?.lua;" .. package.path
local wasm = require "wasm"

local TABLE, EXPORT = 4, 7

--- A number as unsigned LEB128.
local function leb(value)
  local bytes = ""
  repeat
    local low = value & 0x7F
    value = value >> 7
    bytes = bytes .. string.char(value > 0 and low | 0x80 or low)
  until value == 0
  return bytes
end

local rewrite = {
  [TABLE] = function(body)
    local count, at = wasm.leb(body, 1)
    local kind = body:sub(at, at)
    local least = wasm.leb(body, at + 2)
    assert(count == 1, "it has not one table")
    return leb(1) .. kind .. leb(0) .. leb(least)
  end,
  [EXPORT] = function(body)
    local count, at = wasm.leb(body, 1)
    return leb(count + 1) .. body:sub(at) .. leb(5) .. "table" .. leb(1) .. leb(0)
  end,
}

local module = wasm.read(arg[1])
local out = { module:sub(1, 8) }
for _, section in ipairs(wasm.sections(module)) do
  local body = module:sub(section[2], section[3] - 1)
  if rewrite[section[1]] then body = rewrite[section[1]](body) end
  out[#out + 1] = string.char(section[1]) .. leb(#body) .. body
end
local file <close> = assert(io.open(arg[2], "wb"))
file:write(table.concat(out))
