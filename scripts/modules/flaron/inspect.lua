-- flaron.inspect: a value as text, for logs and for looking at. What Lua can say is written as Lua that reads back the same;
-- what it cannot stands in < >, which no Lua is.
--
-- It calls no metamethod and changes nothing. What it does not do: it tells no addresses, which differ from run to run, and
-- nothing of what functions and coroutines have inside.
local argument = require "flaron.internal.argument"
local json = require "flaron".json

--- Values as text.
---@class flaron.inspect
local inspect = {}

---@class flaron.inspect.Options
---@field indent? string what a level is indented by; `""` writes one line; default: two spaces
---@field depth? integer tables within tables that are written, the outermost is 1; default 8
---@field items? integer fields of a table that are written; default 200
---@field bytes? integer bytes of a string that are written; default 1000
---@field length? integer bytes of the whole, after which it is cut; default 100000
---@field metatables? boolean whether metatables are written; default `true`

local TYPES = { indent = "string", depth = "integer", items = "integer", bytes = "integer", length = "integer", metatables = "boolean" }
local DEFAULTS = { indent = "  ", depth = 8, items = 200, bytes = 1000, length = 100000, metatables = true }
-- As deep as the writer does not run out of stack.
local MOST = { depth = 100, items = math.maxinteger, bytes = math.maxinteger, length = math.maxinteger }

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until
  while]]):gmatch "%l+" do KEYWORDS[word] = true end

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function to_hex(c) return ("\\x%02X"):format(c:byte()) end

