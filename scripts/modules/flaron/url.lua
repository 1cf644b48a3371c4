-- flaron.url: parses and builds URLs: RFC 3986 and the queries of HTML forms. Needs no host.
--
-- Text that browsers read differently from RFC 3986 (the WHATWG's URL standard: a backslash is a slash, `https:x` has a
-- host, 0x7f.1 is 127.0.0.1) is not a URL here, so a parsed host is the one that a request goes to. It does not resolve
-- ".." or relative URLs, and does not support international host names.

local address = require "flaron.internal.address"
local argument = require "flaron.internal.argument"

--- URLs, their queries, and the encoding of both.
---@class flaron.url
local url = {}

---@class flaron.url.Parts
---@field scheme? string in lower case, such as `"https"`
---@field userinfo? string what stands before `@`, as it is written
---@field host? string in lower case, `%XX` decoded; an IPv6 address keeps its brackets and is written in its shortest form
---@field port? integer only when the URL names one
---@field path string as it is written; `"/"` when a URL with a host has none
---@field query? string what follows `?`, as it is written
---@field fragment? string what follows `#`, as it is written

local function to_byte(hex)
  return string.char(tonumber(hex, 16))
end

local function to_hex(byte)
  return ("%%%02X"):format(byte:byte())
end

--- Decodes `%XX`. A `+` stays one: it is a space only in queries and forms.
---@param text string encoded text, such as a segment of a path.
---@return string bytes what was encoded; a `%` that no two hexadecimal digits follow stays as it is.
function url.decode(text)
  argument.check(text, 1, "url.decode", "string")
  return (text:gsub("%%(%x%x)", to_byte))
end

--- Encodes bytes for any part of a URL: all that JavaScript's `encodeURIComponent` encodes, and `!*'()`.
---@param bytes string any bytes.
---@return string text with `%XX` for all but letters, digits and `-._~`.
function url.encode(bytes)
  if type(bytes) ~= "number" then argument.check(bytes, 1, "url.encode", "string") end
  return (tostring(bytes):gsub("[^%w%-._~]", to_hex))
end

local function decode_field(text)
  if not text:find "[%%+]" then return text end
  return url.decode((text:gsub("%+", " ")))
end

--- Reads a query, or a form that was sent as `application/x-www-form-urlencoded`. A field without `=` is `""`.
---@param text string? such as `"a=1&b=2"`; `nil` gives no fields.
---@return table<string, string> fields from names to values, decoded. Of fields with the same name the first counts.
---@return string[][] all all fields in order, each `{ name, value }`.
function url.query(text)
  argument.optional(text, 1, "url.query", "string")
  local fields, all = {}, {}
  for pair in (text or ""):gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    name, value = decode_field(name), decode_field(value)
    if fields[name] == nil then fields[name] = value end
    all[#all + 1] = { name, value }
  end
  return fields, all
end

-- Schemes whose URLs always have a host (RFC 9110, 4.2), so that browsers take `https:x` and `https:/x` for https://x.
local HAVE_HOST = { http = true, https = true, ws = true, wss = true, ftp = true }

-- The characters not allowed in a part: all but those of RFC 3986 and those that browsers leave unchanged there. Of the
-- latter, `[ ] | { } ^` and the backtick never end a part.
local WRONG = {
  userinfo = "[^%w%-._~%%!$&'()*+,;=:@]",
  path = "[^%w%-._~%%!$&'()*+,;=:@/%[%]|]",
  query = "[^%w%-._~%%!$&'()*+,;=:@/?%[%]|{}^`]",
  fragment = "[^%w%-._~%%!$&'()*+,;=:@/?%[%]|{}^#]",
}

-- Whether a part is valid: no wrong character, and two hexadecimal digits after each `%`.
local function is_part(name, text)
  return not text or not (text:find(WRONG[name]) or text:find "%%%X" or text:find "%%%x%X" or text:find "%%%x?$")
end

-- A host in the form that browsers use; nil if it is not valid, or if browsers take it for another one: a number is an
-- address.
local function read_host(text)
  local inside = text:match "^%[([%x:.]+)%]$"
  if inside then return address.read_ipv6(inside) end
  local host = text:gsub("%%(%x%x)", to_byte):lower()
  if host == "" or host:find "[^%w%-._~!$&'()*+,;=]" then return nil end
  local last = host:match "([^.]*)%.?$"
  if (last:find "^%d+$" or last:find "^0x%x*$") and not address.read_ipv4(host) then return nil end
  return host
end

-- A port as a number; nil if it is not valid.
local function read_port(text)
  local port = text:find "^%d+$" and tonumber(text)
  return port and port <= 65535 and math.tointeger(port) or nil
end

-- Parses the part between "//" and the path; true on success.
local function read_authority(parts, text)
  local userinfo, behind = text:match "^(.*)@([^@]*)$"
  local host, port = (behind or text):match "^(%[[^%]]*%])(.*)$"
  if not host then host, port = (behind or text):match "^([^:]*)(.*)$" end
  parts.userinfo, parts.host = userinfo, read_host(host)
  parts.port = read_port(port:match "^:(%d+)$" or "")
  return (parts.port or port == "" or port == ":") and parts.host and is_part("userinfo", userinfo)
