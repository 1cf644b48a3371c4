-- flaron.internal.openresty.text: what ngx does with texts: escaping, arguments of URLs, base64, digests, quoting. But for base64, and
-- digests without flaron.digest, it needs no host.
local flaron = require "flaron"

local function check(value, name)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" or kind == "nil" or kind == "boolean" then return value == nil and "" or tostring(value) end
  error(("bad argument #1 to '%s' (string expected, got %s)"):format(name, kind), 3)
end

local function to_hex(byte) return ("%%%02X"):format(byte:byte()) end

-- Text with the bytes of a set encoded.
local function escape(text, set) return (text:gsub(set, to_hex)) end

local function to_byte(hex) return string.char(tonumber(hex, 16)) end

-- Which bytes stay as they are: of type 0 those of a URI, of type 2 those of a part of one.
local ESCAPED = { [0] = "[%z\1-\32\127-\255\"%%#?<>\\^`{|}]", [2] = "[^%w%-._~!'()*]" }

local function escape_uri(text, kind)
  text = check(text, "escape_uri")
  kind = kind or 2
  if not ESCAPED[kind] then error(('"type" %s is not 0 or 2'):format(tostring(kind)), 2) end
  return escape(text, ESCAPED[kind])
end

local function unescape(text, plus) return ((plus and text:gsub("%+", " ") or text):gsub("%%(%x%x)", to_byte)) end

local function unescape_uri(text) return unescape(check(text, "unescape_uri"), true) end

-- ---- arguments ----

local function add_pair(out, key, value, level)
  local kind = type(value)
  if value == true then
    out[#out + 1] = escape_uri(key)
  elseif kind == "string" or kind == "number" then
    out[#out + 1] = escape_uri(key) .. "=" .. escape_uri(tostring(value))
  elseif value ~= false and value ~= nil then
    error(("attempt to use %s as query arg value"):format(kind), level + 1)
  end
end

-- Names are sorted, so that the text is always the same; nginx has no order.
local function encode_args(args)
  if type(args) ~= "table" then error("bad argument #1 to 'encode_args' (table expected, got " .. type(args) .. ")", 2) end
  local names, out = {}, {}
  for name in pairs(args) do
    if type(name) ~= "string" then error("attempt to use a non-string key in the \"args\" option table", 2) end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = args[name]
    if type(value) == "table" then
      for _, one in ipairs(value) do add_pair(out, name, one, 2) end
    else
      add_pair(out, name, value, 2)
    end
  end
  return table.concat(out, "&")
end

-- A name that is there more than once has a list; one without "=" is true. "truncated" as a second result tells that there
-- were more than `most`, 100 by default; 0 is no limit.
local function decode_args(text, most)
  local fields, count = {}, 0
  most = most or 100
  for pair in check(text, "decode_args"):gmatch "[^&]+" do
    local name, sign, value = pair:match "^([^=]*)(=?)(.*)$"
    name, value = unescape(name, true), sign == "" or unescape(value, true)
    if name ~= "" then
      if most > 0 and count == most then return fields, "truncated" end
      count = count + 1
      local before = fields[name]
      if type(before) == "table" then
        before[#before + 1] = value
      else
        fields[name] = before ~= nil and { before, value } or value
      end
    end
  end
  return fields
end

-- ---- base64 ----

local function encode_base64(text, no_padding)
  local encoded = assert(flaron.encoding.base64_encode(check(text, "encode_base64")))
  return no_padding and encoded:gsub("=+$", "") or encoded
end

-- Padding may be missing, as in nginx.
local function decode_base64(text)
  if type(text) ~= "string" then error("string argument only", 2) end
  local plain = text:match "^([%w+/]*)=*$"
  if not plain or #plain % 4 == 1 then return nil end
  return (flaron.encoding.base64_decode(plain .. ("="):rep(-#plain % 4)))
end

-- ---- digests ----

-- The part `flaron.digest`; nil when the flare does not have it. Its name is not a constant here, so that only a flare that
-- names it in `modules` has it.
local function digests()
  local part = "flaron" .. ".digest"
  local there, module = pcall(require, part)
  return there and module or nil
end

-- Raises at `level`, as error has it.
local function need_part(name, level)
  error(("ngx.%s: add \"flaron.digest\" to `modules` in flare.lua"):format(name), level + 1)
end

-- The digest in hexadecimal. Without the part the host makes it, which takes text alone.
local function hex_of(name, algorithm, text)
  local digest = digests()
  if digest then return digest[algorithm](text, "hex") end
  if not utf8.len(text) then need_part(name, 3) end
  return assert(flaron.crypto.hash(algorithm, text))
end

local function raw(hex) return (hex:gsub("%x%x", to_byte)) end

local function md5(text)
  local hex = hex_of("md5", "md5", check(text, "md5"))
  return hex
end

local function md5_bin(text)
  local hex = hex_of("md5_bin", "md5", check(text, "md5_bin"))
  return raw(hex)
end

local function sha1_bin(text)
  local hex = hex_of("sha1_bin", "sha1", check(text, "sha1_bin"))
  return raw(hex)
end

local function hmac_sha1(key, text)
  local digest = digests() or need_part("hmac_sha1", 2)
  return digest.hmac("sha1", check(key, "hmac_sha1"), check(text, "hmac_sha1"))
end

local crc_table

-- CRC-32 of IEEE 802.3.
local function crc32(text)
  if not crc_table then
    crc_table = {}
    for n = 0, 255 do
      local value = n
      for _ = 1, 8 do value = value & 1 == 1 and value >> 1 ~ 0xEDB88320 or value >> 1 end
      crc_table[n] = value
    end
  end
  local crc = 0xFFFFFFFF
  for n = 1, #text do crc = crc >> 8 ~ crc_table[(crc ~ text:byte(n)) & 255] end
  return crc ~ 0xFFFFFFFF
end

local QUOTED = {
  ["\0"] = "\\0", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\b"] = "\\b", ["\26"] = "\\Z", ["\\"] = "\\\\", ["'"] = "\\'",
  ['"'] = '\\"',
}

local function quote_sql_str(text) return "'" .. check(text, "quote_sql_str"):gsub("[%z\n\r\t\b\26\\'\"]", QUOTED) .. "'" end

return {
  escape = escape, unescape = unescape,
  functions = {
    escape_uri = escape_uri, unescape_uri = unescape_uri, encode_args = encode_args, decode_args = decode_args,
    encode_base64 = encode_base64, decode_base64 = decode_base64, md5 = md5, md5_bin = md5_bin, sha1_bin = sha1_bin,
    hmac_sha1 = hmac_sha1, crc32_short = function(text) return crc32(check(text, "crc32_short")) end,
    crc32_long = function(text) return crc32(check(text, "crc32_long")) end, quote_sql_str = quote_sql_str,
  },
}