-- Text between quotes: UTF-8 as it is, but control characters and what is no UTF-8 as numbers.
local function escape(text)
  local out, at = {}, 1
  while at <= #text do
    local _, wrong = utf8.len(text, at)
    local good = text:sub(at, (wrong or #text + 1) - 1)
    out[#out + 1] = good:gsub('[%c"\\]', function(c) return ESCAPES[c] or to_hex(c) end)
      :gsub("\xC2[\x80-\x9F]", function(c) return to_hex(c:sub(1, 1)) .. to_hex(c:sub(2)) end)
    if not wrong then break end
    out[#out + 1] = to_hex(text:sub(wrong, wrong))
    at = wrong + 1
  end
  return table.concat(out)
end

-- Where a text of more than `most` bytes is cut: not within a character.
local function cut_at(text, most)
  for at = most, math.max(0, most - 3), -1 do
    if text:byte(at + 1) & 0xC0 ~= 0x80 then return at end
  end
  return most
end

local function write_number(value)
  if value ~= value then return "0/0" end
  if value == math.huge then return "math.huge" end
  if value == -math.huge then return "-math.huge" end
  if value == math.mininteger and math.type(value) == "integer" then return "math.mininteger" end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  local text = ("%.14g"):format(value)
  if tonumber(text) ~= value then text = ("%.17g"):format(value) end
  return text:find "[.eE]" and text or text .. ".0"
end

-- What is written so far: pieces and bytes; the tables that are; how values in < > are called, and how many of a type are.
local function new_writer(options)
  local names = { [json.null] = "json.null", [json.empty_array] = "json.empty_array" }
  local writer = { out = {}, size = 0, seen = {}, names = names, counts = {} }
  for name, default in pairs(DEFAULTS) do
    if options[name] ~= nil then writer[name] = options[name] else writer[name] = default end
  end
  return writer
end

-- Adds a piece; false when the whole is long enough.
local function add(writer, text)
  if writer.size > writer.length then return false end
  writer.out[#writer.out + 1] = text
  writer.size = writer.size + #text
  return writer.size <= writer.length
end

-- How a value is called in < >: "table 1".
local function name_of(writer, value)
  local kind = type(value)
  if not writer.names[value] then
    writer.counts[kind] = (writer.counts[kind] or 0) + 1
    writer.names[value] = ("%s %d"):format(kind, writer.counts[kind])
  end
  return writer.names[value]
end

local ORDER = { number = 1, string = 2, boolean = 3 }
local OTHERS = { "table", "function", "userdata", "thread" }

local function key_before(a, b)
  local one, two = ORDER[type(a)], ORDER[type(b)]
  if one ~= two then return one < two end
  if one == 3 then return a and not b end
  return a < b
end

-- How many values stand in a row from 1, and the other keys: numbers, strings and booleans in order, then the rest by type.
local function read_keys(value)
  local count, keys, others = 0, {}, { table = {}, ["function"] = {}, userdata = {}, thread = {} }
  while rawget(value, count + 1) ~= nil do count = count + 1 end
  for key in next, value do
    local in_row = math.type(key) == "integer" and key >= 1 and key <= count
    local list = others[type(key)] or keys
    if not in_row then list[#list + 1] = key end
  end
  table.sort(keys, key_before)
  for _, kind in ipairs(OTHERS) do table.move(others[kind], 1, #others[kind], #keys + 1, keys) end
  return count, keys
end

-- The metatable, or what its field __metatable shows instead.
local function metatable_of(writer, value)
  return writer.metatables and getmetatable(value) or nil
end

-- Which tables are met more than once, so that the first place can be named: a walk over each table once.
local function find_shared(writer, root)
  local shared, seen, stack = {}, { [root] = true }, { root }
  local function meet(value)
    if type(value) ~= "table" then return end
    if seen[value] then shared[value] = true return end
    seen[value] = true
    stack[#stack + 1] = value
  end
  while #stack > 0 do
    local value = table.remove(stack)
    for key, field in next, value do
      meet(key)
      meet(field)
    end
    meet(metatable_of(writer, value))
  end
  return shared
end

local write

local function write_string(writer, value)
  local rest = #value - writer.bytes
  if rest <= 0 then return add(writer, '"' .. escape(value) .. '"') end
  local at = cut_at(value, writer.bytes)
  return add(writer, ('"%s"<%d more bytes>'):format(escape(value:sub(1, at)), #value - at))
end

local function write_key(writer, key, depth)
  if type(key) == "string" and #key <= writer.bytes and key:find "^[%a_][%w_]*$" and not KEYWORDS[key] then
    return add(writer, key .. " = ")
  end
  return add(writer, "[") and write(writer, key, depth) and add(writer, "] = ")
end

-- Writes the fields of a table, each by `item`, which adds what stands between them.
local function write_fields(writer, value, depth, item)
  local count, keys = read_keys(value)
  for i = 1, math.min(count, writer.items) do
    if not (item() and write(writer, rawget(value, i), depth)) then return false end
  end
  for i = 1, math.min(#keys, writer.items - count) do
    if not (item() and write_key(writer, keys[i], depth) and write(writer, rawget(value, keys[i]), depth)) then return false end
  end
  local more = count + #keys - writer.items
  if more > 0 and not (item() and add(writer, ("<%d more>"):format(more))) then return false end
  local meta = metatable_of(writer, value)
  return meta == nil or item() and add(writer, "<metatable> = ") and write(writer, meta, depth)
end

local function write_table(writer, value, depth)
  if writer.seen[value] then return add(writer, "<" .. name_of(writer, value) .. ">") end
  if depth > writer.depth then
    return add(writer, next(value) == nil and metatable_of(writer, value) == nil and "{}" or "<table>")
  end
  writer.seen[value] = true
  local front = writer.shared[value] and ("<%s>"):format(name_of(writer, value)) or ""
  local one_line, first = writer.indent == "", true
  local function item()
    local before = first and (one_line and "{ " or "{\n") or one_line and ", " or ",\n"
    first = false
    return add(writer, before) and (one_line or add(writer, writer.indent:rep(depth)))
  end
  if not (add(writer, front) and write_fields(writer, value, depth + 1, item)) then return false end
  if first then return add(writer, "{}") end
  return add(writer, one_line and " }" or ",\n" .. writer.indent:rep(depth - 1) .. "}")
end

function write(writer, value, depth)
  local kind = type(value)
  if kind == "string" then return write_string(writer, value) end
  if kind == "number" then return add(writer, write_number(value)) end
  if kind == "nil" or kind == "boolean" then return add(writer, tostring(value)) end
  if kind == "table" then return write_table(writer, value, depth) end
  return add(writer, "<" .. name_of(writer, value) .. ">")
end

-- The option that is out of range, and how; nil if none is.
local function fault_of(options)
  for name, most in pairs(MOST) do
    local number = options[name]
    if number and (number < 0 or number > most) then return name, ("%d is not from 0 to %d"):format(number, most) end
  end
end

--- A value as text: Lua where Lua can say it, with the keys of tables in order. A table that comes twice, as in a cycle, is numbered where it comes first, `<table 1>{`, and is `<table 1>` from then on; functions and the like are `<function 1>`. What is left out for a limit is told: `<table>`, `<3 more>`, `<200 more bytes>`, `<cut>`.
---
--- Raises: for an option that is unknown, of a wrong type or out of range.
---@param value any what to write.
---@param options? flaron.inspect.Options how, and how much.
---@return string text without a line feed at its end.
function inspect.text(value, options)
  if rawequal(value, inspect) then error("call it inspect.text(...), with a dot", 2) end
  argument.optional(options, 2, "inspect.text", "table")
  options = options or {}
  argument.options(options, "inspect.text", TYPES, fault_of)
  local writer = new_writer(options)
  writer.shared = type(value) == "table" and find_shared(writer, value) or {}
  local whole = write(writer, value, 1)
  local text = table.concat(writer.out)
  return whole and text or text:sub(1, cut_at(text, writer.length)) .. "<cut>"
end

return inspect
