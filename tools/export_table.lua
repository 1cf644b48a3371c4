-- export_table.lua - exports the only table of a module as "table" and lets it grow, so that JavaScript can add functions to it.
--
--   lua5.4 tools/export_table.lua IN.wasm OUT.wasm
package.path = "tools/?.lua;" .. package.path
local wasm = require "wasm"

local TABLE, EXPORT = 4, 7
local leb, leb_of = wasm.leb, wasm.leb_of

local rewrite = {
  [TABLE] = function(body)
    local count, at = leb(body, 1)
    local kind = body:sub(at, at)
    local least = leb(body, at + 2)
    assert(count == 1, "it has not one table")
    return leb_of(1) .. kind .. leb_of(0) .. leb_of(least)
  end,
  [EXPORT] = function(body)
    local count, at = leb(body, 1)
    return leb_of(count + 1) .. body:sub(at) .. leb_of(5) .. "table" .. leb_of(1) .. leb_of(0)
  end,
}

local module = wasm.read(arg[1])
local sections, payloads = wasm.sections(module), {}
for _, section in ipairs(sections) do
  local id, from, stop = table.unpack(section)
  if rewrite[id] then payloads[id] = rewrite[id](module:sub(from, stop - 1)) end
end
wasm.write(arg[2], module, sections, payloads)
