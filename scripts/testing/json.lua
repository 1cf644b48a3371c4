-- json.lua - a value of native Lua as JSON, for what a spec sends. Reading is edge/lua/lua_json.c.
--
-- A table with 1 to n alone is an array, an empty one an object; null is what edge.null is. Keys are sorted. It raises,
-- without a place, for what JSON cannot say. Bytes of strings that are not UTF-8 stay as they are: a spec may send them.
local DEEPEST = 100 -- tables in tables: a table that has itself would not end

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ESCAPES[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local encode

local function encode_table(value, depth)
  if depth > DEEPEST then error("JSON cannot say tables that are nested this deeply", 0) end
  local parts, count = {}, 0
  for _ in pairs(value) do count = count + 1 end
  if count > 0 and #value == count then
    for n, item in ipairs(value) do parts[n] = encode(item, depth + 1) end
    if #parts == count then return "[" .. table.concat(parts, ",") .. "]" end
  end
  local names = {}
  for name in pairs(value) do
    if type(name) ~= "string" then error("JSON cannot say a table with other keys than names, or 1 to n", 0) end
    names[#names + 1] = name
  end
  table.sort(names)
  for n, name in ipairs(names) do parts[n] = quote(name) .. ":" .. encode(value[name], depth + 1) end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value, depth)
  local kind = type(value)
  if kind == "string" then return quote(value) end
  if kind == "boolean" then return tostring(value) end
  if kind == "table" then return encode_table(value, depth) end
  if kind == "userdata" then return "null" end
  if kind == "number" then
    if math.type(value) == "integer" then return ("%d"):format(value) end
    if value ~= value or value == math.huge or value == -math.huge then error("JSON cannot say the number " .. value, 0) end
    return (("%.17g"):format(value))
  end
  error("JSON cannot say a " .. kind, 0)
end

return function(value) return encode(value, 0) end