end

--- Takes a URL apart. Nothing is decoded but the host.
---
--- Raises: for an argument that is not a string.
---@param text string a URL, or only a part of one from the path on.
---@return flaron.url.Parts|nil parts `scheme`, `userinfo`, `host`, `port` (integer), `path`, `query` and `fragment`; those that are not in the URL are `nil`, but `path` is always a string.
---@return string? message `"not a URL"`: docs/url.md says what is none.
function url.parse(text)
  argument.check(text, 1, "url.parse", "string")
  local parts = {}
  if text:find '[\0-\32\127-\255\\"<>]' then return nil, "not a URL" end
  local rest, fragment = text:match "^([^#]*)#?(.*)$"
  if #rest < #text then parts.fragment = fragment end
  local before, query = rest:match "^([^?]*)%??(.*)$"
  if #before < #rest then parts.query = query end
  local scheme, behind = before:match "^(%a[%w+.-]*):(.*)$"
  if scheme then parts.scheme, before = scheme:lower(), behind end
  local authority, path = before:match "^//([^/]*)(.*)$"
  if authority then
    if not read_authority(parts, authority) then return nil, "not a URL" end
    before = path == "" and "/" or path
  elseif HAVE_HOST[parts.scheme] then return nil, "not a URL" end
  parts.path = before
  if not (is_part("path", before) and is_part("query", parts.query) and is_part("fragment", parts.fragment)) then
    return nil, "not a URL"
  end
  return parts
end

-- The names of a table in a fixed order.
local function sorted_names(fields)
  local names = {}
  for name in pairs(fields) do
    if type(name) ~= "string" then error("a name in the query is a " .. type(name) .. ", not a string", 4) end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- A query from a table, in which a value may be a list.
local function build_query(fields)
  local pairs_of = {}
  for _, name in ipairs(sorted_names(fields)) do
    local value = fields[name]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      pairs_of[#pairs_of + 1] = url.encode(name) .. "=" .. url.encode(tostring(one))
    end
  end
  return table.concat(pairs_of, "&")
end

-- A part with all characters encoded that are not allowed in it; a `%` with two hexadecimal digits after it is kept.
local function clean(text, allowed)
  text = text:gsub("%%(%x?%x?)", function(hex) return #hex < 2 and "%25" .. hex or nil end)
  return (text:gsub("[^%w%-._~%%!$&'()*+,;=:" .. allowed .. "]", to_hex))
end

-- The text of the parts before the path. Parts that may be read differently from what is meant are an error.
local function build_front(parts)
  local function text_of(name, read)
    local value = parts[name] and tostring(parts[name])
    if value and not read(value) then error(("%s: not a %s"):format(name, name), 4) end
    return value
  end
  local scheme = text_of("scheme", function(text) return text:find "^%a[%w+.-]*$" end)
  local host, port = text_of("host", read_host), text_of("port", read_port)
  local front = scheme and scheme .. ":" or ""
  if host then
    local userinfo = parts.userinfo and clean(parts.userinfo, "") .. "@" or ""
    return front .. "//" .. userinfo .. host .. (port and ":" .. read_port(port) or ""), scheme
  end
  local stray = parts.userinfo and "userinfo" or port and "port"
  if stray then error(stray .. ": there is no host", 3) end
  return front, scheme
end

--- Puts a URL together, one that `url.parse` takes apart into the same parts.
---
--- Raises: for a part that cannot be written (`host: not a host`, `scheme: not a scheme`, `port: not a port`), for `userinfo` and `port` without a host, for `http` and its like without one, and for a path that would be read as a host (`//x`) or a scheme (`x:`) where there is none.
---@param parts flaron.url.Parts|table as `url.parse` returns them. `query` may be a table from names to values, or to lists of values, which are encoded; names are sorted.
---@return string text the URL. In `userinfo`, `path`, `query` and `fragment` what may not stand there is encoded; a `%` is kept where two hexadecimal digits follow.
function url.build(parts)
  argument.check(parts, 1, "url.build", "table")
  local front, scheme = build_front(parts)
  local path = parts.path or ""
  if parts.host then
    if path:sub(1, 1) ~= "/" then path = "/" .. path end
  elseif path:find "^//" then
    error("path: it begins with '//', and there is no host", 2)
  elseif not scheme and path:find "^%a[%w+.-]*:" then
    error("path: it begins with what is read as a scheme", 2)
  elseif scheme and HAVE_HOST[scheme:lower()] then
    error(("host: a URL of %s has one"):format(scheme:lower()), 2)
  end
  local out = { front, clean(path, "@/") }
  local query = parts.query
  if type(query) == "table" then query = build_query(query) end
  if query and (query ~= "" or type(parts.query) == "string") then out[#out + 1] = "?" .. clean(query, "@/?") end
  if parts.fragment then out[#out + 1] = "#" .. clean(parts.fragment, "@/?") end
  return table.concat(out)
end

return url
