-- json: a decoder and an encoder in Lua. (flaron.json is C; plain lua5.4 has none to compare it with.)
local decode_value

local function skip(text, at) return text:find("%S", at) or #text + 1 end

local function decode_string(text, at)
  local close = text:find('"', at + 1, true)
  return text:sub(at + 1, close - 1), close + 1
end

local function decode_list(text, at)
  local list = {}
  at = skip(text, at + 1)
  while text:byte(at) ~= 93 do
    list[#list + 1], at = decode_value(text, at)
    at = skip(text, at)
    if text:byte(at) == 44 then at = skip(text, at + 1) end
  end
  return list, at + 1
end

local function decode_object(text, at)
  local object = {}
  at = skip(text, at + 1)
  while text:byte(at) ~= 125 do
    local key, behind = decode_string(text, at)
    at = skip(text, skip(text, behind) + 1)
    object[key], at = decode_value(text, at)
    at = skip(text, at)
    if text:byte(at) == 44 then at = skip(text, at + 1) end
  end
  return object, at + 1
end

function decode_value(text, at)
  local byte = text:byte(at)
  if byte == 123 then return decode_object(text, at) end
  if byte == 91 then return decode_list(text, at) end
  if byte == 34 then return decode_string(text, at) end
  if byte == 116 then return true, at + 4 end
  if byte == 102 then return false, at + 5 end
  local first, last = text:find("^[-%d.eE+]+", at)
  return tonumber(text:sub(first, last)), last + 1
end

local function encode(value, out)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = '"' .. value .. '"'
  elseif kind ~= "table" then
    out[#out + 1] = tostring(value)
  elseif #value > 0 then
    for i, item in ipairs(value) do
      out[#out + 1] = i == 1 and "[" or ","
      encode(item, out)
    end
    out[#out + 1] = "]"
  else
    local keys = {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys)
    for i, key in ipairs(keys) do
      out[#out + 1] = (i == 1 and "{" or ",") .. '"' .. key .. '":'
      encode(value[key], out)
    end
    out[#out + 1] = "}"
  end
end

local function run(n)
  local items = {}
  for i = 1, 30 do
    items[i] = ('{"id": %d, "name": "item %d", "price": %.2f, "tags": ["a", "b"], "sold": %s}'):format(i, i, i * 1.25, i % 2 == 0)
  end
  local text, size = '{"items": [' .. table.concat(items, ", ") .. '], "next": 31}', 0
  for _ = 1, n do
    local out = {}
    encode(decode_value(text, 1), out)
    size = size + #table.concat(out)
  end
  return size
end

return { n = 400, small = 2, run = run }
